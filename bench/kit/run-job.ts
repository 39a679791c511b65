/**
 * Runs a job that writes a digest of its result into the file `output`, and reports it as other programs do:
 *
 *   node run-job.js <job.ts> <parallelism> <tasks> <param>=<number> …
 *
 * The seconds are those in which tasks ran. So many tasks there must be: none was chained that is to be measured apart,
 * or the other way round.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { start } from 'sluice';

const [jobPath, parallelism, tasks, ...given] = process.argv.slice(2);
const params = Object.fromEntries(
  given.map((each) => {
    const [name, value] = each.split('=');
    return [name!, Number(value)];
  }),
);
const folder = mkdtempSync(join(tmpdir(), 'sluice-job-'));
try {
  const output = join(folder, 'digest.txt');
  const run = await start(pathToFileURL(jobPath!), {
    parallelism: Number(parallelism),
    params: { ...params, output },
  });
  const { runningMs } = await run.finished;
  const ran = run.metrics().tasks.length;
  if (ran !== Number(tasks)) throw new Error(`there were ${ran} tasks, not ${tasks}`);
  const checksum = readFileSync(output, 'utf8');
  const measured = { records: params['records'], seconds: runningMs / 1_000, checksum };
  process.stdout.write(`${JSON.stringify(measured)}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
