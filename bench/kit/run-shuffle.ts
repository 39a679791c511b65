/**
 * Runs a shuffle job through the public API, with default options, and reports it as the hand-written programs do:
 *
 *   node run-shuffle.js <job.ts> <records> <keys> <parallelism>
 *
 * The seconds are those in which tasks ran: from the first that was running to the last that finished.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { start } from 'sluice';
import { shuffleChecksum } from './shuffle-checksum.js';

const [jobPath, records, keys, parallelism] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'sluice-shuffle-'));
try {
  const output = join(folder, 'totals.csv');
  const run = await start(pathToFileURL(jobPath!), {
    parallelism: Number(parallelism),
    params: { records: Number(records), keys: Number(keys), output },
  });
  const summary = await run.finished;
  const [, ...lines] = readFileSync(output, 'utf8').trimEnd().split('\n');
  const rows = lines.map((line) => {
    const [key, n, total] = line.split(',').map(Number);
    return { key: key!, n: n!, total: total! };
  });
  const checksum = shuffleChecksum(rows);
  process.stdout.write(
    `${JSON.stringify({ records: Number(records), seconds: summary.runningMs / 1000, checksum })}\n`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
