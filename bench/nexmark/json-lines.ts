/** Records from a file with one JSON object a line; a time is a number of milliseconds since 1970, or ISO 8601. */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { type RecordType, SluiceError } from 'sluice';
import type { Batch, Source, SourceReader, Split } from 'sluice/connectors';

/** Splits are handed out in order, so readers go through the file side by side. */
const SPLIT_BYTES = 1 << 20;

/**
 * Each split is read in the order of its lines.
 *
 * @param splitBytes  size of a split, but for the line that goes past its end
 * @throws SluiceError  when it is discovered INPUT_MISSING; when it is read INPUT_INVALID, a line is no JSON object
 */
export function jsonLines<R extends object>(
  path: string,
  schema: RecordType<R>,
  splitBytes = SPLIT_BYTES,
): Source<R> {
  const times = schema.fields.filter(({ kind }) => kind === 'timestamp').map(({ name }) => name);
  return {
    urn: 'nexmark:json-lines',
    label: 'json lines',
    options: { path },
    schema,
    bounded: true,
    batchKind: 'rows',
    paths: [resolve(path)],
    discover: async () => ({ splits: splitsOf(path, splitBytes) }),
    createReader: () => new JsonLinesReader(path, times),
  };
}

function splitsOf(path: string, splitBytes: number): readonly Split[] {
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  if (size === undefined)
    throw new SluiceError('INPUT_MISSING', `there is no file ${path}`, { detail: { path } });
  return Array.from({ length: Math.ceil(size / splitBytes) }, (_, i) => ({
    id: `bytes-${i}`,
    state: { begin: i * splitBytes, end: Math.min(size, (i + 1) * splitBytes) },
  }));
}

const LINE_FEED = 10;
const BLOCK_BYTES = 1 << 16;

/** A line belongs to the split in which it begins. */
class JsonLinesReader implements SourceReader {
  readonly #path: string;
  readonly #times: readonly string[];
  #fd = -1;
  #bytes: Buffer = Buffer.alloc(0);
  /** Of the first of `#bytes`, in the file. */
  #offset = 0;
  #next = 0;

  constructor(path: string, times: readonly string[]) {
    this.#path = path;
    this.#times = times;
  }

  open(split: Split): void {
    const { begin, end } = split.state as { begin: number; end: number };
    if (this.#fd < 0) this.#fd = openSync(this.#path, 'r');
    // The byte before tells whether a line begins with the split.
    this.#offset = Math.max(begin - 1, 0);
    let bytes = this.#read(this.#offset, end - this.#offset);
    while (bytes.length > 0 && bytes.at(-1) !== LINE_FEED) {
      const more = this.#read(this.#offset + bytes.length, BLOCK_BYTES);
      if (more.length === 0) break;
      const lineEnd = more.indexOf(LINE_FEED);
      bytes = Buffer.concat([bytes, lineEnd < 0 ? more : more.subarray(0, lineEnd + 1)]);
    }
    this.#bytes = bytes;
    this.#next = begin === 0 ? 0 : bytes.indexOf(LINE_FEED) + 1;
    // One line without an end that began before the split and goes on past it.
    if (begin > 0 && (this.#next === 0 || this.#offset + this.#next >= end)) this.#next = bytes.length;
  }

  poll(rowsMax: number): Batch | null {
    const rows: object[] = [];
    while (rows.length < rowsMax && this.#next < this.#bytes.length) {
      const found = this.#bytes.indexOf(LINE_FEED, this.#next);
      const lineEnd = found < 0 ? this.#bytes.length : found;
      const line = this.#bytes.toString('utf8', this.#next, lineEnd);
      if (line.trim() !== '') rows.push(this.#row(line));
      this.#next = lineEnd + 1;
    }
    return rows.length === 0 ? null : { kind: 'rows', length: rows.length, rows };
  }

  close(): void {
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
  }

  #read(position: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    let filled = 0;
    while (filled < length) {
      const read = readSync(this.#fd, bytes, filled, length - filled, position + filled);
      if (read === 0) break;
      filled += read;
    }
    return bytes.subarray(0, filled);
  }

  #row(line: string): object {
    let row: unknown;
    try {
      row = JSON.parse(line);
    } catch (error) {
      throw this.#invalid(`is no JSON: ${(error as Error).message}`);
    }
    if (typeof row !== 'object' || row === null) throw this.#invalid(`is no object: ${line.slice(0, 40)}`);
    const record = row as Record<string, unknown>;
    for (const name of this.#times) {
      const value = record[name];
      if (typeof value === 'string') record[name] = this.#time(name, value);
    }
    return record;
  }

  #time(name: string, text: string): number {
    // Without a zone it is UTC, not that of the machine.
    const ms = Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text.replace(' ', 'T')}Z`);
    if (Number.isNaN(ms)) throw this.#invalid(`has the ${name} '${text}', which is no ISO 8601`);
    return ms;
  }

  #invalid(what: string): SluiceError {
    const at = this.#offset + this.#next;
    return new SluiceError('INPUT_INVALID', `${this.#path}: the line at byte ${at} ${what}`, {
      detail: { path: this.#path, at },
    });
  }
}
