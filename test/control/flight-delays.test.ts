import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { start } from '../../engine/control/engine.js';
import { loadJob } from '../../engine/control/job-file/job-loader.js';
import { runInline } from '../../engine/testing/run-inline.js';

/** The main example against DuckDB over the same file, row for row. */
const flights = suite('flight delays');
const JOB = fileURLToPath(new URL('../../../../examples/flight-delays.ts', import.meta.url));
const FILE = fileURLToPath(new URL('../data/flights-3m.parquet', import.meta.resolve('vega-datasets')));
const folder = mkdtempSync(join(tmpdir(), 'sluice-flights-'));
flights.after(() => rmSync(folder, { recursive: true, force: true }));

let oracle: string[] = [];

flights.before(async () => {
  const connection = await (await DuckDBInstance.create()).connect();
  const result = await connection.runAndReadAll(`
    SELECT origin, epoch_ms(date_trunc('day', date))::BIGINT AS day, count(*)::BIGINT AS flights,
           sum(delay)::BIGINT AS total, max(delay)::BIGINT AS worst
    FROM read_parquet('${FILE}') WHERE delay > 0 GROUP BY ALL`);
  oracle = result
    .getRows()
    .map(([origin, day, count, total, worst]) => {
      const mean = Number(total) / Number(count);
      return `${origin},${new Date(Number(day)).toISOString()},${count},${mean},${worst}`;
    })
    .sort();
});

function rowsOf(path: string): string[] {
  const [header, ...rows] = readFileSync(path, 'utf8').trimEnd().split('\n');
  assert.is(header, 'origin,window_start,flights,mean_delay,worst_delay');
  return rows.sort();
}

const HOSTED = [[1, true], [2, false], [3, true], [7, false]] as const; // biome-ignore format: short

for (const [parallelism, chaining] of HOSTED) {
  flights(`equal to DuckDB at parallelism ${parallelism}, chaining ${chaining}`, async () => {
    const output = join(folder, `threads-${parallelism}-${chaining}.csv`);
    const options = { 'pipeline.operator-chaining.enabled': chaining, 'sluice.task.heap-size': '256 mb' };
    const run = await start(JOB, { parallelism, params: { output }, options });
    const summary = await run.finished;
    assert.is(summary.recordsIn, 3_000_000);
    assert.is(summary.lateRecords, 0);
    assert.equal(summary.outputs, [output]);
    assert.equal(rowsOf(output), oracle);
  });
}

flights('equal to DuckDB on the inline host, at any seed', async () => {
  const { job } = await loadJob(JOB);
  for (const seed of [1, 2]) {
    const output = join(folder, `inline-${seed}.csv`);
    await runInline(job, { parallelism: 3, seed, params: { output } });
    assert.equal(rowsOf(output), oracle);
  }
});

flights.run();
