import type { TaskTimes } from '../../memory/task-clock.js';
import type { RunState } from '../run.js';
import type { ThreadTimes } from '../threads/thread-times.js';

/** What ratios and rates are over; the last second where nothing is said. */
export type MetricsWindow = '1s' | '10s' | '60s';

/** Figures of a running job. */
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
  /** What ratios and rates are really over, in milliseconds. */
  readonly windowMs: number;
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
  readonly lateRecords: number;
  readonly droppedRecords: number;
  readonly recordsInPerSecond: number;
  readonly recordsOutPerSecond: number;
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
  /**
   * How long markers had been on their way when the task came to them, from when they were due at their sources; absent
   * before the first, and if `metrics.latency.interval` is 0.
   */
  readonly latency?: LatencyMetrics;
  /** The same by source: the id of its vertex. */
  readonly latencies?: readonly (LatencyMetrics & { readonly source: string })[];
  /** Where on their way they were, for the last part of it. */
  readonly residence?: ResidenceMetrics;
  readonly recordsIn: number;
  readonly recordsOut: number;
  /** Of buffers taken and finished; sources take none and sinks finish none. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly buffersIn: number;
  readonly buffersOut: number;
  /** Dropped, since their windows had closed. */
  readonly lateRecords: number;
  /** Given to a side output that nobody reads, or skipped since a function failed at them. */
  readonly droppedRecords: number;
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
  /** Garbage collections of its thread since it began, and how long they held it up. */
  readonly gcCount: number;
  readonly gcMs: number;
  /** Objects on the heap of its thread, collected or not, at its last turn of the event loop; 0 for a live end. */
  readonly heapBytes: number;
  /** Of each second of the window, in collections, and in the bytes of rows that nobody declared. */
  readonly gcMsPerSecond: number;
  readonly undeclaredMsPerSecond: number;
  readonly recordsInPerSecond: number;
  readonly recordsOutPerSecond: number;
  readonly bytesInPerSecond: number;
  readonly bytesOutPerSecond: number;
  readonly buffersInPerSecond: number;
  readonly buffersOutPerSecond: number;
  /** Milliseconds since the epoch; null before the first watermark and after the last. */
  readonly watermarkMs: number | null;
}

/** Times of latency markers, since the start. Markers stand behind records, and wait where these do. */
export interface LatencyMetrics {
  readonly markers: number;
  readonly minMs: number;
  readonly meanMs: number;
  readonly stddevMs: number;
  readonly p50Ms: number;
  readonly p75Ms: number;
  readonly p90Ms: number;
  readonly p95Ms: number;
  readonly p98Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
}

/** Added up along its way, the means of all parts are the mean of the whole. */
export interface ResidenceMetrics {
  /** From when the task before was ready to send until this one began to read the buffer; null for a source. */
  readonly exchange: LatencyMetrics | null;
  /** From then until all before the marker was done; at a source, from when the marker was due. */
  readonly chain: LatencyMetrics;
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
