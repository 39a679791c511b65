/**
 * What something costs a running job: the rate of an endless shuffle in slices with it and slices without it, by turns.
 *
 * Slices in one run differ less than runs do. Of every two neighbours the first is with it as often as without, so that
 * what drifts falls on both.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Run, start } from 'sluice';
import { sleep } from './board-run.js';
import { quantile } from './probe-report.js';

const JOB = pathToFileURL(
  fileURLToPath(new URL('../../../../bench/jobs/shuffle-declared.ts', import.meta.url)),
);
const RECORDS = 1e12;
const KEYS = 1_000;

export interface Slices {
  /** By then all threads should run what they have compiled. */
  readonly warmUpMs: number;
  readonly pairs: number;
  /** Of one slice. */
  readonly ms: number;
  readonly serve?: boolean;
  switchTo(isOn: boolean, run: Run): Promise<void> | void;
}

/** @returns median over all pairs of the rate with it to that without it */
export async function costInSlices({
  warmUpMs,
  pairs,
  ms,
  serve = false,
  switchTo,
}: Slices): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-slices-'));
  const params = { records: RECORDS, keys: KEYS, output: join(folder, 'totals.csv') };
  const run = await start(JOB, { parallelism: 2, params, ...(serve && { serve: { port: 0 } }) });
  const rate = async (isOn: boolean): Promise<number> => {
    await switchTo(isOn, run);
    const [before, beganMs] = [run.metrics().recordsIn, performance.now()];
    await sleep(ms);
    return (run.metrics().recordsIn - before) / (performance.now() - beganMs);
  };
  try {
    await sleep(warmUpMs);
    const ratios: number[] = [];
    for (let pair = 0; pair < pairs; pair++) {
      const isOnFirst = pair % 2 === 0;
      const [first, second] = [await rate(isOnFirst), await rate(!isOnFirst)];
      ratios.push(isOnFirst ? first / second : second / first);
    }
    return quantile(ratios, 0.5);
  } finally {
    await switchTo(true, run);
    await run.cancel();
    rmSync(folder, { recursive: true, force: true });
  }
}
