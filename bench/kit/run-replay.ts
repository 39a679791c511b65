/**
 * Runs a replay of `examples/tuning` to its end through the public API, and reports it as other programs do:
 *
 *   node run-replay.js <replay.ts> <before|after> <records>
 *
 * The seconds are those in which tasks ran. The checksum is over the rows, in any order.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { start } from 'sluice';

const [path, mode, records] = process.argv.slice(2) as [string, string, string];
const folder = mkdtempSync(join(tmpdir(), 'sluice-replay-'));
try {
  const output = join(folder, 'rows.ndjson');
  const params = { mode, records: Number(records), output };
  const { runningMs, recordsIn } = await (await start(pathToFileURL(path), { params })).finished;
  const rows = readFileSync(output, 'utf8').trimEnd().split('\n').sort().join('\n');
  const checksum = createHash('sha256').update(rows).digest('hex').slice(0, 16);
  const measured = { records: recordsIn, seconds: runningMs / 1_000, checksum };
  process.stdout.write(`${JSON.stringify(measured)}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
