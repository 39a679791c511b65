import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { JobModule } from '../../engine/api/job.js';
import { runInline } from '../../engine/testing/run-inline.js';
import { repositoryRoot } from '../kit/sources.js';
import { canonicalRow, NexmarkOracle, writeEvents } from './nexmark-oracle.js';

/** The queries of Nexmark against DuckDB, which answers them as SQL over the same events. */
const queries = suite('nexmark queries');
const folder = mkdtempSync(join(tmpdir(), 'sluice-nexmark-'));
queries.after(() => rmSync(folder, { recursive: true, force: true }));

const ALL = Array.from({ length: 23 }, (_, number) => `q${number}`);
const WITH_JOB = ALL.filter((query) => jobFiles().includes(`${query}.ts`));

/**
 * 75 seconds around midnight, in which every query has an answer. Each parallelism has events of its own; a group of
 * them passes within four seconds.
 */
const START_MS = Date.UTC(2015, 6, 15) - 40_000;
const RUNS = [
  { parallelism: 1, seed: 11, events: 3_000, rate: 40, outOfOrderGroup: 1 },
  { parallelism: 2, seed: 12, events: 1_200, rate: 16, outOfOrderGroup: 64 },
  { parallelism: 3, seed: 13, events: 1_200, rate: 16, outOfOrderGroup: 1 },
  { parallelism: 7, seed: 14, events: 1_200, rate: 16, outOfOrderGroup: 50 },
];

function jobFiles(): readonly string[] {
  return readdirSync(join(repositoryRoot, 'bench/nexmark'));
}

const jobs = new Map<string, JobModule<any, any, any>>();
let oracle: NexmarkOracle;

queries.before(async () => {
  oracle = await NexmarkOracle.open();
  for (const query of WITH_JOB) jobs.set(query, (await import(`../../bench/nexmark/${query}.js`)).default);
});

async function rowsOf(
  query: string,
  params: Readonly<Record<string, unknown>>,
  { parallelism, seed }: { readonly parallelism: number; readonly seed: number },
): Promise<readonly string[]> {
  const output = join(folder, 'rows.ndjson');
  await runInline(jobs.get(query)!, { parallelism, seed, params: { ...params, output } });
  return linesOf(output).sort();
}

function linesOf(file: string): string[] {
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => canonicalRow(JSON.parse(line)));
}

function assertRows(actual: readonly string[], expected: readonly string[], what: string): void {
  const at = expected.findIndex((row, i) => row !== actual[i]);
  assert.is(actual[at], expected[at], what);
  assert.is(actual.length, expected.length, what);
}

for (const run of RUNS) {
  const { parallelism, ...generated } = run;
  const { seed, outOfOrderGroup } = generated;
  const order = outOfOrderGroup === 1 ? 'in order' : `out of order by ${outOfOrderGroup}`;
  queries(`equal to DuckDB at parallelism ${parallelism}, events of seed ${seed} ${order}`, async () => {
    writeEvents(folder, { ...generated, startMs: START_MS });
    await oracle.load(folder);
    for (const [number, query] of ALL.entries()) {
      const expected = await oracle.answer(query);
      assert.ok(parallelism > 1 || expected.length > 0, `${query} has an answer`);
      if (!jobs.has(query)) continue;
      const params = { ...generated, startTime: START_MS };
      assertRows(await rowsOf(query, params, run), expected, `${query}, generated`);
      if (number % RUNS.length !== RUNS.indexOf(run)) continue;
      assertRows(await rowsOf(query, { input: folder }, run), expected, `${query}, from files`);
    }
  });
}

queries('bids are written to a folder for each day and minute', async () => {
  const output = join(folder, 'by-minute/');
  const events = { events: 3_000, rate: 40, seed: 11 };
  writeEvents(folder, { ...events, startMs: START_MS, outOfOrderGroup: 1 });
  await oracle.load(folder);
  await runInline(jobs.get('q10')!, { parallelism: 2, params: { ...events, startTime: START_MS, output } });
  assert.equal(readdirSync(output).sort(), ['date=2015-07-14', 'date=2015-07-15']);
  const files = readdirSync(output, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const rows = files.flatMap(({ parentPath, name }) => linesOf(join(parentPath, name)));
  assertRows(rows.sort(), await oracle.answer('q10'), 'q10 in folders');
  const folderOf = ({ date, time }: Record<string, string>): string =>
    join(output, `date=${date}`, `time=${encodeURIComponent(time!)}`);
  for (const { parentPath, name } of files)
    assert.ok(linesOf(join(parentPath, name)).every((row) => folderOf(JSON.parse(row)) === parentPath));
});

queries.run();
