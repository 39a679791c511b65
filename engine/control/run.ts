import type { SluiceError } from '../base/errors.js';
import type { Json } from '../base/json.js';
import type { OptionLayer } from '../base/option-catalogue.js';
import type { TaskTimes } from '../memory/task-clock.js';
import type { LearnedReport } from '../runtime/undeclared-writer.js';

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

/** How to start a job. Every member is optional. */
export interface StartOptions {
  /** Values of the job's declared parameters; strings are parsed as their types. */
  readonly params?: Readonly<Record<string, Json>>;
  /** Subtasks of each operator that does not say its own; the same as the option `parallelism.default`. */
  readonly parallelism?: number;
  /** By key, as in a configuration file. */
  readonly options?: Readonly<Record<string, Json>>;
  /** Layers above `options`, the strongest first: what a command line or a file said. */
  readonly optionLayers?: readonly OptionLayer[];
  /** Rows of the job's named inputs. */
  readonly inputs?: Readonly<Record<string, readonly object[]>>;
  /**
   * Told what goes wrong without ending the run: tasks that wait for each other, a function that does not come back.
   * See the options `sluice.watchdog`. Without it they are warnings of the process.
   */
  readonly onWarning?: (warning: SluiceError) => void;
  /** Aborting it cancels the run; `finished` then rejects with RUN_ABORTED. */
  readonly signal?: AbortSignal;
}

/** A running job. Disposing it cancels what is still running and waits until nothing of it is left. */
export interface Run extends AsyncDisposable {
  /** Unique among the runs on this machine. */
  readonly id: string;
  readonly job: string;
  /** What was made smaller than the options say so that the job fits into its memory; a line each, for people. */
  readonly notices: readonly string[];
  /**
   * The job's named outputs. Their rows come when the run has committed; iterating one waits for that, and throws what
   * `finished` rejects with. At most a million rows each are kept.
   */
  readonly outputs: Readonly<Record<string, AsyncIterable<any>>>;
  /** Settles when everything has ended, threads included. Left alone, a rejection of it is not an unhandled one. */
  readonly finished: Promise<Summary>;
  /** Ends the inputs here, lets what was read flow to the sinks, commits. */
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
  /** Turns of the task's loop so far: its heartbeat. */
  readonly loops: number;
  readonly recordsInPerSecond: number;
  /** Milliseconds since the epoch; null before the first watermark and after the last. */
  readonly watermarkMs: number | null;
}

/** What lies before a task, and the segments lent to those who feed it. */
export interface InputMetrics {
  /** Buffers published for the task that it has not begun to read. */
  readonly queuedBuffers: number;
  /** Segments that hold such buffers, and all there are: those of one channel alone, and those lent on demand. */
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
  /** Longest single wait for output between two records, and inside one. */
  readonly longestSoftMs: number;
  readonly longestHardMs: number;
  /** One for each output whose rows nobody declared: the shape it learned, and how often that changed. */
  readonly undeclared: readonly LearnedReport[];
}
