import type { TaskTimes } from '../../memory/task-clock.js';
import type { TaskCounter } from '../../memory/task-line.js';
import type { ThreadTimes } from '../threads/thread-times.js';

/** Where a task's time had gone at some moment. */
export interface TimeSample {
  readonly times: Readonly<Record<TimeName, number>>;
  /** Null where the system does not tell. */
  readonly thread: ThreadTimes | null;
}

type TimeName = Exclude<
  Extract<keyof TaskTimes, `${string}Ms`>,
  'sinceMs' | 'longestSoftMs' | 'longestHardMs'
>;

/** What a task had come to at some moment. */
export interface TaskSample extends TimeSample, Readonly<Record<CountName, number>> {}

const TIMES = [
  'busyMs',
  'idleMs',
  'softBackpressuredMs',
  'hardBackpressuredMs',
  'asyncMs',
  'rateLimitedMs',
  'elapsedMs',
] as const satisfies readonly TimeName[];

/** Words of the task's line: totals since it began, its heap and its watermark. */
export const COUNTERS = [
  'recordsIn',
  'recordsOut',
  'bytesIn',
  'bytesOut',
  'buffersIn',
  'buffersOut',
  'lateRecords',
  'droppedRecords',
  'undeclaredMs',
  'gcCount',
  'gcMs',
  'heapBytes',
  'watermarkMs',
] as const satisfies readonly TaskCounter[];

/** And shares of pools in use; 0 where there is no pool. */
const COUNTS = [...COUNTERS, 'inPoolUsage', 'outPoolUsage'] as const;
export type CountName = (typeof COUNTS)[number];

/** Numbers of one sample in a row. */
export const SAMPLE_NUMBERS = COUNTS.length + TIMES.length + 2;

/** Writes a sample as numbers, from `begin` on; the past is kept so, because objects that live long burden the heap. */
export function packSample(sample: TaskSample, into: Float64Array, begin: number): void {
  let at = begin;
  for (const name of COUNTS) into[at++] = sample[name];
  for (const name of TIMES) into[at++] = sample.times[name];
  into[at++] = sample.thread?.onCoreMs ?? Number.NaN;
  into[at] = sample.thread?.awaitingCoreMs ?? Number.NaN;
}

export function unpackSample(from: Float64Array, begin: number): TaskSample {
  let at = begin;
  const named = <N extends string>(names: readonly N[]): Record<N, number> =>
    Object.fromEntries(names.map((name) => [name, from[at++]!])) as Record<N, number>;
  const counts = named(COUNTS);
  const times = named(TIMES);
  const [onCoreMs, awaitingCoreMs] = [from[at++]!, from[at]!];
  return { ...counts, times, thread: Number.isNaN(onCoreMs) ? null : { onCoreMs, awaitingCoreMs } };
}
