import { closeSync, fsyncSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SluiceError } from '../base/errors.js';
import type { FieldKind, FieldSpec } from '../records/schema.js';
import type { SinkWriter, WriterContext } from './connector.js';
import type { FileFormat, Part, UndeclaredFormatter } from './file-sink.js';
import type { RowFormatter } from './row-text.js';
import type { OutputPlace } from './staging.js';
import { writeFailed } from './staging.js';

/** Characters of one file that are gathered before they are written, and of all files together. */
const FLUSH_CHARS = 65_536;
const HELD_CHARS_MAX = 1 << 22;

/** What Hive, and whoever reads such folders, calls a value that is null or empty. */
const NO_VALUE = '__HIVE_DEFAULT_PARTITION__';

const PARTITION_KINDS: readonly FieldKind[] = [
  ...(['bool', 'int8', 'int16', 'int32', 'uint32', 'int64', 'bigint', 'string', 'category'] as const),
];

/** @throws SluiceError ARGUMENT_INVALID  a column is not there, or is of a kind whose values make no names */
export function checkPartitionColumns(
  place: string,
  columns: readonly string[],
  fields: readonly FieldSpec[] | null,
): void {
  if (fields === null) return;
  for (const column of columns) {
    const field = fields.find(({ name }) => name === column);
    if (field !== undefined && PARTITION_KINDS.includes(field.kind)) continue;
    const names = fields.map(({ name }) => name).join(', ');
    const what =
      field === undefined
        ? `there is no column '${column}' to partition by; there are ${names}`
        : `column '${column}' is ${field.kind}; folders are named after ${PARTITION_KINDS.join(', ')}`;
    throw new SluiceError('ARGUMENT_INVALID', `${place}: ${what}`, { detail: { column } });
  }
}

/** What waits to be written to one file. */
interface Held {
  readonly file: string;
  text: string;
  isBegun: boolean;
}

/**
 * Spreads rows over folders by values of theirs: `date=2015-07-15/hour=8/part-00000.csv`.
 *
 * No file stays open, as there may be more of them than a process may open.
 */
export class PartitionedWriter implements SinkWriter {
  readonly #place: OutputPlace;
  readonly #format: FileFormat;
  readonly #context: WriterContext;
  readonly #name: string;
  readonly #columns: readonly string[];
  readonly #undeclared: UndeclaredFormatter | null;
  readonly #toText: RowFormatter;
  /** By folder. */
  readonly #files = new Map<string, Held>();
  #heldChars = 0;

  /** @param name  of the files */
  constructor(
    place: OutputPlace,
    format: FileFormat,
    columns: readonly string[],
    context: WriterContext,
    name: string,
  ) {
    const { fields } = context;
    this.#place = place;
    this.#format = format;
    this.#columns = columns;
    this.#context = context;
    this.#name = name;
    this.#undeclared = fields === null ? format.undeclared() : null;
    this.#toText = this.#undeclared?.format ?? format.formatter(fields!);
  }

  write(row: Readonly<Record<string, unknown>>): void {
    const text = this.#toText(row);
    const file = this.#fileOf(row);
    file.text += text;
    this.#heldChars += text.length;
    if (file.text.length >= FLUSH_CHARS) this.#append(file);
    else if (this.#heldChars >= HELD_CHARS_MAX) this.flush();
  }

  flush(): void {
    for (const file of this.#files.values()) if (file.text !== '') this.#append(file);
  }

  prepareCommit(): Part {
    this.flush();
    for (const { file } of this.#files.values()) this.#attempt(() => syncFile(file));
    const { subtask, runId } = this.#context;
    const file = this.#files.size === 0 ? null : this.#place.staging(runId);
    return { subtask, file, columns: this.#columnsNow() };
  }

  close(): void {
    this.#files.clear();
  }

  #fileOf(row: Readonly<Record<string, unknown>>): Held {
    let folder = '';
    for (const column of this.#columns)
      folder += `${encodeURIComponent(column)}=${nameOf(column, row[column])}/`;
    let file = this.#files.get(folder);
    if (file === undefined) {
      const path = join(this.#place.staging(this.#context.runId), folder, this.#name);
      this.#files.set(folder, (file = { file: path, text: '', isBegun: false }));
    }
    return file;
  }

  #append(held: Held): void {
    const { file, text, isBegun } = held;
    this.#attempt(() => {
      if (!isBegun) {
        this.#place.makeStaging(this.#context.runId);
        mkdirSync(dirname(file), { recursive: true });
      }
      const header = isBegun ? '' : this.#format.header(this.#columnsNow() ?? []);
      writeFileSync(file, header + text, { flag: isBegun ? 'a' : 'wx' });
    });
    held.isBegun = true;
    held.text = '';
    this.#heldChars -= text.length;
  }

  #columnsNow(): readonly string[] | null {
    const { fields } = this.#context;
    return fields?.map(({ name }) => name) ?? this.#undeclared!.columns;
  }

  #attempt(write: () => void): void {
    try {
      write();
    } catch (error) {
      throw writeFailed(this.#place.given, error);
    }
  }
}

/** A value as part of a name, in which nothing else ends a name or leaves the folder. */
function nameOf(column: string, value: unknown): string {
  if (value === null || value === undefined || value === '') return NO_VALUE;
  if (typeof value === 'object' || typeof value === 'function') {
    const what = `column '${column}' holds an object, after which no folder can be named`;
    throw new SluiceError('OUTPUT_ROW_INVALID', what, { detail: { column } });
  }
  // As the file will have it: half a surrogate pair has no bytes in UTF-8, and no name.
  return encodeURIComponent(Buffer.from(String(value)).toString());
}

function syncFile(path: string): void {
  const fd = openSync(path, 'r+');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
