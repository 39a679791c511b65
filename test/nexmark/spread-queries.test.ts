import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { runInline } from '../../engine/testing/run-inline.js';
import { assertRows, linesOf, nexmarkJobs, rowsOf } from './nexmark-jobs.js';
import { NexmarkOracle, writeAlikeEvents, writeEvents } from './nexmark-oracle.js';

/** The same as in queries.test.ts over more subtasks, from files, and in the other forms that results have. */
const queries = suite('nexmark queries, spread');
const folder = mkdtempSync(join(tmpdir(), 'sluice-nexmark-'));
queries.after(() => rmSync(folder, { recursive: true, force: true }));

const START_MS = Date.UTC(2015, 6, 15) - 40_000;
const jobs = await nexmarkJobs();
const oracle = await NexmarkOracle.open();

queries('equal to DuckDB at parallelism 7, events of seed 13 out of order by 40', async () => {
  const events = { seed: 13, events: 700, rate: 10, outOfOrderGroup: 40 };
  writeEvents(folder, { ...events, startMs: START_MS });
  await oracle.load(folder);
  for (const [query, job] of jobs) {
    const rows = await rowsOf(job, folder, { ...events, startTime: START_MS }, { parallelism: 7, seed: 13 });
    assertRows(rows, await oracle.answer(query), query);
  }
});

queries('equal to DuckDB at parallelism 3, events from files that have much in common', async () => {
  const seed = 21;
  writeAlikeEvents(folder, seed, 80);
  await oracle.load(folder);
  for (const [query, job] of jobs) {
    const rows = await rowsOf(job, folder, { input: folder }, { parallelism: 3, seed });
    assertRows(rows, await oracle.answer(query), query);
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
    const changes = await rowsOf(jobs.get(query)!, folder, params, { parallelism: 2, seed: 31 });
    const last = new Map(changes.map((row) => [key.map((name) => JSON.parse(row)[name]).join(), row]));
    const expected = await oracle.answer(query);
    assert.ok(changes.length > expected.length, `${query} has changes`);
    assertRows([...last.values()], expected, `${query}, changes`);
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
  assertRows(rows, await oracle.answer('q10'), 'q10 in folders');
  const folderOf = ({ date, time }: Record<string, string>): string =>
    join(output, `date=${date}`, `time=${encodeURIComponent(time!)}`);
  for (const { parentPath, name } of files)
    assert.ok(linesOf(join(parentPath, name)).every((row) => folderOf(JSON.parse(row)) === parentPath));
});

queries.run();
