/**
 * Question: what does each cure, each shape and each knob that operators are taught bring here, and does the diagnosis name the
 * trap?
 * Non-goals: machines with other numbers of cores, traps whose cure is not there yet.
 *
 * A replay is a job of `examples/tuning` in two modes; both give the same rows. A knob that buys nothing is shown like any other.
 */
import { fileURLToPath } from 'node:url';
import { shuffleJob } from './kit/shuffle-variants.js';
import type { BenchSuite, Comparison, Probe, Size, Variant } from './kit/suite.js';

const compiled = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

interface Replay {
  readonly name: string;
  readonly records: number;
  /** What a finding should name before, and words of its advice. */
  readonly cause: string;
  readonly advice: string;
}

const REPLAYS: readonly Replay[] = [
  { name: 'declared-rows', records: 400_000, cause: 'undeclared', advice: 'declare' },
  { name: 'filter-first', records: 600_000, cause: 'late-filter', advice: 'move the filter above' },
  { name: 'rebalance-slow-step', records: 40_000, cause: 'cpu', advice: 'raise its parallelism' },
  { name: 'json-enrichment', records: 400_000, cause: 'cpu', advice: '' },
  { name: 'hot-key', records: 100_000, cause: 'key-skew', advice: 'spread the heavy keys' },
];

const SMOKE_SHARE = 0.01;

function replayed({ name, records }: Replay, mode: 'before' | 'after'): Variant {
  const job = fileURLToPath(new URL(`../../../examples/tuning/${name}.ts`, import.meta.url));
  return {
    name: mode,
    command: (size) => ({
      argv: [
        compiled('./kit/run-replay.js'),
        job,
        mode,
        `${size === 'smoke' ? records * SMOKE_SHARE : records}`,
      ],
      timed: { kind: 'reported' },
    }),
  };
}

/** What operators are taught to set, and the default. */
const KNOBS: readonly (readonly [key: string, value: string, taught: string])[] = [
  ['taskmanager.memory.network.fraction', '0.1', '0.25'],
  ['taskmanager.memory.network.min', '64 mb', '256 mb'],
  ['taskmanager.network.memory.buffers-per-channel', '2', '4'],
  ['taskmanager.network.memory.buffers-per-channel', '2', '8'],
  ['execution.buffer-timeout.interval', '100 ms', '5 ms'],
];

const RECORDS: Readonly<Record<Size, number>> = { full: 30_000_000, smoke: 100_000 };
const shuffle = (key: string, value: string): Variant => ({
  ...shuffleJob('shuffle-declared', { records: RECORDS, keys: 1_000 }, [`${key}=${value}`]),
  name: value,
});

const comparisons: readonly Comparison[] = [
  ...REPLAYS.map((replay) => ({
    name: replay.name,
    subject: replayed(replay, 'after'),
    baselines: [replayed(replay, 'before')],
    bar: '> 1',
  })),
  ...KNOBS.map(([key, value, taught]) => ({
    name: `${key}=${taught}`,
    subject: shuffle(key, taught),
    baselines: [shuffle(key, value)],
  })),
];

const probes: readonly Probe[] = [
  ...REPLAYS.map(
    ({ name, cause, advice }): Probe => ({
      figures: {
        [`${name}/doctor-before`]: { unit: 'of 1', bar: '= 1' },
        [`${name}/doctor-after`]: { unit: 'of 1', bar: '= 1' },
        [`${name}/before-p99-ms`]: { unit: 'ms' },
        [`${name}/after-p99-ms`]: { unit: 'ms' },
        [`${name}/before-in-flight-kb`]: { unit: 'KB' },
        [`${name}/after-in-flight-kb`]: { unit: 'KB' },
      },
      argv: (size) => [compiled('./probes/replay.js'), name, cause, advice, size],
    }),
  ),
  ...[...new Set(KNOBS.flatMap(([key, ...values]) => values.map((value) => `${key}=${value}`)))].map(
    (setting): Probe => ({
      figures: { [`${setting}/p99-ms`]: { unit: 'ms' }, [`${setting}/in-flight-kb`]: { unit: 'KB' } },
      argv: (size) => [compiled('./probes/knob.js'), ...setting.split('='), size],
    }),
  ),
];

export const tuning: BenchSuite = {
  name: 'tuning',
  question: 'what each cure, shape and knob that operators are taught brings, and whether the trap is named',
  nonGoals: 'other numbers of cores than there are here, traps whose cure is not there yet',
  seed: 0,
  comparisons,
  probes,
};
