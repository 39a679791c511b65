import { type Duration, durationFault, parseDuration } from '../base/duration.js';
import type { OutputTag } from '../functions/output-tag.js';
import type { AlignedWindow } from '../plan/logical-plan.js';

/** How records are assigned to windows. Durations are read where the window is used. */
export type WindowAssigner =
  | { readonly kind: 'tumbling'; readonly size: Duration; readonly offset: Duration }
  | {
      readonly kind: 'sliding';
      readonly size: Duration;
      readonly slide: Duration;
      readonly offset: Duration;
    };

/** How windows are used, whatever they are. */
export interface WindowOptions {
  readonly allowedLateness?: Duration;
  /** For rows as they are, or some of their fields. */
  readonly late?: OutputTag<any>;
}

/**
 * Windows of a fixed size that follow each other without gaps, aligned to 1970-01-01T00:00:00Z.
 *
 * @param size            above zero
 * @param options.offset  moves every boundary; between minus and plus `size`
 */
export function tumbling(size: Duration, options: { readonly offset?: Duration } = {}): WindowAssigner {
  return { kind: 'tumbling', size, offset: options.offset ?? '0ms' };
}

/**
 * Windows of a fixed size that begin every `slide`, aligned to 1970-01-01T00:00:00Z; a record is in `size / slide` of
 * them. What a record costs does not grow with that number.
 *
 * @param size            above zero
 * @param slide           above zero, at most `size`
 * @param options.offset  moves every boundary; between minus and plus `slide`
 */
export function sliding(
  size: Duration,
  slide: Duration,
  options: { readonly offset?: Duration } = {},
): WindowAssigner {
  return { kind: 'sliding', size, slide, offset: options.offset ?? '0ms' };
}

/** How it was written; whoever checks no types may have given anything. */
export function windowText(window: WindowAssigner): string {
  const slide = window?.kind === 'sliding' ? `, '${window.slide}'` : '';
  return `${window?.kind ?? 'tumbling'}('${window?.size}'${slide})`;
}

/** The window as a plan has it, or what is wrong with its durations. */
export function readWindow(assigner: WindowAssigner): AlignedWindow | { readonly fault: string } {
  const sizeMs = parseDuration(assigner.size);
  const slideMs = assigner.kind === 'sliding' ? parseDuration(assigner.slide) : sizeMs;
  const offsetMs = parseDuration(assigner.offset);
  if (sizeMs === null || sizeMs <= 0) return { fault: durationFault('the size', assigner.size) };
  if (assigner.kind === 'sliding') {
    const { size, slide } = assigner;
    if (slideMs === null || slideMs <= 0) return { fault: durationFault('the slide', slide) };
    if (slideMs > sizeMs) {
      const cure = 'records between two windows would be in none; make it as long at most';
      return { fault: `the slide is '${slide}' and the size '${size}': ${cure}` };
    }
  }
  if (offsetMs === null || Math.abs(offsetMs) >= slideMs!) {
    const shorterThan = assigner.kind === 'sliding' ? 'slide' : 'size';
    return { fault: `${durationFault('the offset', assigner.offset)}, shorter than the ${shorterThan}` };
  }
  if (assigner.kind === 'tumbling') return { kind: 'tumbling', sizeMs, offsetMs };
  return { kind: 'sliding', sizeMs, slideMs: slideMs!, offsetMs };
}
