/**
 * Question: what do steps cost that are chained into one task, against a loop into which somebody fused them by hand?
 * Non-goals: start-up, exchanges, steps that cost something themselves.
 *
 * Maps and filters of 24-byte bids that are computed from their index, into a sink that looks at every field; nothing is
 * random. Rows, the sum of prices and times, and the keys are compared. The loop makes no objects; a user of the engine
 * writes functions from object to object.
 */
import { fileURLToPath } from 'node:url';
import type { BenchSuite, Comparison, Size, Variant } from './kit/suite.js';

const RECORDS: Readonly<Record<Size, number>> = { full: 100_000_000, smoke: 200_000 };

function program(name: string, path: string, steps: number): Variant {
  const compiled = fileURLToPath(new URL(path, import.meta.url));
  return {
    name,
    command: (size) => ({ argv: [compiled, `${RECORDS[size]}`, `${steps}`], timed: { kind: 'reported' } }),
  };
}

const againstFused = (steps: number, bar?: string): Comparison => ({
  name: `chain-${steps}-vs-fused`,
  subject: program('chain', './kit/run-chain.js', steps),
  baselines: [program('fused by hand', './baselines/chain-fused.js', steps)],
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
