import { padEnd, padStart } from '../columns.js';

/** A column of a table of figures. */
export interface Column<R> {
  readonly head: string;
  /** Columns of the terminal that it takes at least, and at most. */
  readonly min: number;
  readonly max: number;
  /** The greatest goes first where columns are few; 0: always there. */
  readonly rank: number;
  readonly isNumber?: boolean;
  /** @param columns  what the cell may take, colours aside */
  readonly cell: (row: R, columns: number) => string;
}

/** The columns that a table has room for, and how wide they are. */
export interface TableLayout<R> {
  readonly columns: readonly { readonly column: Column<R>; readonly width: number }[];
}

const GAP = '  ';

/**
 * Leaves out what does not fit, and shares what is left over among the columns that can use it: first those of rank 0.
 *
 * @param columns  width of the whole table
 */
export function tableLayout<R>(all: readonly Column<R>[], columns: number): TableLayout<R> {
  const least = (of: readonly Column<R>[]): number =>
    of.reduce((sum, { min }) => sum + min, GAP.length * Math.max(0, of.length - 1));
  let kept = all;
  while (least(kept) > columns) {
    const last = Math.max(...kept.map(({ rank }) => rank));
    if (last === 0) break;
    kept = kept.filter(({ rank }) => rank < last);
  }
  const widths = kept.map(({ min }) => min);
  let spare = columns - least(kept);
  // Columns that are always there, such as names, are whole before others are wider than they need to be.
  for (const isFirst of [true, false]) {
    for (let grown = true; spare > 0 && grown; ) {
      grown = false;
      for (const [at, { max, rank }] of kept.entries()) {
        if (spare === 0 || widths[at]! >= max || (isFirst && rank > 0)) continue;
        widths[at]!++;
        spare--;
        grown = true;
      }
    }
  }
  return { columns: kept.map((column, at) => ({ column, width: widths[at]! })) };
}

export function tableHead<R>({ columns }: TableLayout<R>): string {
  return columns
    .map(({ column: { head, isNumber }, width }) => (isNumber ? padStart(head, width) : padEnd(head, width)))
    .join(GAP)
    .trimEnd();
}

export function tableRow<R>({ columns }: TableLayout<R>, row: R): string {
  return columns
    .map(({ column: { cell, isNumber }, width }) =>
      isNumber ? padStart(cell(row, width), width) : padEnd(cell(row, width), width),
    )
    .join(GAP)
    .trimEnd();
}

/**
 * The part of a list that a screen has room for, with the chosen line in it, and lines that count the rest.
 *
 * @param rows  from 1
 */
export function aroundChosen(lines: readonly string[], chosen: number, rows: number): readonly string[] {
  if (lines.length <= rows) return lines;
  if (rows < 3) return lines.slice(chosen, chosen + rows);
  const inner = rows - 2;
  const first = Math.min(Math.max(0, chosen - (inner >> 1)), lines.length - inner);
  const after = lines.length - first - inner;
  const count = (lines: number, where: string): string => (lines === 0 ? '' : `  ${lines} more ${where}`);
  return [count(first, 'above'), ...lines.slice(first, first + inner), count(after, 'below')];
}
