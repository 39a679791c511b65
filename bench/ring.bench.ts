/**
 * Question: what does a buffer cost from when it is published until it is read, against an ArrayBuffer that is transferred,
 * and against two threads that only wake each other?
 * Non-goals: what is in the buffer (a word of it is written and read), several channels, tasks.
 *
 * Nothing is random; the sum of the words is compared. A record is a buffer, or a trip there and back.
 */
import { fileURLToPath } from 'node:url';
import type { BenchSuite, Size, Variant } from './kit/suite.js';

const STREAM: Readonly<Record<Size, number>> = { full: 4_000_000, smoke: 20_000 };
/** Of those that take so much longer. */
const TRANSFERRED: Readonly<Record<Size, number>> = { full: 400_000, smoke: 5_000 };
const TRIPS: Readonly<Record<Size, number>> = { full: 20_000, smoke: 1_000 };

function program(
  path: string,
  kind: 'stream' | 'round-trip',
  counts: Readonly<Record<Size, number>>,
): Variant {
  const compiled = fileURLToPath(new URL(path, import.meta.url));
  return {
    name: path,
    command: (size) => ({ argv: [compiled, kind, `${counts[size]}`], timed: { kind: 'reported' } }),
  };
}

const engine = './inside/ring-engine.js';
const transfer = './baselines/ring-transfer.js';
const sumTo = (count: number): string => `${(count * (count + 1)) / 2}`;

export const ring: BenchSuite = {
  name: 'ring',
  question: 'a buffer from thread to thread, against one that is transferred and against a bare wake',
  nonGoals: 'what is in the buffer, several channels, tasks',
  seed: 0,
  comparisons: [
    {
      ...{ name: 'buffer-vs-transfer', expected: sumTo },
      subject: program(engine, 'stream', STREAM),
      baselines: [program(transfer, 'stream', TRANSFERRED)],
    },
    {
      ...{ name: 'round-trip-vs-transfer', expected: sumTo },
      subject: program(engine, 'round-trip', TRIPS),
      baselines: [program(transfer, 'round-trip', TRIPS)],
    },
    {
      ...{ name: 'round-trip-vs-wait', expected: sumTo },
      subject: program(engine, 'round-trip', TRIPS),
      baselines: [program('./baselines/ring-wait.js', 'round-trip', TRIPS)],
    },
  ],
  probes: [],
};
