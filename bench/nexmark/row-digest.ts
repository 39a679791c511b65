/**
 * A digest of rows in any order, with which programs show that they computed the same.
 *
 * Every column counts: a number by its bits, a string by its length and its ends, as looking at all of it would cost
 * more than most queries.
 */
import { writeFileSync } from 'node:fs';
import type { Sink, SinkWriter } from 'sluice/connectors';

type Row = Readonly<Record<string, unknown>>;

export class RowDigest {
  #rows = 0;
  #sum = 0;
  #hashOf: ((row: Row) => number) | null = null;

  /** @param row  of the columns of the first one, in the same order */
  add(row: object): void {
    this.#hashOf ??= hashOfColumns(row as Row);
    this.#rows++;
    this.#sum = (this.#sum + this.#hashOf(row as Row)) | 0;
  }

  get parts(): DigestParts {
    return [this.#rows, this.#sum];
  }

  toString(): string {
    return digestText([this.parts]);
  }
}

type DigestParts = readonly [rows: number, sum: number];

function digestText(parts: readonly DigestParts[]): string {
  const rows = parts.reduce((total, [each]) => total + each, 0);
  const sum = parts.reduce((total, [, each]) => (total + each) | 0, 0);
  return `${rows} rows, ${(sum >>> 0).toString(16)}`;
}

/** A function of its own for these columns: a loop over their names would cost more than what it looks at. */
function hashOfColumns(row: Row): (row: Row) => number {
  const terms = Object.entries(row).map(([name, value]) => {
    const hash = typeof value === 'string' ? 'ofText' : 'ofNumber';
    return `h = Math.imul(h ^ ${hash}(row[${JSON.stringify(name)}]), 0x9e3779b1);`;
  });
  const source = `return (row) => { let h = 0; ${terms.join(' ')} h ^= h >>> 15; return Math.imul(h, 0x2c1b3c6d); };`;
  return new Function('ofText', 'ofNumber', source)(ofText, ofNumber) as (row: Row) => number;
}

const FLOAT = new Float64Array(1);
const WORDS = new Int32Array(FLOAT.buffer);

function ofNumber(value: number): number {
  FLOAT[0] = value;
  return WORDS[0]! ^ Math.imul(WORDS[1]!, 0x85ebca6b);
}

function ofText(text: string): number {
  const { length } = text;
  return length === 0 ? 0 : text.charCodeAt(0) + (text.charCodeAt(length - 1) << 8) + (length << 16);
}

/** Writes the digest of all rows into a file when the run commits. */
export function digestFile<R extends object>(path: string): Sink<R> {
  return {
    urn: 'nexmark:digest',
    label: 'digest',
    options: { path },
    path: null,
    check: async () => {},
    createWriter: () => new DigestWriter(),
    createCommitter: () => ({
      commit: async (parts) => writeFileSync(path, digestText(parts as readonly DigestParts[])),
      abort: async () => {},
    }),
  };
}

class DigestWriter implements SinkWriter {
  readonly #digest = new RowDigest();

  write(row: Row): void {
    this.#digest.add(row);
  }

  flush(): void {}

  prepareCommit(): DigestParts {
    return this.#digest.parts;
  }

  close(): void {}
}
