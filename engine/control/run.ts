import type { InputsOf, OutputsOf, ParamsOf } from '../api/job.js';
import type { SluiceError } from '../base/errors.js';
import type { Json } from '../base/json.js';
import type { OptionLayer } from '../base/option-catalogue.js';
import type { TaskTimes } from '../memory/task-clock.js';
import type { LearnedReport } from '../runtime/undeclared-writer.js';
import type { OutputWish } from './live/live-ends.js';
import type { LiveInput, LiveInputOptions } from './live/live-input.js';
import type { ThreadTimes } from './threads/thread-times.js';

/**
 * What whoever starts a job holds while it runs: the same for the command line, for embedding and for tests.
 *
 * Runs in: the main thread.
 */

// biome-ignore format: a table
export const RUN_STATES = {
  //  state       meaning
  CREATED:    'being checked and deployed; no record has flowed',
  RUNNING:    'records flow',
  STOPPING:   'asked to stop; what has been read is brought to its end',
  FINISHED:   'every input was read to its end and the outputs are visible',
  STOPPED:    'stopped on request before the end of its inputs',
  CANCELED:   'ended at once on request; nothing was made visible',
  FAILED:     'ended by an error; nothing was made visible',
} as const;

export type RunState = keyof typeof RUN_STATES;

/** True for `any`: a job of which nothing is known. */
type IsUnknown<J> = 0 extends 1 & J ? true : false;

/** Rows of the named inputs of a job. */
type InputRowsOf<J> = IsUnknown<J> extends true ? Record<string, any> : InputsOf<J>;

/** Rows of the named outputs of a job. */
type OutputRowsOf<J> = IsUnknown<J> extends true ? Record<string, any> : OutputsOf<J>;

/** How to start a job. Every member is optional. */
export interface StartOptions<J = any> {
  /** Values of the job's declared parameters; strings are parsed as their types. */
  readonly params?: IsUnknown<J> extends true ? Readonly<Record<string, Json>> : Partial<ParamsOf<J>>;
  /** Subtasks of each operator that does not say its own; the same as the option `parallelism.default`. */
  readonly parallelism?: number;
  /** By key, as in a configuration file. */
  readonly options?: Readonly<Record<string, Json>>;
  /** Layers above `options`, the strongest first: what a command line or a file said. */
  readonly optionLayers?: readonly OptionLayer[];
  /**
   * Rows of the job's named inputs. An input that is given none is live: it is pushed into while the job runs, and what
   * stands here says how much it holds.
   */
  readonly inputs?: {
    readonly [K in keyof InputRowsOf<J>]?: readonly InputRowsOf<J>[K][] | LiveInputOptions;
  };
  /**
   * When the rows of a named output come: `live`, as they are made, or `final`, once the run has committed. By default
   * they are live where any input is.
   */
  readonly outputs?: { readonly [K in keyof OutputRowsOf<J>]?: OutputWish };
  /**
   * Told what goes wrong without ending the run: tasks that wait for each other, a function that does not come back.
   * See the options `sluice.watchdog`. Without it they are warnings of the process.
   */
  readonly onWarning?: (warning: SluiceError) => void;
  /** Aborting it cancels the run; `finished` then rejects with RUN_ABORTED. */
  readonly signal?: AbortSignal;
}

/** A source of a running job. */
export interface RunSource {
  /** Records per second over all its subtasks; null: as many as are taken. */
  readonly ratePerSecond: number | null;
  /**
   * Changes the rate from now on; a source that waits for its next record does not wait on.
   *
   * @param perSecond  from 0.001 to 1e9, kept to seven digits; null: no limit
   * @throws SluiceError ARGUMENT_INVALID
   */
  setRate(perSecond: number | null): void;
}

