import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isSluiceError, SluiceError } from '../base/errors.js';
import { type FieldSpec, isTextKind, type RecordType } from '../records/schema.js';
import { canonicalPath } from './canonical-path.js';
import type { Batch, Discovery, ReaderContext, Source, SourceReader, Split } from './connector.js';
import { ColumnCursor, ColumnScratch } from './parquet-column.js';
import { type Converter, converterOf } from './parquet-convert.js';
import type { ParquetFile, ParquetLeaf } from './parquet-file.js';

/**
 * A Parquet file as a source of typed rows; its row groups are the splits, in file order.
 *
 * Only the columns are read that somebody observes. A field may be narrower than the file's type, or not nullable
 * where the file's is: then each value is checked. Timestamps become milliseconds, rounded down.
 *
 * A reader keeps the compressed bytes of the observed columns of one row group in memory.
 *
 * @param path    a file, relative to the working directory
 * @param schema  fields by the names they have in the file; others in the file are ignored
 * @throws SluiceError  ARGUMENT_INVALID, there is no schema; at discovery INPUT_MISSING, INPUT_INVALID or
 *                      INPUT_SCHEMA_MISMATCH; while reading INPUT_VALUE_INVALID with the row, or INPUT_INVALID
 */
export function parquet<R>(path: string | URL, schema: RecordType<R>): Source<R> {
  const given = path instanceof URL ? fileURLToPath(path) : path;
  if (!Array.isArray(schema?.fields))
    throw new SluiceError(
      'ARGUMENT_INVALID',
      'parquet: a schema such as t.record({ … }) stands behind the path',
    );
  return {
    urn: 'sluice:parquet',
    label: 'parquet',
    options: { path: given },
    schema,
    bounded: true,
    batchKind: 'columns',
    paths: [canonicalPath(given)],
    discover: () => discover(given, schema.fields),
    createReader: (context) => new ParquetReader(given, schema.fields, context),
  };
}

/** Rows of a batch: its columns then stay in the second-level cache until they are used. */
const BATCH_ROWS = 4_096;

interface GroupState {
  readonly group: number;
  readonly firstRow: number;
  readonly rows: number;
}

async function discover(path: string, fields: readonly FieldSpec[]): Promise<Discovery> {
  const file = await openFile(path);
  try {
    bindFields(path, file, fields);
    const splits: Split[] = [];
    let firstRow = 0;
    for (let group = 0; group < file.groupCount; group++) {
      const rows = file.rowsOf(group);
      splits.push({ id: `group-${group}`, state: { group, firstRow, rows } });
      firstRow += rows;
    }
    return { splits, recordsTotal: firstRow };
  } finally {
    file.close();
  }
}

class ParquetReader implements SourceReader {
  readonly #path: string;
  readonly #fields: readonly FieldSpec[];
  readonly #scratch: readonly ColumnScratch[];
  #file: ParquetFile | null = null;
  #columns: readonly BoundField[] = [];
  #cursors: readonly ColumnCursor[] = [];
  #rowsLeft = 0;
  #splitId = '';

  constructor(path: string, fields: readonly FieldSpec[], context: ReaderContext) {
    this.#path = path;
    this.#fields = context.fields ?? fields;
    this.#scratch = this.#fields.map((field) => new ColumnScratch(BATCH_ROWS, isTextKind(field.kind)));
  }

  async open(split: Split): Promise<void> {
    const { group, firstRow, rows } = split.state as unknown as GroupState;
    const file = (this.#file ??= await openFile(this.#path));
    this.#splitId = split.id;
    try {
      if (this.#columns.length === 0) {
        this.#columns = bindFields(this.#path, file, this.#fields);
        await file.prepare(this.#columns.map(({ leaf }) => leaf));
      }
      if (group >= file.groupCount || file.rowsOf(group) !== rows)
        throw new Error('it was replaced by another file while it was read');
      const place = { path: this.#path, firstRow };
      this.#cursors = this.#columns.map(
        ({ field, leaf, convert }, k) =>
          new ColumnCursor(field, place, file.pages(group, leaf), convert, this.#scratch[k]!),
      );
      this.#rowsLeft = rows;
    } catch (error) {
      throw damaged(this.#path, error, split.id);
    }
  }

  poll(): Batch | null {
    if (this.#rowsLeft === 0) return null;
    const length = Math.min(this.#rowsLeft, BATCH_ROWS);
    this.#rowsLeft -= length;
    try {
      return { kind: 'columns', length, columns: this.#cursors.map((cursor) => cursor.take(length)) };
    } catch (error) {
      throw damaged(this.#path, error, this.#splitId);
    }
  }

  close(): void {
    this.#file?.close();
    this.#file = null;
    this.#cursors = [];
    this.#rowsLeft = 0;
  }
}

/** hyparquet is loaded when a Parquet file is, so that other jobs start without it. */
async function openFile(path: string): Promise<ParquetFile> {
  const { ParquetFile } = await import('./parquet-file.js');
  try {
    return ParquetFile.open(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined || code.startsWith('ERR_')) throw damaged(path, error);
    const why = code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${code})`;
    throw new SluiceError('INPUT_MISSING', `${path}: ${why}; looked at ${resolve(path)}`, {
      detail: { path, code },
      cause: error,
    });
  }
}

function damaged(path: string, error: unknown, splitId?: string): Error {
  if (isSluiceError(error)) return error;
  const place = splitId === undefined ? '' : ` in ${splitId}`;
  const what = `${path} is not a readable Parquet file${place}: ${(error as Error).message}`;
  return new SluiceError('INPUT_INVALID', what, { detail: { path }, cause: error });
}

interface BoundField {
  readonly field: FieldSpec;
  readonly leaf: ParquetLeaf;
  readonly convert: Converter;
}

/** Finds each field's column and conversion; reports every field that has none at once. */
function bindFields(path: string, file: ParquetFile, fields: readonly FieldSpec[]): readonly BoundField[] {
  const bound: BoundField[] = [];
  const faults: SluiceError[] = [];
  for (const field of fields) {
    const leaf = file.leaves.get(field.name);
    const convert = leaf === undefined ? null : converterOf(leaf, field.kind);
    if (leaf !== undefined && convert !== null) bound.push({ field, leaf, convert });
    else faults.push(mismatch(path, field, leaf, file));
  }
  if (faults.length === 1) throw faults[0];
  if (faults.length > 1) {
    const what = faults.map(({ message }) => message.replace('INPUT_SCHEMA_MISMATCH: ', '')).join('; ');
    throw new SluiceError('INPUT_SCHEMA_MISMATCH', what, { detail: { path }, errors: faults });
  }
  return bound;
}

function mismatch(
  path: string,
  field: FieldSpec,
  leaf: ParquetLeaf | undefined,
  file: ParquetFile,
): SluiceError {
  const { name, kind } = field;
  if (leaf === undefined) {
    const columns = [...file.leaves.keys()].join(', ');
    const what = `${path} has no column for field ${name}, declared ${kind}; its columns are ${columns}`;
    return new SluiceError('INPUT_SCHEMA_MISMATCH', what, { detail: { path, field: name, kind } });
  }
  const what = `${path}: field ${name} is declared ${kind}, but its column is ${leaf.typeName}`;
  return new SluiceError('INPUT_SCHEMA_MISMATCH', what, {
    detail: { path, field: name, kind, fileType: leaf.typeName },
  });
}
