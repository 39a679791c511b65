/**
 * Runs a query of Nexmark to its end through the public API, and reports it as other programs do:
 *
 *   node run-nexmark.js <query.ts> <parallelism> <events>
 *
 * The seconds are those in which tasks ran; records are those that sources gave.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { start } from 'sluice';

const [path, parallelism, events] = process.argv.slice(2) as [string, string, string];
const folder = mkdtempSync(join(tmpdir(), 'sluice-nexmark-'));
try {
  const output = join(folder, 'digest.txt');
  const params = { events: Number(events), output, digest: true };
  const run = await start(pathToFileURL(path), { params, parallelism: Number(parallelism) });
  const { runningMs, recordsIn } = await run.finished;
  const checksum = readFileSync(output, 'utf8');
  const measured = { records: recordsIn, seconds: runningMs / 1_000, checksum };
  process.stdout.write(`${JSON.stringify(measured)}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