/** A running job. Disposing it cancels what is still running and waits until nothing of it is left. */
export interface Run<J = any> extends AsyncDisposable {
  /** Unique among the runs on this machine. */
  readonly id: string;
  readonly job: string;
  /** What was made smaller than the options say so that the job fits into its memory; a line each, for people. */
  readonly notices: readonly string[];
  /** The job's live inputs. Naming one that the job does not have is an ARGUMENT_INVALID. */
  readonly inputs: { readonly [K in keyof InputRowsOf<J>]: LiveInput<InputRowsOf<J>[K]> };
  /**
   * The job's named outputs; iterating one throws what `finished` rejects with.
   *
   * Rows of a live output come as they are made, before anything is committed, to one reader. While they are not read
   * at most 1024 wait, and then the job waits too. To leave the loop is to lose interest: the job goes on, and further
   * rows are discarded by the workers that make them.
   * Once `stop` was called nothing waits: up to a million rows are kept for the reader.
   *
   * Rows of a final output come when the run has committed. At most a million each are kept.
   */
  readonly outputs: { readonly [K in keyof OutputRowsOf<J>]: AsyncIterable<OutputRowsOf<J>[K]> };
  /** Sources and inputs with rows, by the uid of their operators. */
  readonly sources: Readonly<Record<string, RunSource>>;
  /** Settles when everything has ended, threads included. Left alone, a rejection of it is not an unhandled one. */
  readonly finished: Promise<Summary>;
  /** Ends the inputs here, lets what was read, or pushed and taken, flow to the sinks, commits. */
  stop(): Promise<Summary>;
  /** Ends at once, and nothing becomes visible; once outputs are becoming visible it waits until they are. */
  cancel(reason?: unknown): Promise<void>;
  /** The figures of now; reads shared memory and disturbs no task. */
  metrics(): Metrics;
}

/** Figures of a running job. Ratios and rates are over about the last second. */
export interface Metrics {
  readonly job: string;
  readonly state: RunState;
  /** Since the run was started. */
  readonly elapsedMs: number;
  /** Records the sources have read. */
  readonly recordsIn: number;
  /** Records all sources hold together, where they know. */
  readonly recordsInTotal?: number;
  /** Over all sources. */
  readonly recordsInPerSecond: number;
  /** Shared memory of all exchanges. */
  readonly segmentBytes: number;
  /** A sink writes to standard output, past `process.stdout`. */
  readonly writesToStdout: boolean;
  /** In order of the job graph: by vertex, then subtask. */
  readonly tasks: readonly TaskMetrics[];
  /** In order of the job graph. */
  readonly vertices: readonly VertexMetrics[];
}

/**
 * Where the time of tasks goes, as shares 0..1 of it; together 1 for a task that runs, and 0 for one that does not.
 * Flink's `busyTimeMsPerSecond` is 1000 times `busyRatio`, and so on.
 */
export interface TimeRatios {
  /** At work, in the job's own functions or around them. */
  readonly busyRatio: number;
  /** Waiting for input while every output has room. */
  readonly idleRatio: number;
  /** Waiting for output, between two records or inside one. */
  readonly backpressuredRatio: number;
  /** Waiting for a promise of its source or sink. */
  readonly asyncRatio: number;
  /** Held back by the rate of its own source or sink. */
  readonly rateLimitedRatio: number;
}

/** Over the subtasks of one vertex; ratios are means. */
export interface VertexMetrics extends TimeRatios {
  readonly vertex: string;
  readonly name: string;
  readonly subtasks: number;
  /** Of the subtask that waits most. */
  readonly backpressuredRatioMax: number;
  readonly recordsIn: number;
  readonly recordsOut: number;
  readonly recordsInPerSecond: number;
  /** The earliest; null if none has one. */
  readonly watermarkMs: number | null;
}

