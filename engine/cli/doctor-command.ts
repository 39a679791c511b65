import { setTimeout as sleep } from 'node:timers/promises';
import type { Diagnosis } from '../control/diagnosis/diagnosis.js';
import { DiagnosisLog } from '../control/diagnosis/diagnosis-log.js';
import { EXAMINE_SECONDS } from '../control/diagnosis/examine-seconds.js';
import { launch } from '../control/engine.js';
import { loadJob } from '../control/job-file/job-loader.js';
import type { Run } from '../control/run.js';
import type { Command } from './command.js';
import { diagnosisText } from './diagnosis-text.js';
import { EXIT_CODES } from './exit-codes.js';
import { commandLayers } from './option-layers.js';
import { refuseInputs } from './run-command.js';
import { TrialStop } from './trial-stop.js';

const LOOK_MS = 250;

/**
 * Runs a job for a while, looks at it, and tells what holds it up.
 *
 * @returns the exit code
 * @throws  whatever makes the job fail, or keeps it from being started
 */
export async function doctorCommand(command: Command & { readonly kind: 'doctor' }): Promise<number> {
  const stop = new TrialStop();
  try {
    const optionLayers = await commandLayers(command);
    const job = await loadJob(command.job);
    refuseInputs(job);
    const { params, seconds, json } = command;
    const { run } = await launch(job, { params, optionLayers, signal: stop.signal }, { discardsAll: false });
    const log = new DiagnosisLog();
    const last = await looked(run, seconds, log);
    const close = await run.examine({ seconds: Math.min(EXAMINE_SECONDS.default, seconds) });
    log.add(close);
    await run.cancel();
    const { limit } = log;
    const found = close.verdict === 'unknown' ? last : close;
    const text = json
      ? JSON.stringify({ ...found, limit })
      : diagnosisText(found, limit, process.stdout.columns || 80).join('\n');
    process.stdout.write(`${text}\n`);
    return EXIT_CODES.finished[0];
  } catch (error) {
    if (stop.exitCode === null) throw error;
    process.stderr.write('stopped before anything could be said; nothing of the job was committed\n');
    return stop.exitCode;
  } finally {
    stop.release();
  }
}

/** Looks until the time is over or the run is; gives the last look at which something could be said. */
async function looked(run: Run, seconds: number, log: DiagnosisLog): Promise<Diagnosis> {
  let last = run.diagnose();
  let isOver = false;
  const over = run.finished.then(() => {
    isOver = true;
  });
  over.catch(() => {});
  for (const untilMs = performance.now() + seconds * 1_000; !isOver && performance.now() < untilMs; ) {
    await Promise.race([over, sleep(LOOK_MS)]);
    const diagnosis = run.diagnose();
    log.add(diagnosis);
    if (diagnosis.verdict !== 'unknown') last = diagnosis;
  }
  return last;
}
