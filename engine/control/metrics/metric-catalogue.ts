import { SYSTEM_CLOCK } from '../../base/clock.js';
import type { LatencyMetrics, TaskMetrics } from './metrics.js';

/**
 * Every metric of a task under the name that Flink gives it, or would: what the HTTP routes answer, what Prometheus
 * scrapes and what docs/metrics.md lists.
 */

export interface MetricRow {
  /** A counter only grows while its task runs; a gauge is what it is now, or was over the window. */
  readonly kind: 'counter' | 'gauge';
  readonly unit:
    | 'ms'
    | 'ms/s'
    | 'records'
    | 'records/s'
    | 'bytes'
    | 'bytes/s'
    | 'buffers'
    | 'buffers/s'
    | 'ratio'
    | '1';
  /** False: Flink has no such metric. */
  readonly isFlinks: boolean;
  /** Null: this task has none, or none yet. */
  readonly of: (task: TaskMetrics) => number | null;
  readonly meaning: string;
}

type Of = MetricRow['of'];

const counter = (unit: MetricRow['unit'], of: Of, meaning: string): MetricRow => ({
  kind: 'counter',
  unit,
  isFlinks: true,
  of,
  meaning,
});
const gauge = (unit: MetricRow['unit'], of: Of, meaning: string): MetricRow => ({
  ...counter(unit, of, meaning),
  kind: 'gauge',
});
const ours = (row: MetricRow): MetricRow => ({ ...row, isFlinks: false });
/** A share of the time as Flink tells it. */
const perSecond = (of: (task: TaskMetrics) => number | undefined, meaning: string): MetricRow =>
  gauge('ms/s', (task) => thousandfold(of(task)), meaning);

/** Quantiles of what is counted in a histogram, named as Flink names them. */
const residence = <N extends string>(
  name: N,
  of: (task: TaskMetrics) => LatencyMetrics | null | undefined,
  meaning: string,
): Record<`${N}_p50` | `${N}_p99` | `${N}_p999`, MetricRow> => {
  const row = (quantile: 'p50Ms' | 'p99Ms' | 'p999Ms', share: string): MetricRow =>
    ours(gauge('ms', (task) => of(task)?.[quantile] ?? null, `${meaning}: ${share}.`));
  const rows = {
    [`${name}_p50`]: row('p50Ms', 'half of them at most this'),
    [`${name}_p99`]: row('p99Ms', '99 % of them'),
    [`${name}_p999`]: row('p999Ms', '99.9 % of them'),
  };
  return rows as ReturnType<typeof residence<N>>;
};

