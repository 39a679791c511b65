import type { Clock } from '../base/clock.js';
import type { Json } from '../base/json.js';
import type { FieldSpec, RecordType } from '../records/schema.js';

/**
 * What connects a job to the outside world.
 *
 * A source is found and checked on the main thread (`discover`), and read in the workers (`createReader`). A sink is
 * checked on the main thread (`check`), written in the workers (`createWriter`), and made visible on the main thread
 * in one step (`createCommitter`). Between threads travel only splits and committables, which are JSON or plain
 * structured-clonable data. Connectors see no threads, no shared memory and no other part of the engine.
 */

/** A part of a source that is read as a whole by one reader, in order. */
export interface Split {
  readonly id: string;
  readonly state: Json;
}

export interface Discovery {
  /** In the order in which they are handed out. */
  readonly splits: readonly Split[];
  /** Records in all splits, when known; used for the time to completion. */
  readonly recordsTotal?: number;
}

export interface DiscoverContext {
  /** Readers there will be. */
  readonly parallelism: number;
}

export interface ReaderContext {
  readonly subtask: number;
  readonly parallelism: number;
  /** The fields anybody can observe, in schema order; a reader need not decode others. Null: all (undeclared rows). */
  readonly fields: readonly FieldSpec[] | null;
  readonly clock: Clock;
}

/**
 * What a reader hands over at once.
 *
 *   columns   `columns[k][i]` is field k (of `ReaderContext.fields`) of row i, already of the declared kind
 *   rows      plain objects; the caller does not keep or change them
 *   sequence  rows are `make(begin), make(begin + stride), …`, `length` of them, with the source's `make`
 *   wait      nothing until `untilMs` on the context's monotonic clock
 */
export type Batch =
  | { readonly kind: 'columns'; readonly length: number; readonly columns: readonly ArrayLike<unknown>[] }
  | { readonly kind: 'rows'; readonly length: number; readonly rows: ArrayLike<object> }
  | { readonly kind: 'sequence'; readonly length: number; readonly begin: number; readonly stride: number }
  | { readonly kind: 'wait'; readonly untilMs: number };

export interface SourceReader {
  /** Begins a split; the former one has ended. */
  open(split: Split): void | Promise<void>;
  /**
   * The next batch of the open split, or null at its end. A promise only where waiting is needed. A batch may be read
   * until the next call, which may write into the same arrays.
   *
   * @param rowsMax  a hint: sequences must not be longer; columns and rows may be, if they exist in memory anyway
   */
  poll(rowsMax: number): Batch | null | Promise<Batch | null>;
  close(): void | Promise<void>;
}

export interface Source<R = unknown> {
  /** What kind of connector it is, such as `sluice:parquet`; with `options` it is the identity in a plan. */
  readonly urn: string;
  /** Short, for people: `parquet`. */
  readonly label: string;
  readonly options: Json;
  /** Null: rows are plain objects of unknown shape. */
  readonly schema: RecordType<R> | null;
  readonly bounded: boolean;
  /** The kind of every batch except `wait`; fixed, so that readers of it can be compiled. */
  readonly batchKind: 'columns' | 'rows' | 'sequence';
  /** For `sequence` batches: the row of an index. Pure. */
  readonly make?: (index: number) => R;
  /** Absolute paths this source reads, so that a sink cannot overwrite them. */
  readonly paths: readonly string[];
  /** Main thread, before any worker starts. Throws coded errors for a missing, damaged or ill-matching input. */
  discover(context: DiscoverContext): Promise<Discovery>;
  createReader(context: ReaderContext): SourceReader;
}

export interface WriterContext {
  readonly subtask: number;
  readonly parallelism: number;
  /** Unique among the runs on this machine; part of the name of temporary files. */
  readonly runId: string;
  /** Fields of the rows, in order; null when undeclared: each row then tells by itself. */
  readonly fields: readonly FieldSpec[] | null;
  readonly clock: Clock;
}

export interface SinkWriter {
  /** Accepts one row; it is the writer's to keep. Synchronous; throws coded errors. */
  write(row: Readonly<Record<string, unknown>>): void;
  /**
   * Time on the context's monotonic clock before which no further row is wanted; 0 or past: now. Only for writers
   * that limit their rate: the task then waits without burning a core.
   */
  readonly notBeforeMs?: number;
  /** Pushes what is buffered towards the outside; called when the input pauses and at the end. */
  flush(): void;
  /** After the last row: makes everything durable but not yet visible. */
  prepareCommit(): Committable | Promise<Committable>;
  /** After prepareCommit, or after a failure (then what was written is discarded). Idempotent. */
  close(): void | Promise<void>;
}

/** What a writer hands to the committer: structured-clonable. */
export type Committable = unknown;

export interface CommitterContext {
  readonly runId: string;
  readonly parallelism: number;
  readonly fields: readonly FieldSpec[] | null;
}

/** Makes what all writers prepared visible in one step, or nothing of it. Main thread. */
export interface Committer {
  /** @param committables  one per subtask, in order */
  commit(committables: readonly Committable[]): Promise<void>;
  /** Removes what this run left that was not committed. */
  abort(): Promise<void>;
}

export interface Sink<R = unknown> {
  readonly urn: string;
  readonly label: string;
  readonly options: Json;
  /** The absolute path this sink makes visible, if any; two sinks of a job must not share it. */
  readonly path: string | null;
  /** Rows go to standard output past `process.stdout`: a live view on the same terminal would be torn. */
  readonly writesToStdout?: boolean;
  /** Ties the row type; never present at run time. */
  readonly accepts?: (row: R) => void;
  /** Main thread, before any worker starts: can it be written? Also removes leftovers of runs that were killed. */
  check(fields: readonly FieldSpec[] | null): Promise<void>;
  createWriter(context: WriterContext): SinkWriter;
  createCommitter(context: CommitterContext): Committer;
}
