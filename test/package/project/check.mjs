/**
 * `node check.mjs <summary.json> <output.ndjson>`: did the job of this folder do what it should?
 * Then the same job, started by a program, must give the same.
 */
import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';

const [summaryPath, outputPath] = process.argv.slice(2);

const expected = Array.from({ length: 7 }, (_, sensor) => {
  const values = Array.from({ length: 10_000 }, (_, index) => index).filter(
    (index) => index % 7 === sensor && index > 0,
  );
  return {
    sensor,
    readings: values.length,
    total: values.reduce((sum, value) => sum + 2 * value, 0),
    highest: 2 * Math.max(...values),
  };
});

function checkOutput() {
  const lines = readFileSync(outputPath, 'utf8').trimEnd().split('\n');
  const rows = lines.map((line) => JSON.parse(line)).sort((a, b) => a.sensor - b.sensor);
  assert.deepEqual(rows, expected);
}

const summary = JSON.parse(readFileSync(summaryPath, 'utf8'));
assert.equal(summary.job, 'readings');
assert.equal(summary.state, 'FINISHED');
assert.equal(summary.recordsIn, 10_000);
checkOutput();

rmSync(outputPath);
const { start } = await import('sluice');
const run = await start(new URL('./job.ts', import.meta.url), {
  parallelism: 3,
  params: { output: outputPath },
});
const { state } = await run.finished;
assert.equal(state, 'FINISHED');
checkOutput();

assert.equal(typeof (await import('sluice/testing')).runInline, 'function');
console.log(`node ${process.version}: the job ran from the command line and from a program`);
