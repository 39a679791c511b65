/** Text in the columns of a terminal. */

/** Names come from the user: what would move the cursor is taken out. */
export function clean(text: string): string {
  return text.replace(/\p{C}/gu, ' ');
}

/** Columns a text takes, at most: those of Chinese, Japanese, Korean and pictures count twice. */
export function width(text: string): number {
  let columns = 0;
  for (const character of text) {
    const code = character.codePointAt(0)!;
    columns += isWide(code) ? 2 : 1;
  }
  return columns;
}

function isWide(code: number): boolean {
  return code >= 0x1100 && WIDE.some(([first, last]) => code >= first && code <= last);
}

// biome-ignore format: a table
const WIDE: readonly (readonly [first: number, last: number])[] = [
  [0x1100, 0x115f], [0x2e80, 0xa4cf], [0xac00, 0xd7a3], [0xf900, 0xfaff], [0xfe30, 0xfe6f], [0xff00, 0xff60], [0x1f300, 0x10ffff],
];

/** Without escape sequences, which take no columns. */
export function bare(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
  return text.replace(/\x1b\[[\d;]+m/g, '');
}

/** Filled with spaces. */
export function padEnd(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - width(bare(text))));
}

/** Filled with spaces on the left. */
export function padStart(text: string, columns: number): string {
  return ' '.repeat(Math.max(0, columns - width(bare(text)))) + text;
}

/** A figure with its unit or name: shown whole or not at all. */
export interface Part {
  readonly text: string;
  /** The greatest goes first where columns are few. */
  readonly rank: number;
  /** What stands between it and the part before. */
  readonly gap: string;
}

export function joinFitting(parts: readonly Part[], columns: number): string {
  const join = (all: readonly Part[]) =>
    all.map(({ text, gap }, at) => (at === 0 ? '' : gap) + text).join('');
  let kept = parts;
  while (kept.length > 1 && width(bare(join(kept))) > columns) {
    const last = Math.max(...kept.map(({ rank }) => rank));
    kept = kept.filter(({ rank }) => rank < last);
  }
  return join(kept);
}

/** What does not fit is replaced by two dots. */
export function shorten(text: string, columns: number): string {
  if (width(text) <= columns) return text;
  let kept = '';
  for (const character of text) {
    if (width(kept + character) > columns - 2) break;
    kept += character;
  }
  return `${kept}..`;
}

/** Cuts a line at the last column; escape sequences take none, and colours end with the line. */
export function fit(line: string, columns: number): string {
  let used = 0;
  let kept = '';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
  for (const [piece] of line.matchAll(/\x1b\[[\d;]+m|[\s\S]/gu)) {
    if (piece.length > 1 && piece.startsWith('\x1b')) {
      kept += piece;
      continue;
    }
    if (used + width(piece) > columns) return kept.includes('\x1b') ? `${kept}\x1b[0m` : kept;
    used += width(piece);
    kept += piece;
  }
  return kept;
}
