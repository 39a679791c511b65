/**
 * Does the diagnosis name the trap of a replay, and call its cure healthy? And what do both do to latency and to memory?
 *
 *   node replay.js <name> <cause> <advice> <size>
 *
 * Before and after run at the same rate: a fifth more than what "before" takes at most, measured first. `doctor-before` is 1
 * if the job is called limited, and a finding names the cause with these words in its advice; `doctor-after` is 1 if the
 * job is called healthy. Both are asked after four seconds. Latency is that of markers, from sources to sinks, over the whole run; in flight is what lies in
 * buffers between tasks at the end of it, each taken for full.
 */
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Diagnosis, type Run, start } from 'sluice';
import { sleep } from './board-run.js';
import { reportFigures, sizeArgument } from './probe-report.js';

const SEGMENT_KB = 32;
const OVERLOAD = 1.2;
const [name, cause, advice] = process.argv.slice(2);
const [settleMs, windowMs] = sizeArgument() === 'smoke' ? [300, 700] : [2_000, 4_000];
const REPLAY = pathToFileURL(
  fileURLToPath(new URL(`../../../../examples/tuning/${name}.ts`, import.meta.url)),
);

interface Look {
  readonly diagnosis: Diagnosis;
  readonly p99Ms: number;
  readonly inFlightKb: number;
}

async function during<T>(mode: string, rate: number, look: (run: Run) => Promise<T>): Promise<T> {
  const run = await start(REPLAY, {
    params: { mode, rate },
    options: { 'metrics.latency.interval': '20 ms' },
  });
  try {
    return await Promise.race([look(run), run.finished.then(endedEarly)]);
  } finally {
    await run.cancel();
  }
}

function endedEarly(): never {
  throw new Error('the replay has ended before it was measured');
}

async function capacityOf(run: Run): Promise<number> {
  await sleep(settleMs);
  const [before, beganMs] = [run.metrics().recordsIn, performance.now()];
  await sleep(settleMs);
  return ((run.metrics().recordsIn - before) * 1_000) / (performance.now() - beganMs);
}

async function lookAt(run: Run): Promise<Look> {
  await sleep(windowMs);
  const { tasks } = run.metrics();
  const queued = tasks.reduce((sum, { input }) => sum + (input?.queuedBuffers ?? 0), 0);
  const p99Ms = Math.max(...tasks.map(({ latency }) => latency?.p99Ms ?? 0));
  return { diagnosis: run.diagnose(), p99Ms, inFlightKb: queued * SEGMENT_KB };
}

const rate = OVERLOAD * (await during('before', 0, capacityOf));
const before = await during('before', rate, lookAt);
const after = await during('after', rate, lookAt);
const { verdict, findings } = before.diagnosis;
const isNamed =
  verdict === 'limited' &&
  findings.some((each) => each.cause === cause && (each.advice ?? '').includes(advice!));
const isHealthy = after.diagnosis.verdict === 'healthy';
if (!isNamed) process.stderr.write(`${name}, before: ${JSON.stringify(before.diagnosis)}\n`);
if (!isHealthy) process.stderr.write(`${name}, after: ${JSON.stringify(after.diagnosis)}\n`);
reportFigures({
  [`${name}/doctor-before`]: Number(isNamed),
  [`${name}/doctor-after`]: Number(isHealthy),
  [`${name}/before-p99-ms`]: before.p99Ms,
  [`${name}/after-p99-ms`]: after.p99Ms,
  [`${name}/before-in-flight-kb`]: before.inFlightKb,
  [`${name}/after-in-flight-kb`]: after.inFlightKb,
});
