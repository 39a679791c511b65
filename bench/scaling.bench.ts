/**
 * Question: how does what a record costs grow with workers, keys, the size of a record, channels, and the steps of a chain?
 * Non-goals: what it comes to on other numbers of cores: every task is a thread, and there are as many cores as there are.
 *
 * Each curve is records per second against what grows. Nothing is random; where there is a baseline its result is
 * compared, and it is what a line beside the curve shows: the program by hand with as many threads, or a plain loop over
 * as many keys. With many keys the engine gives out all its results within the time, and the loop keeps them.
 */
import { fileURLToPath } from 'node:url';
import { chainOf } from './chain.bench.js';
import { jobSource, type ShuffleSize, shuffleJob, shuffleProgram } from './kit/shuffle-variants.js';
import type { BenchSuite, CurvePoint, Size, Variant } from './kit/suite.js';

const RECORDS: Readonly<Record<Size, number>> = { full: 20_000_000, smoke: 100_000 };
const CHAINED: Readonly<Record<Size, number>> = { full: 50_000_000, smoke: 100_000 };
/** As much as the curve of sizes moves at each of its points, unless the records are too small for that. */
const BYTES: Readonly<Record<Size, number>> = { full: 4_000_000_000, smoke: 2_000_000 };
/** There are many points, and a curve tells by its course. */
const POINT_BUDGET_MS = 15_000;

function byWorkers(workers: number): CurvePoint {
  const size: ShuffleSize = { records: RECORDS, keys: 1_000, threads: `${workers}x${workers}` };
  const subject = shuffleJob('shuffle-declared', size);
  return { x: workers, subject, baselines: [shuffleProgram('shared-memory', size)] };
}

function byChannels(channels: number): CurvePoint {
  const size: ShuffleSize = { records: RECORDS, keys: 1_000, threads: `1x${channels}` };
  return { x: channels, subject: shuffleJob('shuffle-declared', size), baselines: [] };
}

function byKeys(keys: number): CurvePoint {
  const size: ShuffleSize = { records: RECORDS, keys };
  const subject = shuffleJob('shuffle-many-keys', size);
  return { x: keys, subject, baselines: [shuffleProgram('one-thread', size)] };
}

function recordsOf(bytes: number): Variant {
  const count = (size: Size): number => Math.min(RECORDS[size], Math.ceil(BYTES[size] / bytes));
  const runner = fileURLToPath(new URL('./kit/run-job.js', import.meta.url));
  return {
    name: `${bytes} bytes`,
    command: (size) => ({
      argv: [runner, jobSource('records-of-size'), '2', '4', `records=${count(size)}`, `bytes=${bytes}`],
      timed: { kind: 'reported' },
    }),
  };
}

export const scaling: BenchSuite = {
  name: 'scaling',
  question:
    'how the cost of a record grows with workers, keys, record size, channels and the length of a chain',
  nonGoals: 'other numbers of cores than there are here',
  seed: 0,
  budgetMs: POINT_BUDGET_MS,
  comparisons: [],
  probes: [],
  curves: [
    { name: 'workers', axis: 'sources, and as many counters', points: [1, 2, 4, 8].map(byWorkers) },
    { name: 'channels', axis: 'channels of one source', points: [1, 2, 4, 8, 16, 32].map(byChannels) },
    { name: 'keys', axis: 'keys', points: [1, 2, 3, 4, 5, 6, 7].map((power) => byKeys(10 ** power)) },
    {
      ...{ name: 'record-bytes', axis: 'bytes of a record' },
      points: [16, 64, 256, 1_024, 4_096, 16_384, 65_536].map((bytes) => ({
        ...{ x: bytes, subject: recordsOf(bytes), baselines: [] },
      })),
    },
    {
      ...{ name: 'chain-steps', axis: 'steps of a chain' },
      points: [1, 2, 3, 5, 10].map((steps) => ({
        ...{ x: steps, subject: chainOf(steps, CHAINED), baselines: [] },
      })),
    },
  ],
};
