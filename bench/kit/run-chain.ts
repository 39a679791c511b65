/**
 * Runs the chain of steps in one task and reports it as the hand-written loop does: `node run-chain.js <records> <steps>`.
 * The seconds are those in which the task ran.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { start } from 'sluice';
import { jobSource } from './shuffle-variants.js';

const [records, steps] = process.argv.slice(2).map(Number);
const folder = mkdtempSync(join(tmpdir(), 'sluice-chain-'));
try {
  const output = join(folder, 'digest.txt');
  const run = await start(pathToFileURL(jobSource('chain-steps')), {
    parallelism: 1,
    params: { records: records!, steps: steps!, output },
  });
  const { runningMs } = await run.finished;
  if (run.metrics().tasks.length !== 1) throw new Error('the steps are not one task');
  const checksum = readFileSync(output, 'utf8');
  process.stdout.write(`${JSON.stringify({ records, seconds: runningMs / 1_000, checksum })}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
