/**
 * Question: what does the engine cost, and bring, on a whole real program: command to exit, start and end included?
 * Non-goals: the speed of Parquet reading as such (the program uses the same reader package), scaling past two cores.
 *
 * A query over a file that does not change is what a database is for: the comparison with DuckDB says how much is lost
 * by whoever uses a stream processor for it.
 *
 * The input is the same file in every size: smoke runs it once. Nothing is random. The result rows of all variants are
 * compared, without regard to their order.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BenchSuite, Variant } from './kit/suite.js';

const RECORDS = 3_000_000;
const HEADER = 'origin,window_start,flights,mean_delay,worst_delay';

const repositoryRoot = fileURLToPath(new URL('../../../', import.meta.url));
const cli = fileURLToPath(new URL('../engine/cli/main.js', import.meta.url));
const baseline = (name: string): string =>
  fileURLToPath(new URL(`./baselines/flights-${name}.js`, import.meta.url));

const inputPath = join(repositoryRoot, 'node_modules/vega-datasets/data/flights-3m.parquet');

/** Digest of the rows, sorted, with numbers and times by value rather than by how they were written. */
function rowsDigest(path: string): string {
  const [header, ...lines] = readFileSync(path, 'utf8').trimEnd().split(/\r?\n/);
  if (header !== HEADER) throw new Error(`${path} begins with ${header}`);
  const rows = lines.map((line) => {
    const [origin, windowStart, ...numbers] = line.split(',');
    return [origin, Date.parse(windowStart!), ...numbers.map(Number)].join(',');
  });
  return `${rows.length} rows, ${createHash('sha256').update(rows.sort().join('\n')).digest('hex').slice(0, 16)}`;
}

function program(name: string, path: string, ...rest: readonly string[]): Variant {
  return {
    name,
    command: (_size, folder) => {
      const output = join(folder, 'flights.csv');
      return {
        argv: [path, inputPath, output, ...rest],
        timed: { kind: 'process', records: RECORDS },
        checksum: () => rowsDigest(output),
      };
    },
  };
}

const oneThread = program('one thread', baseline('one-thread'));
const duckdb = program('duckdb', baseline('duckdb'), '2');

function sluice(parallelism: number): Variant {
  return {
    name: `sluice at parallelism ${parallelism}`,
    command: (_size, folder) => {
      const output = join(folder, 'flights.csv');
      const params = ['--param', `input=${inputPath}`, '--param', `output=${output}`];
      return {
        argv: [
          cli,
          'run',
          'examples/flight-delays.ts',
          '--parallelism',
          `${parallelism}`,
          '--quiet',
          ...params,
        ],
        cwd: repositoryRoot,
        timed: { kind: 'process', records: RECORDS },
        checksum: () => rowsDigest(output),
      };
    },
  };
}

export const flights: BenchSuite = {
  name: 'flights',
  question:
    'three million flights by origin and day, command to exit, against a plain one-thread program and DuckDB',
  nonGoals: 'the speed of Parquet reading as such; scaling past two cores',
  seed: 0,
  comparisons: [
    { name: 'p1-vs-one-thread', subject: sluice(1), baselines: [oneThread] },
    { name: 'p2-vs-one-thread', subject: sluice(2), baselines: [oneThread] },
    { name: 'p2-vs-duckdb', subject: sluice(2), baselines: [duckdb] },
  ],
  probes: [],
};
