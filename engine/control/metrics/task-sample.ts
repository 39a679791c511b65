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
  for (let i = 0; i < COUNTS.length; i++) into[begin + i] = sample[COUNTS[i]!];
  const times = begin + COUNTS.length;
  for (let i = 0; i < TIMES.length; i++) into[times + i] = sample.times[TIMES[i]!];
  into[begin + ON_CORE] = sample.thread?.onCoreMs ?? Number.NaN;
  into[begin + ON_CORE + 1] = sample.thread?.awaitingCoreMs ?? Number.NaN;
}

const ON_CORE = COUNTS.length + TIMES.length;

/** The sample that begins at `begin`, read in place: hundreds are looked at each second, each for a number or two. */
export function keptSample(row: Float64Array, begin: number): TaskSample {
  return new KeptSample(row, begin) as unknown as TaskSample;
}

class KeptNumbers {
  readonly row: Float64Array;
  readonly begin: number;

  constructor(row: Float64Array, begin: number) {
    this.row = row;
    this.begin = begin;
  }
}

class KeptTimes extends KeptNumbers {}

class KeptSample extends KeptNumbers {
  get times(): KeptTimes {
    return new KeptTimes(this.row, this.begin + COUNTS.length);
  }

  get thread(): ThreadTimes | null {
    const onCoreMs = this.row[this.begin + ON_CORE]!;
    return Number.isNaN(onCoreMs) ? null : { onCoreMs, awaitingCoreMs: this.row[this.begin + ON_CORE + 1]! };
  }
}

/** A getter for each number, in order. */
function readInPlace(prototype: KeptNumbers, names: readonly string[]): void {
  for (const [i, name] of names.entries()) {
    Object.defineProperty(prototype, name, {
      get(this: KeptNumbers) {
        return this.row[this.begin + i];
      },
    });
  }
}

readInPlace(KeptSample.prototype, COUNTS);
readInPlace(KeptTimes.prototype, TIMES);