export interface TaskMetrics extends TimeRatios {
  /** Id of the vertex, 32 hex digits. */
  readonly vertex: string;
  /** Name of the vertex: `parquet -> filter`. */
  readonly name: string;
  readonly subtask: number;
  readonly state: string;
  /** The two kinds of `backpressuredRatio`: waiting between two records, and inside one. */
  readonly softBackpressuredRatio: number;
  readonly hardBackpressuredRatio: number;
  /**
   * Its thread on a core, and able to run while others had the cores, as shares of the time. A task that was woken
   * waits for a core before it is busy. Absent where the system does not tell.
   */
  readonly onCoreRatio?: number;
  readonly awaitingCoreRatio?: number;
  /** Totals since the task began to run. */
  readonly times: TaskTimes;
  /** Totals of its thread; absent where the system does not tell. */
  readonly thread?: ThreadTimes;
  /** How long markers were on their way to its sinks; absent without sinks, or if `metrics.latency.interval` is 0. */
  readonly latency?: LatencyMetrics;
  readonly recordsIn: number;
  readonly recordsOut: number;
  /** Of buffers taken and finished; sources take none and sinks finish none. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly buffersIn: number;
  readonly buffersOut: number;
  /** Null for a source. */
  readonly input: InputMetrics | null;
  /** Null for a task that feeds no other. */
  readonly output: OutputMetrics | null;
  /** Splits of a source read to their end. */
  readonly splitsDone: number;
  /**
   * About how much of its busy time went into writing rows that nobody declared, and unpacking those without a flat
   * shape; from a sample of them.
   */
  readonly undeclaredMs: number;
  /** Turns of the task's loop so far: its heartbeat. */
  readonly loops: number;
  readonly recordsInPerSecond: number;
  /** Milliseconds since the epoch; null before the first watermark and after the last. */
  readonly watermarkMs: number | null;
}

/** From when a record was due at a source to when the task of a sink came to what followed it; since the start. */
export interface LatencyMetrics {
  readonly markers: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** What lies before a task, and the segments lent to those who feed it. */
export interface InputMetrics {
  /** Buffers published for the task that it has not begun to read. */
  readonly queuedBuffers: number;
  /** Segments that hold such buffers or the one being read; floating ones are filled first. And all there are. */
  readonly exclusiveInUse: number;
  readonly exclusive: number;
  readonly floatingInUse: number;
  readonly floating: number;
  /** Share of all these segments in use. */
  readonly poolUsage: number;
}

/** What lies behind a task, and the segments it fills; over all its outputs. */
export interface OutputMetrics {
  /** Buffers published that wait for credit. */
  readonly queuedBuffers: number;
  readonly freeSegments: number;
  /** Those of all segments that only a record already begun may use. */
  readonly overdraft: number;
  readonly segments: number;
  /** Buffers finished so far and discarded, since their receivers had left; `buffersOut` counts them too. */
  readonly discardedBuffers: number;
  /** Share of the segments up to the overdraft in use; above 1 while a record uses that. */
  readonly poolUsage: number;
}

/** What is left of a run when it has ended; plain JSON. */
export interface Summary {
  readonly job: string;
  readonly state: RunState;
  /** From start to end, threads and checks included. */
  readonly durationMs: number;
  /** From the first task running to the last one finished. */
  readonly runningMs: number;
  readonly recordsIn: number;
  readonly recordsOut: number;
  readonly lateRecords: number;
  readonly tasks: readonly TaskSummary[];
  readonly peakRssBytes: number;
  readonly segmentBytes: number;
  /** Absolute paths that became visible. */
  readonly outputs: readonly string[];
}

export interface TaskSummary {
  readonly vertex: string;
  readonly name: string;
  readonly subtask: number;
  readonly state: string;
  readonly recordsIn: number;
  readonly recordsOut: number;
  readonly lateRecords: number;
  readonly busyMs: number;
  /** `softBackpressuredMs` and `hardBackpressuredMs` together. */
  readonly backpressuredMs: number;
  readonly softBackpressuredMs: number;
  readonly hardBackpressuredMs: number;
  readonly idleMs: number;
  readonly asyncMs: number;
  readonly rateLimitedMs: number;
  /** About how much of `busyMs` went into the bytes of undeclared rows; see TaskMetrics. */
  readonly undeclaredMs: number;
  /** Longest single wait for output between two records, and inside one. */
  readonly longestSoftMs: number;
  readonly longestHardMs: number;
  /** Objects on the heap of its thread at the end, collected or not; absent for a live end. */
  readonly heapBytes?: number;
  /** One for each output whose rows nobody declared: the shape it learned, and how often that changed. */
  readonly undeclared: readonly LearnedReport[];
}
