/**
 * Question: what do ten million keys cost in the table behind keyed operators, in time and in bytes, against a Map of
 * objects?
 * Non-goals: reading results, windows, snapshots; keys that are few, which both hold in the cache of a core.
 *
 * Nothing is random. Each key is met twice; counts and sums of all keys are compared. Bytes are what is alive after the
 * work, garbage collected; the peak of the process is what it took to get there.
 */
import { fileURLToPath } from 'node:url';
import type { BenchSuite, Comparison, Size, Variant } from './kit/suite.js';

const KEYS: Readonly<Record<Size, number>> = { full: 10_000_000, smoke: 100_000 };
/** Ten million objects are more than Node's own limit for a heap lets it keep. */
const FLAGS = ['--expose-gc', '--max-old-space-size=6144'];

function program(name: string, path: string, kind: 'int' | 'string'): Variant {
  const compiled = fileURLToPath(new URL(path, import.meta.url));
  return {
    name,
    command: (size) => ({ argv: [...FLAGS, compiled, kind, `${KEYS[size]}`], timed: { kind: 'reported' } }),
  };
}

const againstMap = (kind: 'int' | 'string'): Comparison => ({
  name: `${kind}-10m-time-vs-map`,
  subject: program('keyed table', './inside/state-engine.js', kind),
  baselines: [program('map of objects', './baselines/state-map.js', kind)],
  amounts: {
    [`${kind}-10m-bytes-vs-map`]: {
      reported: 'bytesPerKey',
      unit: 'bytes/key',
      ...(kind === 'int' && { bar: '> 1' }),
    },
  },
  ...(kind === 'int' && { bar: '> 1' }),
});

export const state: BenchSuite = {
  name: 'state',
  question: 'a count and a sum for each of ten million keys, time and bytes, against a Map of objects',
  nonGoals: 'reading results, windows, snapshots, few keys',
  seed: 0,
  comparisons: [againstMap('int'), againstMap('string')],
  probes: [],
};
