/**
 * Runs a shuffle job through the public API and reports it as the hand-written programs do:
 *
 *   node run-shuffle.js <job.ts> <records> <keys> <threads> [marginal] [<param>:<value> …] [<option>=<value> …]
 *
 * Threads are `4`, that is 4 sources and 4 counters, or `1x8`, that is 1 source and 8 counters.
 * The seconds are those in which tasks ran: from the first that was running to the last that finished. `marginal`: from
 * when a third of the records was read by the receivers until all were, that is, the time of three thirds less that of
 * one; the records are then two thirds. Options are otherwise at their defaults.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Run, start } from 'sluice';
import { ShuffleDigest } from './shuffle-checksum.js';

const [jobPath, records, keys, threads, ...settings] = process.argv.slice(2);
const [makers, counters = makers] = threads!.split('x').map(Number);
const pairsOf = (separator: string): [string, string][] =>
  settings.flatMap((each) => (each.includes(separator) ? [each.split(separator) as [string, string]] : []));
/** Between two looks, per task: a look costs the more the more tasks there are. A late last one counts against the job. */
const LOOK_INTERVAL_MS = 0.25;

/** Seconds for two thirds of the records, from those between the first look after a third and the last. */
async function marginalSeconds(run: Run, total: number): Promise<number> {
  let third: { readonly read: number; readonly atMs: number } | null = null;
  for (;;) {
    const { tasks } = run.metrics();
    const atMs = performance.now();
    const readers = tasks.filter(({ output }) => output === null);
    const read = readers.reduce((sum, { recordsIn }) => sum + recordsIn, 0);
    if (third !== null && read === total)
      return ((atMs - third.atMs) / 1e3) * ((total * 2) / 3 / (total - third.read));
    if (read === total) throw new Error('all was read before it was seen that a third was; run more records');
    if (read >= total / 3) third ??= { read, atMs };
    await new Promise((resolve) => setTimeout(resolve, tasks.length * LOOK_INTERVAL_MS));
  }
}

/** Of the rows of a CSV file, or the digest that a job has written itself. */
function checksumIn(path: string): string {
  const text = readFileSync(path, 'utf8');
  if (!text.startsWith('key,')) return text;
  const digest = new ShuffleDigest();
  for (const line of text.trimEnd().split('\n').slice(1)) {
    const [key, n, total] = line.split(',').map(Number);
    digest.add(key!, n!, total!);
  }
  return digest.toString();
}

const folder = mkdtempSync(join(tmpdir(), 'sluice-shuffle-'));
try {
  const output = join(folder, 'totals.csv');
  const params = Object.fromEntries(pairsOf(':').map(([name, value]) => [name, Number(value)]));
  const total = Number(records);
  const run = await start(pathToFileURL(jobPath!), {
    parallelism: counters!,
    params: { records: total, keys: Number(keys), output, ...(makers !== counters && { makers }), ...params },
    options: Object.fromEntries(pairsOf('=')),
  });
  const isMarginal = settings.includes('marginal');
  const marginal = isMarginal ? await Promise.race([marginalSeconds(run, total), run.finished]) : null;
  const summary = await run.finished;
  if (isMarginal && typeof marginal !== 'number')
    throw new Error('it ended before it was seen to have read a third');
  const measured =
    typeof marginal === 'number'
      ? { records: (total * 2) / 3, seconds: marginal }
      : { records: total, seconds: summary.runningMs / 1000 };
  process.stdout.write(`${JSON.stringify({ ...measured, checksum: checksumIn(output) })}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
