/**
 * Question: how near does a keyed shuffle through the public API, two sources to two counters, come to one written by
 * hand on shared memory, and to a plain loop?
 * Non-goals: start-up (time is taken between "all ready" and "all done"), windows, checkpoints, records with strings.
 *
 * The records are 24 bytes, of 1,000 keys, computed from their index: nothing is random. Keys, counts and the sum of all
 * prices are compared.
 */
import { fileURLToPath } from 'node:url';
import type { BenchSuite, Size, Variant } from './kit/suite.js';

const KEYS = 1_000;
const RECORDS: Readonly<Record<Size, number>> = { full: 40_000_000, smoke: 200_000 };

const compiled = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
/** Jobs are run from their source, as a user runs them. */
const source = (path: string): string => fileURLToPath(new URL(`../../../bench/${path}`, import.meta.url));

function program(name: string, path: string): Variant {
  return {
    name,
    command: (size) => ({
      argv: [compiled(path), `${RECORDS[size]}`, `${KEYS}`],
      timed: { kind: 'reported' },
    }),
  };
}

function engineJob(name: string, path: string): Variant {
  return {
    name,
    command: (size) => ({
      argv: [compiled('./kit/run-shuffle.js'), source(path), `${RECORDS[size]}`, `${KEYS}`, '2'],
      timed: { kind: 'reported' },
    }),
  };
}

const declared = engineJob('declared map', 'jobs/shuffle-declared.ts');
const undeclared = engineJob('undeclared map', 'jobs/shuffle-undeclared.ts');
const handwritten = program('hand-written on shared memory', './baselines/shuffle-shared-memory.js');
const oneThread = program('one-thread loop', './baselines/shuffle-one-thread.js');

export const exchange: BenchSuite = {
  name: 'exchange',
  question:
    'a keyed shuffle 2 -> 2 of 24-byte records through the public API, against one by hand and a plain loop',
  nonGoals: 'start-up, windows, checkpoints, records with strings',
  seed: 0,
  comparisons: [
    { name: 'shuffle-2x2-1k-vs-handwritten', subject: declared, baselines: [handwritten] },
    { name: 'shuffle-2x2-undeclared-vs-declared', subject: undeclared, baselines: [declared] },
    { name: 'shuffle-2x2-1k-vs-one-thread', subject: declared, baselines: [oneThread] },
  ],
  probes: [],
};
