/**
 * Repeats a measurement within a budget, and keeps the runs during which the machine was quiet.
 *
 * The machine is calibrated before and after each run; runs during which it gave less than two cores are dropped and
 * counted.
 */
import { type Calibration, type Calibrator, CORES_MIN } from './calibration.js';
import type { Size } from './suite.js';

export interface RunsOptions {
  readonly size: Size;
  /** After a few runs in any case, none begins that would likely end later than this. */
  readonly budgetMs: number;
  readonly calibrator: Pick<Calibrator, 'measure' | 'cores'>;
  readonly log: (line: string) => void;
  /** In any case; a median of fewer than a few says little. */
  readonly runsMin?: number;
}

/** The runs that were kept, at least one, and how many were not. */
export interface Runs<T> {
  readonly kept: readonly T[];
  readonly dropped: number;
}

/** Every run was dropped: nothing is known. */
export class MachineBusyError extends Error {}

interface Run<T> {
  readonly measured: T;
  readonly before: Calibration;
  readonly after: Calibration;
}

const RUNS_MIN = 3;
const RUNS_MAX = 15;
/** How long a run waits for a busy machine before it begins all the same, and is likely dropped. */
const QUIET_WAIT_MS = 3_000;
const QUIET_POLL_MS = 200;

/**
 * @param once      measures; an error ends everything
 * @param describe  a run in a few words, for the log
 * @throws MachineBusyError  all runs were dropped
 */
export async function calibratedRuns<T>(
  name: string,
  once: () => Promise<T>,
  describe: (measured: T) => string,
  { size, budgetMs, calibrator, log, runsMin = RUNS_MIN }: RunsOptions,
): Promise<Runs<T>> {
  const startMs = performance.now();
  const runs: Run<T>[] = [];
  let longestMs = 0;
  let before = calibrator.measure();
  const coresOf = (run: Run<T>): number =>
    Math.min(calibrator.cores(run.before), calibrator.cores(run.after));
  while (runs.length < (size === 'smoke' ? 1 : RUNS_MAX)) {
    const runStartMs = performance.now();
    if (runs.length >= runsMin && runStartMs - startMs + longestMs > budgetMs) break;
    if (size === 'full') before = await awaitQuiet(before, calibrator);
    const measured = await once();
    const after = calibrator.measure();
    const run = { measured, before, after };
    before = after;
    longestMs = Math.max(longestMs, performance.now() - runStartMs);
    runs.push(run);
    log(`${name}: run ${runs.length}, ${describe(measured)}, ${coresOf(run).toFixed(2)} cores`);
  }
  const kept = size === 'smoke' ? runs : runs.filter((run) => coresOf(run) >= CORES_MIN);
  const dropped = runs.length - kept.length;
  if (kept.length === 0) {
    throw new MachineBusyError(
      `${name}: the machine gave less than ${CORES_MIN} cores during all ${dropped} runs; nothing was measured`,
    );
  }
  return { kept: kept.map(({ measured }) => measured), dropped };
}

/** The calibration with which a run begins: the one after the run before, unless the machine was busy then. */
async function awaitQuiet(last: Calibration, calibrator: RunsOptions['calibrator']): Promise<Calibration> {
  const endMs = performance.now() + QUIET_WAIT_MS;
  while (calibrator.cores(last) < CORES_MIN && performance.now() < endMs) {
    await new Promise((resolve) => setTimeout(resolve, QUIET_POLL_MS));
    last = calibrator.measure();
  }
  return last;
}
