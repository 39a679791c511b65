import type { TimeRatios } from '../control/metrics/metrics.js';
import { type Color, paint } from './ink.js';

/** A part of a bar: its sign tells it without colour. */
export interface BarPart {
  readonly sign: string;
  readonly color: Color;
  readonly ratio: number;
}

/** Parts of a whole side by side; blank for what they leave of it. */
export function bar(parts: readonly BarPart[], columns: number, color: boolean): string {
  let ratio = 0;
  let filled = 0;
  let drawn = '';
  for (const part of parts) {
    ratio += Math.max(0, part.ratio);
    const cells = Math.min(columns, Math.round(ratio * columns)) - filled; // ends are rounded, so no cell is lost
    drawn += paint(part.color, part.sign.repeat(cells), color);
    filled += cells;
  }
  return drawn + ' '.repeat(columns - filled);
}

/** What the cells of a bar of time are filled with, in their order. The colours are those of Flink. */
// biome-ignore format: a table
export const TIMES = [
  { sign: '#', word: 'busy',          color: 'red',    of: ({ busyRatio }: TimeRatios) => busyRatio },
  { sign: '-', word: 'backpressured', color: 'gray',   of: ({ backpressuredRatio }: TimeRatios) => backpressuredRatio },
  { sign: '~', word: 'held back',     color: 'yellow', of: ({ asyncRatio, rateLimitedRatio }: TimeRatios) => asyncRatio + rateLimitedRatio },
  { sign: '.', word: 'idle',          color: 'blue',   of: ({ idleRatio }: TimeRatios) => idleRatio },
] as const;

/** Where a vertex's or a task's time goes; blank for the part of its tasks that do not run. */
export function timeBar(ratios: TimeRatios, columns: number, color: boolean): string {
  return bar(
    TIMES.map(({ sign, color: ink, of }) => ({ sign, color: ink, ratio: of(ratios) })),
    columns,
    color,
  );
}

/** How full something is. */
export function levelBar(ratio: number, columns: number, color: boolean): string {
  const full = Math.min(1, Math.max(0, ratio));
  const ink: Color = full > 0.9 ? 'red' : full > 0.5 ? 'yellow' : 'green';
  return bar(
    [
      { sign: '#', color: ink, ratio: full },
      { sign: '.', color: 'dim', ratio: 1 - full },
    ],
    columns,
    color,
  );
}
