/**
 * Question: what do steps cost that are chained into one task, against a loop into which somebody fused them by hand?
 * Non-goals: start-up, exchanges, steps that cost something themselves.
 *
 * Maps and filters of 24-byte bids that are computed from their index, into a sink that looks at every field; nothing is
 * random. Rows, the sum of prices and times, and the keys are compared. The loop makes no objects; a user of the engine
 * writes functions from object to object.
 */
import { fileURLToPath } from 'node:url';
import { jobSource } from './kit/shuffle-variants.js';
import type { BenchSuite, Comparison, Size, Variant } from './kit/suite.js';

const RECORDS: Readonly<Record<Size, number>> = { full: 100_000_000, smoke: 200_000 };

const compiled = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** @param steps  1 to 10 */
export function chainOf(steps: number, records: Readonly<Record<Size, number>> = RECORDS): Variant {
  const job = jobSource('chain-steps');
  return {
    name: `${steps} steps`,
    command: (size) => ({
      argv: [compiled('./kit/run-job.js'), job, '1', '1', `records=${records[size]}`, `steps=${steps}`],
      timed: { kind: 'reported' },
    }),
  };
}

function fusedByHand(steps: number): Variant {
  return {
    name: 'fused by hand',
    command: (size) => ({
      argv: [compiled('./baselines/chain-fused.js'), `${RECORDS[size]}`, `${steps}`],
      timed: { kind: 'reported' },
    }),
  };
}

const againstFused = (steps: number, bar?: string): Comparison => ({
  name: `chain-${steps}-vs-fused`,
  subject: chainOf(steps),
  baselines: [fusedByHand(steps)],
  ...(bar !== undefined && { bar }),
});

export const chain: BenchSuite = {
  name: 'chain',
  question: 'one, three and ten steps chained into a task, against a loop fused by hand',
  nonGoals: 'start-up, exchanges, steps that cost something themselves',
  seed: 0,
  comparisons: [againstFused(1), againstFused(3, '>= 0.7'), againstFused(10)],
  probes: [],
};
