/**
 * Question: what do sliding windows cost against a loop whose windows share panes, and does the cost of a record grow with
 * the number of windows that it is in?
 * Non-goals: records out of order, allowed lateness, reading what was computed.
 *
 * A count, a sum and a maximum by key; 20,000 bids in a second of event time, computed from their index. Rows of all
 * windows are compared by a digest.
 */
import { fileURLToPath } from 'node:url';
import { jobSource } from './kit/shuffle-variants.js';
import type { BenchSuite, Size, Variant } from './kit/suite.js';

const RECORDS: Readonly<Record<Size, number>> = { full: 20_000_000, smoke: 200_000 };
const compiled = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

function slidingJob(keys: number, sizeMs: number, slideMs: number): Variant {
  const params = [`keys=${keys}`, `sizeMs=${sizeMs}`, `slideMs=${slideMs}`];
  return {
    name: `${sizeMs / 1_000} s by ${slideMs} ms`,
    command: (size) => ({
      argv: [
        compiled('./kit/run-job.js'),
        jobSource('sliding-counts'),
        ...['2', '4', `records=${RECORDS[size]}`, ...params],
      ],
      timed: { kind: 'reported' },
    }),
  };
}

const loop = (keys: number, sizeMs: number, slideMs: number): Variant => ({
  name: 'a loop over panes',
  command: (size) => ({
    argv: [compiled('./baselines/sliding-panes.js'), ...[RECORDS[size], keys, sizeMs, slideMs].map(String)],
    timed: { kind: 'reported' },
  }),
});

const [keys, sizeMs, slideMs] = [10_000, 10_000, 500];

export const windows: BenchSuite = {
  name: 'windows',
  question:
    'sliding windows, against a loop whose windows share panes, and as windows grow with their slide fixed',
  nonGoals: 'records out of order, allowed lateness',
  seed: 0,
  comparisons: [
    {
      name: 'sliding-10s-by-500ms-vs-loop',
      subject: slidingJob(keys, sizeMs, slideMs),
      baselines: [loop(keys, sizeMs, slideMs)],
      bar: '>= 0.5',
    },
  ],
  probes: [
    {
      figures: {
        'sliding-cost-10': { unit: 'times 1 s', bar: '<= 2' },
        'sliding-cost-100': { unit: 'times 1 s', bar: '<= 2' },
        'sliding-cost-1000': { unit: 'times 1 s', bar: '<= 2' },
      },
      argv: (size) => [compiled('./probes/sliding-cost.js'), jobSource('sliding-counts'), size],
    },
  ],
};
