import type { RateTrial } from './rate-search.js';
import { type Spread, spreadOf } from './spread.js';
import type { Bottleneck, VertexShares } from './task-shares.js';

/** Changes whenever a figure changes its meaning: what is compared must mean the same. */
export const BENCH_FORM = 'sluice-bench-1';

/** What `sluice bench --json` prints; plain JSON. */
export interface BenchReport {
  readonly form: typeof BENCH_FORM;
  readonly job: string;
  /** ISO 8601. */
  readonly at: string;
  readonly node: string;
  readonly cores: number;
  readonly params: Readonly<Record<string, string>>;
  /** Options that were given, by key. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Length of each measurement. */
  readonly seconds: number;
  readonly sinks: 'own' | 'discarded';
  readonly figures: readonly Figure[];
  /** At full speed, in the last repetition; in order of the job graph. */
  readonly vertices: readonly VertexShares[];
  readonly bottleneck: Bottleneck | null;
  readonly memory: {
    /** Of the process, the command itself included. */
    readonly peakRssBytes: number;
    readonly segmentBytes: number;
  };
  readonly against: {
    readonly module: string;
    readonly records: number;
    /** The function was given records that had been read before. */
    readonly areInMemory: boolean;
  } | null;
  readonly repetitions: readonly Repetition[];
}

/** One figure over all repetitions. */
export interface Figure extends Spread {
  readonly name: string;
  readonly unit: string;
  readonly isLessBetter: boolean;
}

export interface Repetition {
  readonly fullSpeedPerSecond: number;
  readonly sustainablePerSecond: number;
  readonly trials: readonly RateTrial[];
  /** At full speed, of the whole process. */
  readonly cpuSecondsPerMillion: number;
  readonly latencies: readonly LoadLatency[];
  /** Of the threads of all tasks, at the end. */
  readonly heapBytes: number | null;
  readonly againstPerSecond: number | null;
}

export interface LoadLatency {
  /** Share of the sustainable rate. */
  readonly load: number;
  readonly perSecond: number;
  readonly markers: number;
  /** Null: no marker came to a sink. */
  readonly ms: LatencyQuantiles | null;
}

export const QUANTILES = ['p50', 'p90', 'p99', 'p999', 'max'] as const;
type Quantile = (typeof QUANTILES)[number];
type LatencyQuantiles = Readonly<Record<Quantile, number>>;

export const FIGURES = {
  fullSpeed: 'full speed',
  sustainable: 'sustainable throughput',
  cpu: 'CPU seconds per million records',
  heap: 'heap of the tasks',
  against: 'job / one thread',
} as const;

export function quantileText(quantile: Quantile): string {
  return quantile === 'p999' ? 'p99.9' : quantile;
}

/** The name of a figure of latency. */
export function latencyName(load: number, quantile: Quantile): string {
  return `latency at ${Math.round(load * 100)} %, ${quantileText(quantile)}`;
}

/** @param repetitions  at least one */
export function figuresOf(repetitions: readonly Repetition[]): readonly Figure[] {
  const figures: Figure[] = [];
  const add = (
    name: string,
    unit: string,
    isLessBetter: boolean,
    of: (each: Repetition) => number | null,
  ): void => {
    const values = repetitions.map(of).filter((value) => value !== null);
    if (values.length === repetitions.length) figures.push({ name, unit, isLessBetter, ...spreadOf(values) });
  };
  add(FIGURES.fullSpeed, 'records/s', false, ({ fullSpeedPerSecond }) => fullSpeedPerSecond);
  add(FIGURES.sustainable, 'records/s', false, ({ sustainablePerSecond }) => sustainablePerSecond);
  for (const [k, { load }] of repetitions[0]!.latencies.entries())
    for (const quantile of QUANTILES)
      add(latencyName(load, quantile), 'ms', true, ({ latencies }) => latencies[k]!.ms?.[quantile] ?? null);
  add(FIGURES.cpu, 's', true, ({ cpuSecondsPerMillion }) => cpuSecondsPerMillion);
  add(FIGURES.heap, 'bytes', true, ({ heapBytes }) => heapBytes);
  add(FIGURES.against, 'times', false, ({ fullSpeedPerSecond, againstPerSecond }) =>
    againstPerSecond === null ? null : fullSpeedPerSecond / againstPerSecond,
  );
  return figures;
}
