/** What every probe needs: how hard to run, and how to say what came out. */
import type { Size } from '../kit/suite.js';

/** `full` or `smoke`, the last argument of every probe. */
export function sizeArgument(): Size {
  return process.argv.at(-1) === 'smoke' ? 'smoke' : 'full';
}

/** What the kit reads. */
export function reportFigures(figures: Readonly<Record<string, number>>): void {
  process.stdout.write(`${JSON.stringify({ figures })}\n`);
}

/** The value below which a share of the samples lies, by nearest rank. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (value === undefined) throw new Error('no samples');
  return value;
}
