/** Reports of benches as data, for tests of what is made of them. */
import {
  BENCH_FORM,
  type BenchReport,
  figuresOf,
  type Repetition,
} from '../../engine/control/bench/bench-report.js';

export function repetitionOf(changes: Partial<Repetition> = {}): Repetition {
  const ms = { p50: 1.5, p90: 4, p99: 12, p999: 40, max: 41 };
  return {
    fullSpeedPerSecond: 1.25e6,
    sustainablePerSecond: 1e6,
    trials: [
      { perSecond: 1.1e6, isHeld: false },
      { perSecond: 1e6, isHeld: true },
    ],
    cpuSecondsPerMillion: 1.6,
    latencies: [
      { load: 0.5, perSecond: 5e5, markers: 2_000, ms },
      { load: 0.8, perSecond: 8e5, markers: 2_000, ms: { ...ms, p50: 3 } },
    ],
    heapBytes: 4e7,
    againstPerSecond: null,
    ...changes,
  };
}

export function reportOf(
  repetitions: readonly Repetition[],
  changes: Partial<BenchReport> = {},
): BenchReport {
  return {
    form: BENCH_FORM,
    job: 'flights',
    at: '2001-02-03T04:05:06.000Z',
    ...{ node: '20.19.0', cores: 2, params: {}, options: {}, seconds: 2, sinks: 'own' },
    figures: figuresOf(repetitions),
    vertices: [
      {
        ...{ name: 'parquet -> eventTime -> filter', subtasks: 2, busy: 0.6, onCore: 0.5, awaitingCore: 0.1 },
        ...{ idle: 0, backpressured: 0.4, heldBack: 0, recordsInPerSecond: 1.25e6 },
      },
      {
        ...{ name: 'window(tumbling 1d) -> csv', subtasks: 2, busy: 0.9, onCore: null, awaitingCore: null },
        ...{ idle: 0.1, backpressured: 0, heldBack: 0, recordsInPerSecond: 6e5 },
      },
    ],
    bottleneck: {
      name: 'window(tumbling 1d) -> csv',
      reason: 'busy 90 % while parquet is backpressured 40 %',
    },
    memory: { peakRssBytes: 3e8, segmentBytes: 3e6 },
    against: null,
    repetitions,
    ...changes,
  };
}
