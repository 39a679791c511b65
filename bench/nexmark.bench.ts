/**
 * Question: how fast are the queries of Nexmark as jobs, against a loop in one thread that somebody wrote by hand?
 * Non-goals: start-up, files, more cores than two, watermarks under load (the loops have none).
 *
 * Job and loop make the same events by calling the same generator, one after another; a record is an event that the query
 * reads. Rows go into a digest that looks at every column, and digests are compared. The jobs are those of
 * `bench/nexmark`, as anybody runs them.
 */
import { fileURLToPath } from 'node:url';
import type { BenchSuite, Comparison, Size, Variant } from './kit/suite.js';

const PARALLELISM = 2;

const compiled = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const source = (query: string): string =>
  fileURLToPath(new URL(`../../../bench/nexmark/${query}.ts`, import.meta.url));

type Events = Readonly<Record<Size, number>>;

/** The seconds of a run are two or more. */
const MANY: Events = { full: 10_000_000, smoke: 50_000 };
/** For queries that keep each key's bids. */
const FEWER: Events = { full: 2_000_000, smoke: 50_000 };

function queryJob(query: string, events: Events): Variant {
  return {
    name: `${query} at parallelism ${PARALLELISM}`,
    command: (size) => ({
      argv: [compiled('./kit/run-nexmark.js'), source(query), `${PARALLELISM}`, `${events[size]}`],
      timed: { kind: 'reported' },
    }),
  };
}

function queryLoop(query: string, events: Events): Variant {
  return {
    name: 'one thread',
    command: (size) => ({
      argv: [compiled('./baselines/nexmark-loops.js'), query, `${events[size]}`],
      timed: { kind: 'reported' },
    }),
  };
}

const against = (query: string, bar: string, events: Events = MANY): Comparison => ({
  ...{ name: query, bar },
  subject: queryJob(query, events),
  baselines: [queryLoop(query, events)],
});

export const nexmark: BenchSuite = {
  name: 'nexmark',
  question: 'the queries of Nexmark at parallelism 2, against loops of one thread over the same generator',
  nonGoals: 'start-up, files, more cores than two',
  seed: 1,
  comparisons: [
    against('q0', '>= 1.2'),
    against('q1', '>= 1.2'),
    against('q2', '>= 1.2'),
    against('q3', '>= 0.7'),
    against('q4', '>= 0.7'),
    against('q5', '>= 1.0'),
    against('q6', '>= 0.7'),
    against('q7', '>= 1.0'),
    against('q8', '>= 1.0'),
    against('q9', '>= 0.7'),
    against('q10', '>= 0.7'),
    against('q11', '>= 1.0'),
    against('q13', '>= 0.7'),
    against('q14', '>= 1.2'),
    against('q15', '>= 1.0'),
    against('q16', '>= 1.0'),
    against('q17', '>= 1.0'),
    against('q18', '>= 1.0', FEWER),
    against('q19', '>= 1.0', FEWER),
    against('q20', '>= 0.7', FEWER),
    against('q21', '>= 1.2'),
    against('q22', '>= 1.2'),
  ],
  probes: [],
};
