import { closeSync, existsSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { type FileHandle, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isSluiceError, SluiceError } from '../base/errors.js';
import type { FieldSpec } from '../records/schema.js';
import type {
  Committable,
  Committer,
  CommitterContext,
  Sink,
  SinkWriter,
  WriterContext,
} from './connector.js';
import { checkPartitionColumns, PartitionedWriter } from './partitioned-writer.js';
import type { RowFormatter } from './row-text.js';
import { foreignIn, OutputPlace, writeFailed } from './staging.js';

export interface FileSinkOptions {
  /** Creates missing folders above the output. Default false: a missing folder is an error. */
  readonly createFolder?: boolean;
  /**
   * Columns by whose values the rows are spread over folders: `date=2015-07-15/hour=8/part-00000.csv`, as Hive names
   * them. The columns stay in the rows. The path has to end in a slash.
   */
  readonly partitionBy?: readonly string[];
}

/** What a format adds to a file of rows. */
export interface FileFormat {
  readonly name: 'csv' | 'ndjson';
  /** The text in front of all rows. */
  header(columns: readonly string[]): string;
  /** Rows of declared fields. */
  formatter(fields: readonly FieldSpec[]): RowFormatter;
  /** Rows of unknown shape. */
  undeclared(): UndeclaredFormatter;
}

export interface UndeclaredFormatter {
  format: RowFormatter;
  /** Known after the first row; always null where rows need no common columns. */
  readonly columns: readonly string[] | null;
}

/**
 * Writes rows to a file, or as a folder of parts when the path ends in a slash.
 *
 * Every subtask writes a part into a staging folder beside the output. The commit joins the parts under one header
 * and renames the result, so that readers see the former output, then the new one, and nothing between. A folder
 * that already holds an output is moved away first, so there is a moment without one.
 */
export function fileSink<R>(path: string | URL, format: FileFormat, options: FileSinkOptions): Sink<R> {
  const given = path instanceof URL ? fileURLToPath(path) : path;
  const createFolder = options.createFolder ?? false;
  if (typeof given !== 'string' || given === '' || typeof createFolder !== 'boolean')
    throw new SluiceError('ARGUMENT_INVALID', `${format.name}: give a path and { createFolder?: boolean }`);
  const place = new OutputPlace(given, createFolder);
  const partitionBy = partitionColumns(format, place, options.partitionBy);
  return {
    urn: `sluice:${format.name}`,
    label: format.name,
    options: {
      path: given,
      ...(createFolder && { createFolder }),
      ...(partitionBy.length > 0 && { partitionBy }),
    },
    path: place.target,
    check: async (fields) => {
      checkPartitionColumns(format.name, partitionBy, fields);
      place.check();
    },
    createWriter: (context) =>
      partitionBy.length === 0
        ? new FileWriter(place, format, context)
        : new PartitionedWriter(place, format, partitionBy, context, partName(context.subtask, format)),
    createCommitter: (context) => new FileCommitter(place, format, context),
  };
}

function partitionColumns(format: FileFormat, place: OutputPlace, given: unknown): readonly string[] {
  if (given === undefined) return [];
  const names = Array.isArray(given) ? (given as readonly unknown[]) : [];
  const isSound = names.length > 0 && names.every((name) => typeof name === 'string' && name !== '');
  const what =
    !isSound || new Set(names).size < names.length
      ? 'partitionBy is a list of names of columns, each once'
      : place.isFolder
        ? null
        : `partitionBy makes folders; end the path ${place.given} in a slash`;
  if (what !== null) throw new SluiceError('ARGUMENT_INVALID', `${format.name}: ${what}`);
  return names as readonly string[];
}

/** What a writer hands to the committer. */
export interface Part {
  readonly subtask: number;
  /** Null: no row was written. Of a partitioned output the folder that holds its files. */
  readonly file: string | null;
  readonly columns: readonly string[] | null;
}

/** Characters that are gathered before they are written. */
const FLUSH_CHARS = 65_536;

const partName = (subtask: number, format: FileFormat): string =>
  `part-${String(subtask).padStart(5, '0')}.${format.name}`;

class FileWriter implements SinkWriter {
  readonly #place: OutputPlace;
  readonly #format: FileFormat;
  readonly #subtask: number;
  readonly #runId: string;
  readonly #file: string;
  readonly #undeclared: UndeclaredFormatter | null;
  readonly #toText: RowFormatter;
  readonly #columns: readonly string[] | null;
  #text = '';
  #fd = -1;

  constructor(place: OutputPlace, format: FileFormat, { subtask, runId, fields }: WriterContext) {
    this.#place = place;
    this.#format = format;
    this.#subtask = subtask;
    this.#runId = runId;
    this.#file = join(place.staging(runId), partName(subtask, format));
    this.#undeclared = fields === null ? format.undeclared() : null;
    this.#toText = fields === null ? this.#undeclared!.format : format.formatter(fields);
    this.#columns = fields === null ? null : fields.map(({ name }) => name);
  }

  write(row: Readonly<Record<string, unknown>>): void {
    this.#text += this.#toText(row);
    if (this.#text.length >= FLUSH_CHARS) this.flush();
  }

  flush(): void {
    if (this.#text === '') return;
    const text = this.#text;
    this.#text = '';
    try {
      if (this.#fd < 0) {
        this.#open();
        if (this.#place.isFolder) this.#put(this.#format.header(this.#columnsNow() ?? []));
      }
      this.#put(text);
    } catch (error) {
      throw writeFailed(this.#place.given, error);
    }
  }

  prepareCommit(): Part {
    this.flush();
    if (this.#fd < 0) return { subtask: this.#subtask, file: null, columns: this.#columnsNow() };
    try {
      fsyncSync(this.#fd);
      this.close();
    } catch (error) {
      throw writeFailed(this.#place.given, error);
    }
    return { subtask: this.#subtask, file: this.#file, columns: this.#columnsNow() };
  }

  close(): void {
    const fd = this.#fd;
    this.#fd = -1;
    this.#text = '';
    if (fd >= 0) closeSync(fd);
  }

  #columnsNow(): readonly string[] | null {
    return this.#columns ?? this.#undeclared!.columns;
  }

  #open(): void {
    this.#place.makeStaging(this.#runId);
    this.#fd = openSync(this.#file, 'wx');
  }

  #put(text: string): void {
    const bytes = Buffer.from(text, 'utf8');
    for (let done = 0; done < bytes.length; ) done += writeSync(this.#fd, bytes, done);
  }
}

class FileCommitter implements Committer {
  readonly #place: OutputPlace;
  readonly #format: FileFormat;
  readonly #fields: readonly FieldSpec[] | null;
  readonly #runId: string;
  readonly #staging: string;

  constructor(place: OutputPlace, format: FileFormat, { runId, fields }: CommitterContext) {
    this.#place = place;
    this.#format = format;
    this.#fields = fields;
    this.#runId = runId;
    this.#staging = place.staging(runId);
  }

  async commit(committables: readonly Committable[]): Promise<void> {
    const parts = (committables as readonly Part[]).filter(({ file }) => file !== null);
    try {
      const columns = this.#fields?.map(({ name }) => name) ?? this.#commonColumns(parts);
      this.#place.makeStaging(this.#runId);
      if (this.#place.isFolder) await this.#publishFolder(parts, columns);
      else await this.#publishFile(parts, columns);
    } catch (error) {
      await this.abort();
      throw isSluiceError(error) ? error : writeFailed(this.#place.given, error);
    }
  }

  async abort(): Promise<void> {
    await rm(this.#staging, { recursive: true, force: true });
  }

  async #publishFile(parts: readonly Part[], columns: readonly string[]): Promise<void> {
    const joined = join(this.#staging, 'joined');
    const into = await open(joined, 'wx');
    try {
      await into.writeFile(this.#format.header(columns));
      for (const { file } of parts) {
        await append(into, file!);
        await rm(file!); // so that the disk need not hold everything twice
      }
      await into.sync();
    } finally {
      await into.close();
    }
    await rename(joined, this.#place.target);
    await syncFolder(dirname(this.#place.target));
    await this.abort();
  }

  async #publishFolder(parts: readonly Part[], columns: readonly string[]): Promise<void> {
    const { target } = this.#place;
    if (parts.length === 0) {
      const into = await open(join(this.#staging, partName(0, this.#format)), 'wx');
      try {
        await into.writeFile(this.#format.header(columns));
        await into.sync();
      } finally {
        await into.close();
      }
    }
    await syncFolders(this.#staging);
    const former = this.#place.former(this.#runId);
    const replaces = hasOutput(target);
    if (replaces) await rename(target, former);
    await rename(this.#staging, target);
    await syncFolder(dirname(target));
    if (replaces) await rm(former, { recursive: true, force: true });
  }

  /** Undeclared rows tell their columns by themselves, and each subtask has seen only its own. */
  #commonColumns(parts: readonly Part[]): readonly string[] {
    const known = parts.filter(({ columns }) => columns !== null);
    const first = known[0];
    if (first === undefined) return [];
    const text = (part: Part): string => part.columns!.join(', ');
    const other = known.find((part) => text(part) !== text(first));
    if (other === undefined) return first.columns!;
    const what =
      `subtask ${first.subtask} wrote the columns ${text(first)}, subtask ${other.subtask} ${text(other)}; ` +
      'declare the schema of the rows';
    throw new SluiceError('OUTPUT_ROW_INVALID', `${this.#place.given}: ${what}`, {
      detail: { path: this.#place.given },
    });
  }
}

const COPY_BYTES = 1 << 20;

async function append(into: FileHandle, path: string): Promise<void> {
  const from = await open(path, 'r');
  try {
    const block = Buffer.allocUnsafe(COPY_BYTES);
    for (;;) {
      const { bytesRead } = await from.read(block, 0, COPY_BYTES);
      if (bytesRead === 0) return;
      for (let done = 0; done < bytesRead; )
        done += (await into.write(block, done, bytesRead - done)).bytesWritten;
    }
  } finally {
    await from.close();
  }
}

/** A rename is durable once the folder is. Some file systems cannot sync folders; then it is up to them. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync().catch(() => undefined);
  } finally {
    await folder.close();
  }
}

/** The same of all folders in it. */
async function syncFolders(path: string): Promise<void> {
  for (const entry of await readdir(path, { withFileTypes: true }))
    if (entry.isDirectory()) await syncFolders(join(path, entry.name));
  await syncFolder(path);
}

/** @throws Error  something that is not an output has appeared there since the check */
function hasOutput(target: string): boolean {
  if (!existsSync(target)) return false;
  if (foreignIn(target) !== null) throw new Error(`${target} holds other files now`);
  return true;
}
