/**
 * Question: what does a slow reader do to those before it, how soon, how much lies between tasks meanwhile, and what does
 * all that cost when nobody is slow?
 * Non-goals: what a record costs (see `exchange`), start-up except `warmup-ms-per-task`, other numbers of cores than
 * those here: a task has a thread, so most results are about more threads than cores.
 *
 * Nothing is random. What is measured, from when to when, is in the head of each program. Bars are what the results
 * are meant to come to; a result that misses its bar is reported like any other.
 */
import { fileURLToPath } from 'node:url';
import type { BenchSuite, Comparison, Figure, Probe, Size, Variant } from './kit/suite.js';

const compiled = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
/** Jobs are run from their source, as a user runs them. */
const source = (path: string): string => fileURLToPath(new URL(`../../../bench/${path}`, import.meta.url));

const KEYS = 1_000;
const RECORDS: Readonly<Record<Size, number>> = { full: 30_000_000, smoke: 1_000_000 };
/** All threads have compiled what they run when a third is through: some 800 k records for each of 64 tasks. */
const MARGINAL_RECORDS: Readonly<Record<Size, number>> = { full: 150_000_000, smoke: 1_000_000 };

/** A smoke run proves that many tasks of a vertex run, and starts no hundred threads for it. */
const SMOKE_PARALLELISM_MAX = 3;
const fitted = (parallelism: number, size: Size): number =>
  size === 'smoke' ? Math.min(parallelism, SMOKE_PARALLELISM_MAX) : parallelism;

/** The declared shuffle of the suite `exchange`. */
function shuffle(name: string, parallelism: number, ...settings: readonly string[]): Variant {
  const job = source('jobs/shuffle-declared.ts');
  return {
    name,
    command: (size) => ({
      argv: [
        compiled('./kit/run-shuffle.js'),
        job,
        `${(settings.includes('marginal') ? MARGINAL_RECORDS : RECORDS)[size]}`,
        `${KEYS}`,
        `${fitted(parallelism, size)}`,
        ...settings,
      ],
      timed: { kind: 'reported' },
    }),
  };
}

function uneven(name: string, isAdaptive: boolean): Variant {
  return {
    name,
    command: (size) => ({
      argv: [compiled('./probes/uneven-consumers.js'), size === 'smoke' ? '2000' : '60000', `${isAdaptive}`],
      timed: { kind: 'reported' },
    }),
  };
}

const perChannel = 'taskmanager.network.memory.buffers-per-channel';
const atMost = 'taskmanager.network.memory.max-buffers-per-channel';
const debloat = 'taskmanager.network.memory.buffer-debloat.enabled';
const plain = shuffle('defaults', 2);
const marginal2 = shuffle('2x2', 2, 'marginal');

const comparisons: readonly Comparison[] = [
  {
    name: 'adaptive-vs-strict-rebalance',
    subject: uneven('adaptive', true),
    baselines: [uneven('strict', false)],
    bar: '>= 2',
  },
  {
    name: 'debloat-cost',
    subject: shuffle('debloating', 2, `${debloat}=true`),
    baselines: [plain],
    bar: '>= 0.97',
  },
  {
    name: 'small-buffers-vs-64',
    subject: plain,
    baselines: [shuffle('64 buffers', 2, `${perChannel}=64`, `${atMost}=64`)],
    bar: '>= 0.9',
  },
  {
    name: 'channels-16x16-vs-2x2',
    subject: shuffle('16x16', 16, 'marginal'),
    baselines: [marginal2],
    bar: '>= 0.7',
  },
  {
    name: 'channels-64x64-vs-2x2',
    subject: shuffle('64x64', 64, 'marginal'),
    baselines: [marginal2],
    bar: '>= 0.4, aim 0.6',
  },
];

function probe(
  program: string,
  args: readonly (string | number)[],
  figures: Readonly<Record<string, Figure>>,
  flags: readonly string[] = [],
): Probe {
  return { figures, argv: (size) => [...flags, compiled(program), ...args.map(String), size] };
}

function slowSink(percent: number): Probe {
  return probe('./probes/slow-sink.js', [percent], {
    [`slow-sink-${percent}pct`]: { unit: 'busy share', bar: '>= 0.99' },
    [`slow-sink-${percent}pct/in-flight`]: { unit: 'of the most there can be', bar: '<= 1' },
    [`slow-sink-${percent}pct/rate`]: { unit: 'of the capacity of the source' },
  });
}

function latency(percent: number, timeoutMs: 0 | 5, p99Ms: number, p9999Ms?: number): Probe {
  const name = (what: string): string =>
    `latency-${percent}-${what}${timeoutMs === 0 ? '' : `-timeout-${timeoutMs}`}`;
  return probe('./probes/latency.js', [percent, timeoutMs], {
    [name('p50-ms')]: { unit: 'ms' },
    [name('p99-ms')]: { unit: 'ms', bar: `<= ${p99Ms + timeoutMs}` },
    [name('p9999-ms')]: {
      unit: 'ms',
      ...(p9999Ms !== undefined && { bar: `<= ${p9999Ms + timeoutMs}` }),
    },
    [name('rate')]: { unit: 'records/s' },
  });
}

const warmUp = (parallelism: number): Probe =>
  probe('./probes/warm-up.js', [parallelism, SMOKE_PARALLELISM_MAX], {
    [`warmup-ms-per-task-${parallelism}x${parallelism}`]: { unit: 'ms' },
  });

const probes: readonly Probe[] = [
  slowSink(1),
  slowSink(10),
  slowSink(50),
  probe('./probes/stop-and-resume.js', [], {
    'stop-ms': { unit: 'ms beyond the time to fill', bar: '<= 5' },
    'stop-ms-p99': { unit: 'ms beyond the time to fill' },
    'resume-ms-p50': { unit: 'ms' },
    'resume-ms-p99': { unit: 'ms', bar: '<= 5' },
  }),
  probe('./inside/grants.js', [], {
    'grant-us-p50': { unit: 'us' },
    'grant-us-p99': { unit: 'us' },
    'grant-running-us-p50': { unit: 'us' },
    'grant-running-us-p99': { unit: 'us' },
  }),
  probe('./probes/walk-upstream.js', [], {
    'walk-upstream/task-4-ms': { unit: 'ms' },
    'walk-upstream/task-3-ms': { unit: 'ms' },
    'walk-upstream/task-2-ms': { unit: 'ms' },
    'walk-upstream/task-1-ms': { unit: 'ms' },
    'walk-upstream/task-0-ms': { unit: 'ms' },
  }),
  probe('./probes/debloat-error.js', [100], {
    'debloat-100ms-error': { unit: 'of the target', bar: '<= 0.25' },
  }),
  probe('./probes/debloat-error.js', [1_000], {
    'debloat-1s-error': { unit: 'of the target', bar: '<= 0.25' },
  }),
  latency(50, 0, 5, 20),
  latency(50, 5, 5, 20),
  latency(80, 0, 20),
  latency(80, 5, 20),
  warmUp(16),
  warmUp(64),
  probe(
    './probes/stalled-sink-memory.js',
    [],
    { 'stalled-sink-rss-mb-per-min': { unit: 'MB/min', bar: '<= 2' } },
    ['--expose-gc'],
  ),
];

export const backpressure: BenchSuite = {
  name: 'backpressure',
  question: 'what a slow reader does to those before it, how soon, and what it costs when nobody is slow',
  nonGoals: 'what a record costs, start-up except warmup-ms-per-task, other numbers of cores than those here',
  seed: 0,
  comparisons,
  probes,
};
