/**
 * Question: how near does a keyed shuffle through the public API come to one written by hand on shared memory, what does
 * it bring against a plain loop, and how does it compare with what else there is in Node?
 * Non-goals: start-up (time is taken between "all ready" and "all done"), windows, checkpoints, records with strings.
 *
 * The records are 24 bytes, computed from their index: nothing is random. Keys, counts and the sum of all prices are
 * compared; where programs run different numbers of records, with what a plain loop finds for as many. Every record
 * reaches the one place that keeps its key, so no program may add up counts before that. Rounds of work are hashing: 100
 * take about 0.15 us, 650 about 1 us.
 *
 * The programs of one thread do the same job without dividing it. Best of cloning is the fastest of those that hand
 * objects from thread to thread; the heads of all programs say which batches were best for them.
 */
import { shuffleOneThread } from './baselines/shuffle-one-thread.js';
import { type ShuffleSize, shuffleJob, shuffleProgram } from './kit/shuffle-variants.js';
import type { BenchSuite, Comparison, Size } from './kit/suite.js';

/** For the engine, its equals by hand and a plain loop: each runs for two seconds or more, far beyond its compilation. */
const RECORDS: Readonly<Record<Size, number>> = { full: 40_000_000, smoke: 200_000 };
const STREAMED: Readonly<Record<Size, number>> = { full: 20_000_000, smoke: 200_000 };
const CLONED: Readonly<Record<Size, number>> = { full: 3_000_000, smoke: 100_000 };

/** Rounds of hashing that take about so long. */
const ROUNDS = { '0.15us': 100, '1us': 650 };

const plain: ShuffleSize = { records: RECORDS, keys: 1_000 };
const manyKeys: ShuffleSize = { ...plain, keys: 100_000 };
const someWork: ShuffleSize = {
  ...plain,
  records: { ...RECORDS, full: 25_000_000 },
  work: ROUNDS['0.15us'],
};
const muchWork: ShuffleSize = { ...plain, records: { ...RECORDS, full: 5_000_000 }, work: ROUNDS['1us'] };

const declared = (size: ShuffleSize) => shuffleJob('shuffle-declared', size);
const againstHand = (name: string, size: ShuffleSize, bar?: string): Comparison => ({
  ...{
    name: `${name}-vs-handwritten`,
    subject: declared(size),
    baselines: [shuffleProgram('shared-memory', size)],
  },
  ...(bar !== undefined && { bar }),
});
const againstOneThread = (name: string, size: ShuffleSize, bar: string): Comparison => ({
  ...{ name: `${name}-vs-one-thread`, bar, subject: declared(size) },
  baselines: [shuffleProgram('one-thread', size)],
});

/** Against programs that need other numbers of records for as long a run. */
function against(
  name: string,
  programs: readonly string[],
  records: ShuffleSize['records'],
  bar?: string,
): Comparison {
  return {
    name: `shuffle-2x2-vs-${name}`,
    subject: declared(plain),
    baselines: programs.map((program) => shuffleProgram(program, { ...plain, records })),
    ...(bar !== undefined && { bar }),
    expected: (count) =>
      shuffleOneThread({ records: count, keys: plain.keys, work: 0, makers: 1, counters: 1, batch: 0 })
        .checksum,
  };
}

export const exchange: BenchSuite = {
  name: 'exchange',
  question:
    'a keyed shuffle of 24-byte records through the public API, against one by hand, a plain loop, and what else there is',
  nonGoals: 'start-up, windows, checkpoints, records with strings',
  seed: 0,
  comparisons: [
    againstHand('shuffle-2x2-1k', plain, '>= 0.75, aim 0.9'),
    againstHand('shuffle-2x2-100k', manyKeys, '>= 0.75, aim 0.9'),
    againstHand('shuffle-1x1-1k', { ...plain, threads: '1x1' }),
    againstHand('shuffle-4x4-1k', { ...plain, threads: '4x4' }),
    againstHand('shuffle-1x8-1k', { ...plain, threads: '1x8' }),
    // What two cores of this machine can do with that work at most, by the program that adds least to it.
    againstHand('shuffle-2x2-work', someWork),
    againstHand('shuffle-2x2-work1us', muchWork),
    {
      name: 'shuffle-2x2-undeclared-vs-declared',
      subject: shuffleJob('shuffle-undeclared', plain),
      baselines: [declared(plain)],
      bar: '>= 0.8',
    },
    againstOneThread('shuffle-2x2-1k', plain, '>= 0.87'),
    againstOneThread('shuffle-2x2-100k', manyKeys, '>= 1.6'),
    againstOneThread('shuffle-2x2-work', someWork, '>= 1.75'),
    againstOneThread('shuffle-2x2-work1us', muchWork, '>= 1.9'),
    against('best-cloning', ['post-message', 'comlink', 'piscina-cloned'], CLONED, '>= 10'),
    against('transfer', ['transfer'], RECORDS, '>= 1.0'),
    against('piscina-transferred', ['piscina-transferred'], STREAMED),
    against('node-streams', ['node-streams'], STREAMED),
    against('web-streams', ['web-streams'], STREAMED),
    against('rxjs', ['rxjs'], STREAMED),
    against('effect-stream', ['effect-stream'], STREAMED),
  ],
  probes: [],
};
