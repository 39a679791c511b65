/**
 * How long until all tasks of a shuffle run, by task?
 *
 *   node warm-up.js <parallelism> <parallelism of a smoke run> <size>
 *
 * From the call that starts the job to when the last task says that it runs, over the number of tasks. Bundling the job
 * and starting all threads are in it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { start } from 'sluice';
import { until } from './board-run.js';
import { reportFigures, sizeArgument } from './probe-report.js';

const [parallelism, smokeParallelism] = process.argv.slice(2, 4).map(Number);
const path = fileURLToPath(new URL('../../../../bench/jobs/shuffle-declared.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'sluice-warm-up-'));
const beganMs = performance.now();
const run = await start(pathToFileURL(path), {
  parallelism: sizeArgument() === 'smoke' ? smokeParallelism! : parallelism!,
  params: { records: 1e12, keys: 1_000, output: join(folder, 'totals.csv') },
});
try {
  await until('all tasks run', () => run.metrics().tasks.every(({ state }) => state === 'RUNNING'));
  const tookMs = performance.now() - beganMs;
  reportFigures({
    [`warmup-ms-per-task-${parallelism}x${parallelism}`]: tookMs / run.metrics().tasks.length,
  });
} finally {
  await run.cancel();
  rmSync(folder, { recursive: true, force: true });
}
