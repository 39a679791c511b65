import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { JobModule } from '../../engine/api/job.js';
import { runInline } from '../../engine/testing/run-inline.js';
import { repositoryRoot } from '../kit/sources.js';
import { canonicalRow, NexmarkOracle, writeAlikeEvents, writeEvents } from './nexmark-oracle.js';

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
  // Few enough that windows have several winners, and sessions end, or just do not.
  { parallelism: 2, seed: 12, events: 300, rate: 0.5, outOfOrderGroup: 3 },
  { parallelism: 7, seed: 13, events: 700, rate: 10, outOfOrderGroup: 40 },
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
): Promise<string[]> {
  const output = join(folder, 'rows.ndjson');
  await runInline(jobs.get(query)!, { parallelism, seed, params: { ...params, output } });
  return linesOf(output);
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
    for (const query of ALL) {
      const expected = await oracle.answer(query);
      assert.ok(parallelism > 1 || expected.length > 0, `${query} has an answer`);
      if (!jobs.has(query)) continue;
      const params = { ...generated, startTime: START_MS };
      assertRows((await rowsOf(query, params, run)).sort(), expected, `${query}, generated`);
    }
  });
}

queries('equal to DuckDB at parallelism 3, events from files that have much in common', async () => {
  const seed = 21;
  writeAlikeEvents(folder, seed, 80);
  await oracle.load(folder);
  for (const query of jobs.keys()) {
    const rows = await rowsOf(query, { input: folder }, { parallelism: 3, seed });
    assertRows(rows.sort(), await oracle.answer(query), query);
  }
});

/** Columns by which the results of a query are kept. */
const KEYS: Readonly<Record<string, readonly string[]>> = {
  q4: ['category'],
  q6: ['seller'],
  q15: ['day'],
  q16: ['channel', 'day'],
  q17: ['auction', 'day'],
  q18: ['bidder', 'auction'],
  q19: ['auction', 'rank_number'],
};

queries('of all changes the last of each key is the final result', async () => {
  const events = { events: 1_000, rate: 20, seed: 31, outOfOrderGroup: 60 };
  writeEvents(folder, { ...events, startMs: START_MS });
  await oracle.load(folder);
  for (const [query, key] of Object.entries(KEYS)) {
    const params = { ...events, startTime: START_MS, emit: 'changes' };
    const changes = await rowsOf(query, params, { parallelism: 2, seed: 31 });
    const last = new Map(changes.map((row) => [key.map((name) => JSON.parse(row)[name]).join(), row]));
    const expected = await oracle.answer(query);
    assert.ok(changes.length > expected.length, `${query} has changes`);
    assertRows([...last.values()].sort(), expected, `${query}, changes`);
  }
});

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