// biome-ignore format: a table
export const TASK_METRICS = {
  busyTimeMsPerSecond:               perSecond((t) => t.busyRatio, 'At work, in the functions of the job or around them.'),
  idleTimeMsPerSecond:               perSecond((t) => t.idleRatio, 'Waiting for input while every output has room.'),
  backPressuredTimeMsPerSecond:      perSecond((t) => t.backpressuredRatio, 'Waiting for output: soft and hard together.'),
  softBackPressuredTimeMsPerSecond:  perSecond((t) => t.softBackpressuredRatio, 'Waiting for output between two records.'),
  hardBackPressuredTimeMsPerSecond:  perSecond((t) => t.hardBackpressuredRatio, 'Waiting for output inside a record.'),
  asyncTimeMsPerSecond:              ours(perSecond((t) => t.asyncRatio, 'Waiting for a promise of its source or sink.')),
  rateLimitedTimeMsPerSecond:        ours(perSecond((t) => t.rateLimitedRatio, 'Held back by the rate of its own source or sink.')),
  onCoreTimeMsPerSecond:             ours(perSecond((t) => t.onCoreRatio, 'Its thread on a core; where the system tells.')),
  awaitingCoreTimeMsPerSecond:       ours(perSecond((t) => t.awaitingCoreRatio, 'Its thread able to run while others had the cores; where the system tells.')),
  accumulateBusyTimeMs:              counter('ms', (t) => t.times.busyMs, 'At work since it began.'),
  accumulateIdleTimeMs:              counter('ms', (t) => t.times.idleMs, 'Waiting for input since it began.'),
  accumulateBackPressuredTimeMs:     counter('ms', (t) => t.times.softBackpressuredMs + t.times.hardBackpressuredMs, 'Waiting for output since it began.'),
  accumulateAsyncTimeMs:             ours(counter('ms', (t) => t.times.asyncMs, 'Waiting for promises of its source or sink since it began.')),
  accumulateRateLimitedTimeMs:       ours(counter('ms', (t) => t.times.rateLimitedMs, 'Held back by rates since it began.')),
  maxSoftBackPressureTimeMs:         gauge('ms', (t) => t.times.longestSoftMs, 'The longest single wait for output between two records.'),
  maxHardBackPressureTimeMs:         gauge('ms', (t) => t.times.longestHardMs, 'The longest single wait for output inside a record.'),
  isBackPressured:                   gauge('1', (t) => Number(/Backpressured$/.test(t.times.state ?? '')), '1 while it waits for output.'),
  numRecordsIn:                      counter('records', (t) => t.recordsIn, 'Records taken from input or made by its source.'),
  numRecordsInPerSecond:             gauge('records/s', (t) => t.recordsInPerSecond, 'The same in a second.'),
  numRecordsOut:                     counter('records', (t) => t.recordsOut, 'Records given to its outputs and sinks.'),
  numRecordsOutPerSecond:            gauge('records/s', (t) => t.recordsOutPerSecond, 'The same in a second.'),
  numBytesIn:                        counter('bytes', (t) => t.bytesIn, 'Bytes of buffers taken.'),
  numBytesInPerSecond:               gauge('bytes/s', (t) => t.bytesInPerSecond, 'The same in a second.'),
  numBytesOut:                       counter('bytes', (t) => t.bytesOut, 'Bytes of buffers finished.'),
  numBytesOutPerSecond:              gauge('bytes/s', (t) => t.bytesOutPerSecond, 'The same in a second.'),
  numBuffersOut:                     counter('buffers', (t) => t.buffersOut, 'Buffers finished.'),
  numBuffersOutPerSecond:            gauge('buffers/s', (t) => t.buffersOutPerSecond, 'The same in a second.'),
  numLateRecordsDropped:             counter('records', (t) => t.lateRecords, 'Records dropped, since their windows had closed.'),
  numRecordsDropped:                 ours(counter('records', (t) => t.droppedRecords, 'Records given to a side output that nobody reads, or skipped since a function failed at them.')),
  currentInputWatermark:             gauge('ms', (t) => t.watermarkMs, 'The merged watermark, ms since the epoch.'),
  watermarkLag:                      gauge('ms', (t) => (t.watermarkMs === null ? null : SYSTEM_CLOCK.wallMs() - t.watermarkMs), 'How far the watermark is behind the clock on the wall.'),
  'Shuffle.Netty.Input.numBytesInRemote':    counter('bytes', (t) => t.bytesIn, 'Bytes that came from other tasks: all of them.'),
  'Shuffle.Netty.Input.numBuffersInRemote':  counter('buffers', (t) => t.buffersIn, 'Buffers that came from other tasks: all of them.'),
  'Shuffle.Netty.Input.numBuffersInRemotePerSecond': gauge('buffers/s', (t) => t.buffersInPerSecond, 'The same in a second.'),
  'Shuffle.Netty.Input.Buffers.inputQueueLength':    gauge('buffers', (t) => t.input?.queuedBuffers ?? null, 'Buffers published for it that it has not begun to read.'),
  'Shuffle.Netty.Input.Buffers.inPoolUsage':         gauge('ratio', (t) => t.input?.poolUsage ?? null, 'Share of the segments it lent to its senders that hold such buffers, or the one it reads.'),
  'Shuffle.Netty.Input.Buffers.inputExclusiveBuffersUsage': gauge('ratio', (t) => share(t.input?.exclusiveInUse, t.input?.exclusive), 'The same of those that belong to one channel each.'),
  'Shuffle.Netty.Input.Buffers.inputFloatingBuffersUsage':  gauge('ratio', (t) => share(t.input?.floatingInUse, t.input?.floating), 'The same of those that go to any channel.'),
  'Shuffle.Netty.Output.Buffers.outputQueueLength':  gauge('buffers', (t) => t.output?.queuedBuffers ?? null, 'Buffers published that wait for credit.'),
  'Shuffle.Netty.Output.Buffers.outPoolUsage':       gauge('ratio', (t) => t.output?.poolUsage ?? null, 'Share of its segments in use; above 1 while a record uses the overdraft.'),
  'Shuffle.Netty.Output.Buffers.discardedBuffers':   ours(counter('buffers', (t) => t.output?.discardedBuffers ?? null, 'Buffers finished and discarded, since their receivers had left.')),
  splitsDone:                        ours(counter('1', (t) => t.splitsDone, 'Splits of its source read to their end.')),
  undeclaredTimeMsPerSecond:         ours(gauge('ms/s', (t) => t.undeclaredMsPerSecond, 'About how much of it went into the bytes of rows that nobody declared.')),
  undeclaredTimeMs:                  ours(counter('ms', (t) => t.undeclaredMs, 'About how long rows that nobody declared took to write and to unpack.')),
  gcCount:                           ours(counter('1', (t) => t.gcCount, 'Garbage collections of its thread.')),
  gcTimeMsPerSecond:                 ours(gauge('ms/s', (t) => t.gcMsPerSecond, 'Garbage collections holding its thread up.')),
  gcTimeMs:                          ours(counter('ms', (t) => t.gcMs, 'How long they held it up.')),
  heapUsed:                          ours(gauge('bytes', (t) => t.heapBytes, 'Objects on the heap of its thread, collected or not.')),
  ...residence('exchangeResidenceTimeMs', (t) => t.residence?.exchange, 'What latency markers spent in its exchange, until it began to read their buffer'),
  ...residence('chainResidenceTimeMs', (t) => t.residence?.chain, 'What they spent in its chain, until what stood before them was done'),
  taskLoops:                         ours(counter('1', (t) => t.loops, 'Turns of its loop: the heartbeat.')),
} as const satisfies Record<string, MetricRow>;

