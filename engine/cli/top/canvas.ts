import type { ColorCount } from '../ink.js';

/** What a terminal has room for, and can show. */
export interface Canvas {
  readonly columns: number;
  readonly rows: number;
  readonly colors: ColorCount;
  /** Beyond ASCII. */
  readonly isUnicode: boolean;
}

/** As the C library tells: the first of these that is set says which characters a terminal has. */
export function hasUnicode({ LC_ALL, LC_CTYPE, LANG }: NodeJS.ProcessEnv): boolean {
  const locale = [LC_ALL, LC_CTYPE, LANG].find((value) => value !== undefined && value !== '') ?? '';
  return /utf-?8/i.test(locale);
}
