import { SluiceError } from '../base/errors.js';
import type { RecordType } from '../records/schema.js';
import type { Batch, Source, SourceReader, Split } from './connector.js';
import { checkValidator, type StandardSchema, validated } from './standard-schema.js';
import { misfit } from './value-check.js';

/**
 * Rows from memory. They belong to the job module, so each thread that imports it has them; nothing is sent.
 *
 * Splits are ranges, one per reader, and keep their order.
 *
 * @param rows    must be the same rows in every thread, and stay as they are
 * @param schema  without it rows are plain objects whose shape is learned
 * @param options.validate  a Standard Schema that every row passes through; what it gives back is the row
 * @throws SluiceError INPUT_VALUE_INVALID  at discovery, a row does not fit the schema or does not pass
 */
export function collection<R extends object>(
  rows: readonly R[],
  schema?: RecordType<R>,
  options?: { readonly validate?: undefined },
): Source<R>;
export function collection<R extends object>(
  rows: readonly unknown[],
  schema: RecordType<R> | undefined,
  options: { readonly validate: StandardSchema<R> },
): Source<R>;
export function collection(
  rows: readonly any[],
  schema?: RecordType<any>,
  { validate }: { readonly validate?: StandardSchema<any> | undefined } = {},
): Source<any> {
  if (!Array.isArray(rows)) throw new SluiceError('ARGUMENT_INVALID', 'collection: rows must be an array');
  checkValidator('collection', validate);
  return rowsOf('collection', rows, schema, validate);
}

/**
 * The same under another name.
 *
 * @param place  what errors call it
 */
export function rowsOf<R extends object>(
  place: string,
  rows: readonly R[],
  schema?: RecordType<R>,
  validator?: StandardSchema<R>,
): Source<R> {
  const rowsIn = (begin: number, end: number): readonly R[] => {
    const part = rows.slice(begin, end);
    return validator === undefined ? part : part.map((row, i) => validated(place, begin + i, validator, row));
  };
  return {
    urn: 'sluice:collection',
    label: 'collection',
    options: { rows: rows.length },
    schema: schema ?? null,
    bounded: true,
    batchKind: 'rows',
    paths: [],
    discover: async ({ parallelism }) => {
      checkRows(place, rowsIn(0, rows.length), schema);
      return { splits: rangesOf(rows.length, parallelism), recordsTotal: rows.length };
    },
    createReader: () => new CollectionReader(rowsIn),
  };
}

function checkRows(place: string, rows: readonly object[], schema: RecordType<unknown> | undefined): void {
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as unknown;
    if (row === null || typeof row !== 'object' || Array.isArray(row))
      throw invalid(place, i, 'is not an object', '');
    for (const field of schema?.fields ?? []) {
      const found = misfit(field, (row as Record<string, unknown>)[field.name]);
      if (found !== null) throw invalid(place, i, `has ${found.path} ${found.what}`, found.path);
    }
  }
}

function invalid(place: string, index: number, what: string, field: string): SluiceError {
  return new SluiceError('INPUT_VALUE_INVALID', `${place}: row ${index + 1} ${what}`, {
    detail: { row: index + 1, field },
  });
}

function rangesOf(length: number, parallelism: number): readonly Split[] {
  const count = Math.min(parallelism, length);
  return Array.from({ length: count }, (_, k) => ({
    id: `range-${k}`,
    state: { begin: Math.floor((k * length) / count), end: Math.floor(((k + 1) * length) / count) },
  }));
}

/** Rows of a range, as the validator gives them. */
type RowsIn = (begin: number, end: number) => readonly object[];

class CollectionReader implements SourceReader {
  readonly #rowsIn: RowsIn;
  #next = 0;
  #end = 0;

  constructor(rowsIn: RowsIn) {
    this.#rowsIn = rowsIn;
  }

  open(split: Split): void {
    const { begin, end } = split.state as { begin: number; end: number };
    this.#next = begin;
    this.#end = end;
  }

  poll(rowsMax: number): Batch | null {
    const length = Math.min(rowsMax, this.#end - this.#next);
    if (length === 0) return null;
    const rows = this.#rowsIn(this.#next, this.#next + length);
    this.#next += length;
    return { kind: 'rows', length, rows };
  }

  close(): void {}
}