export type TaskMetricId = keyof typeof TASK_METRICS;

/**
 * What a histogram of latencies tells: the ending of a name in JSON, and its meaning. Flink's median ends in `_median`.
 * Each is of one source and one subtask: `latency.source_id.<id>.operator_id.<id>.operator_subtask_index.<n>.latency`.
 */
// biome-ignore format: a table
export const LATENCY_METRICS = {
  min:    { of: (l) => l.minMs,    meaning: 'The shortest.' },
  max:    { of: (l) => l.maxMs,    meaning: 'The longest.' },
  mean:   { of: (l) => l.meanMs,   meaning: 'Their mean.' },
  median: { of: (l) => l.p50Ms,    meaning: 'Half of them took at most this.' },
  stddev: { of: (l) => l.stddevMs, meaning: 'How far they are from their mean: the root of the mean square.' },
  p75:    { of: (l) => l.p75Ms,    meaning: '75 % of them took at most this.' },
  p90:    { of: (l) => l.p90Ms,    meaning: '90 % of them.' },
  p95:    { of: (l) => l.p95Ms,    meaning: '95 % of them.' },
  p98:    { of: (l) => l.p98Ms,    meaning: '98 % of them.' },
  p99:    { of: (l) => l.p99Ms,    meaning: '99 % of them.' },
  p999:   { of: (l) => l.p999Ms,   meaning: '99.9 % of them.' },
} as const satisfies Record<string, { readonly of: (latency: LatencyMetrics) => number; readonly meaning: string }>;

/** What Prometheus gets of them. */
export const LATENCY_QUANTILES = {
  0.5: 'median',
  0.75: 'p75',
  0.95: 'p95',
  0.98: 'p98',
  0.99: 'p99',
  0.999: 'p999',
} as const;

/** The row of a metric, with its members widened; null: there is no such metric. */
export function metricRow(id: string): MetricRow | null {
  return Object.hasOwn(TASK_METRICS, id) ? TASK_METRICS[id as TaskMetricId] : null;
}

function thousandfold(ratio: number | undefined): number | null {
  return ratio === undefined ? null : ratio * 1_000;
}

/** Null of nothing known; 0 of none. */
function share(some: number | undefined, all: number | undefined): number | null {
  if (some === undefined || all === undefined) return null;
  return all === 0 ? 0 : some / all;
}
