import type { InputsOf, OutputsOf, ParamsOf } from '../api/job.js';
import type { SluiceError } from '../base/errors.js';
import type { Json } from '../base/json.js';
import type { OptionLayer } from '../base/option-catalogue.js';
import type { LearnedReport } from '../runtime/undeclared-writer.js';
import type { Diagnosis } from './diagnosis/diagnosis.js';
import type { LoggedFinding } from './diagnosis/diagnosis-log.js';
import type { ExamineOptions } from './diagnosis/run-doctor.js';
import type { OutputWish } from './live/live-ends.js';
import type { LiveInput, LiveInputOptions } from './live/live-input.js';
import type { Metrics, MetricsWindow } from './metrics/metrics.js';
import type { ProfileOptions, RunProfile } from './profile/run-profile.js';
import type { TraceSummary } from './taps/run-trace.js';

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
  /**
   * Answer HTTP while the run goes on: `true`, or where and how. The routes are those of Flink; see docs/http.md. Runs
   * of one process that are served share one server, so they agree about it.
   */
  readonly serve?: boolean | ServeOptions;
  /**
   * A file for what happens to the tasks, in Chrome's trace format, which https://ui.perfetto.dev opens. At most
   * 64 MiB; what had no room is said at its end and in the summary.
   */
  readonly trace?: string;
  /** Aborting it cancels the run; `finished` then rejects with RUN_ABORTED. */
  readonly signal?: AbortSignal;
}

/** Where and how a run answers HTTP. Every member is optional. */
export interface ServeOptions {
  /** 8081 by default; 0: any that is free. The same as the option `rest.port`. */
  readonly port?: number;
  /** The address to listen at; by default 127.0.0.1, which only this machine reaches. */
  readonly host?: string;
  /** Whoever sends it as `Authorization: Bearer` may stop and cancel runs; without one nobody may. */
  readonly token?: string;
  /** Whose pages in a browser may read the answers: an origin, or `*`. By default none. */
  readonly allowOrigin?: string;
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
  /** 32 hex digits, drawn at random. */
  readonly id: string;
  readonly job: string;
  /** Where it answers HTTP: `http://127.0.0.1:8081`; null: it does not. */
  readonly url: string | null;
  /**
   * What was made smaller than the options say so that the job fits into its memory; and whose output buffers were
   * nearly all in use for a while, up to now. A line each, for people.
   */
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
  /**
   * The figures of now; reads shared memory and disturbs no task.
   *
   * @param window  what ratios and rates are over: the last second, or 10 or 60 of them; less where the run is younger
   */
  metrics(window?: MetricsWindow): Metrics;
  /** What holds the run up now, or that nothing does, with the grounds for it; from the figures of the last second. */
  diagnose(): Diagnosis;
  /**
   * The same, and what limits the run by its work is profiled for a while: the function and line that takes most of it
   * stands among the evidence. Without the profile where `rest.flamegraph.enabled` is false, or the run ends meanwhile.
   *
   * @throws SluiceError ARGUMENT_INVALID  an option is wrong
   * Cost: while it lasts, about a tenth of what those tasks do; see `profile`.
   */
  examine(options?: ExamineOptions): Promise<Diagnosis>;
  /**
   * Samples what the tasks do for a while: self time of every operator, also of those fused into one loop, hot
   * functions by line, and what tasks wait for. A task that does not come back from a function is seen too.
   *
   * @throws SluiceError ARGUMENT_INVALID  an option is wrong, or the run is over
   * @throws SluiceError PROFILE_UNAVAILABLE  this Node.js has no inspector
   * Cost: while it lasts, about a tenth of the throughput; at its begin each thread pauses for some 50 ms.
   */
  profile(options?: ProfileOptions): Promise<RunProfile>;
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
  /** Given to side outputs that nobody reads, or skipped since a function failed at them. */
  readonly droppedRecords: number;
  readonly tasks: readonly TaskSummary[];
  readonly peakRssBytes: number;
  readonly segmentBytes: number;
  /** What held the run up for most of its time; null where nothing did, or it was too short to tell. */
  readonly limit: LoggedFinding | null;
  /** Absolute paths that became visible. */
  readonly outputs: readonly string[];
  /** Absent if none was asked for. */
  readonly trace?: TraceSummary;
}

export interface TaskSummary {
  readonly vertex: string;
  readonly name: string;
  readonly subtask: number;
  readonly state: string;
  readonly recordsIn: number;
  readonly recordsOut: number;
  readonly lateRecords: number;
  /** Given to side outputs that nobody reads, or skipped since a function failed at them. */
  readonly droppedRecords: number;
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
  /** Garbage collections of its thread, and how long they held it up. */
  readonly gcCount: number;
  readonly gcMs: number;
  /** Objects on the heap of its thread at the end, collected or not; 0 for a live end. */
  readonly heapBytes: number;
  /** One for each output whose rows nobody declared: the shape it learned, and how often that changed. */
  readonly undeclared: readonly LearnedReport[];
}
