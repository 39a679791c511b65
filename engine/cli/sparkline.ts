/** A number over time in a line of text. */

const BLOCKS = '▁▂▃▄▅▆▇█';
const SIGNS = '_.-:=+*#';

/**
 * The last cells of a number over time, the newest on the right; blank where there was none yet.
 *
 * @param values    one a second, the oldest first
 * @param end       how many there have ever been: several that share a cell stay together while time goes on
 * @param seconds   what the line is over
 * @param largest   what fills a cell; 0: the largest that is shown
 * @param isUnicode blocks, where a terminal has them
 */
export function sparkline(
  values: readonly number[],
  { end, seconds, largest, cells, isUnicode }: SparklineSize,
): string {
  const perCell = Math.max(1, Math.ceil(seconds / Math.max(1, cells)));
  const first = end - values.length;
  const groups = new Map<number, number[]>();
  for (const [at, value] of values.entries()) {
    const cell = Math.floor((first + at) / perCell);
    groups.set(cell, [...(groups.get(cell) ?? []), value]);
  }
  const means = [...groups.values()].map(
    (group) => group.reduce((sum, value) => sum + value, 0) / group.length,
  );
  const shown = means.slice(Math.max(0, means.length - cells));
  const full = largest > 0 ? largest : Math.max(0, ...shown);
  const levels = isUnicode ? BLOCKS : SIGNS;
  const line = shown.map((value) => levels[full <= 0 ? 0 : levelOf(value / full, levels.length)]).join('');
  return line.padStart(cells);
}

export interface SparklineSize {
  readonly end: number;
  readonly seconds: number;
  readonly largest: number;
  readonly cells: number;
  readonly isUnicode: boolean;
}

function levelOf(share: number, levels: number): number {
  return Math.min(levels - 1, Math.max(0, Math.round(share * (levels - 1))));
}
