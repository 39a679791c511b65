import type { Duration } from '../base/duration.js';

/** How records are assigned to windows; made by `tumbling`. Durations are read where the window is used. */
export interface WindowAssigner {
  readonly kind: 'tumbling';
  readonly size: Duration;
  readonly offset: Duration;
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
