import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { assertRows, nexmarkJobs, QUERIES, rowsOf } from './nexmark-jobs.js';
import { NexmarkOracle, writeEvents } from './nexmark-oracle.js';

/** The queries of Nexmark against DuckDB, which answers them as SQL over the same events. */
const queries = suite('nexmark queries');
const folder = mkdtempSync(join(tmpdir(), 'sluice-nexmark-'));
queries.after(() => rmSync(folder, { recursive: true, force: true }));

/** A minute and more around midnight; a group of events passes within four seconds. */
const START_MS = Date.UTC(2015, 6, 15) - 40_000;
const RUNS = [
  { parallelism: 1, seed: 11, events: 3_000, rate: 40, outOfOrderGroup: 1 },
  // Few enough that windows have several winners, and sessions end, or just do not.
  { parallelism: 2, seed: 12, events: 300, rate: 0.5, outOfOrderGroup: 3 },
];

const jobs = await nexmarkJobs();
const oracle = await NexmarkOracle.open();

for (const run of RUNS) {
  const { parallelism, ...generated } = run;
  const { seed, outOfOrderGroup } = generated;
  const order = outOfOrderGroup === 1 ? 'in order' : `out of order by ${outOfOrderGroup}`;
  queries(`equal to DuckDB at parallelism ${parallelism}, events of seed ${seed} ${order}`, async () => {
    writeEvents(folder, { ...generated, startMs: START_MS });
    await oracle.load(folder);
    for (const query of QUERIES) {
      const expected = await oracle.answer(query);
      assert.ok(parallelism > 1 || expected.length > 0, `${query} has an answer`);
      if (!jobs.has(query)) continue;
      const params = { ...generated, startTime: START_MS };
      assertRows(await rowsOf(jobs.get(query)!, folder, params, run), expected, query);
    }
  });
}

queries.run();
