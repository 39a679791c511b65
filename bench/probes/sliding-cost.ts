/**
 * What does a record cost in windows of 10, 100 and 1,000 s, in times of what it costs in windows of 1 s, if all slide
 * by 1 s and have the same keys?
 *
 *   node sliding-cost.js <job> <size>
 *
 * Records enough for two of the longest windows; the sizes take turns, and the fastest run of each counts.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { start } from 'sluice';
import { BIDS_PER_SECOND } from '../jobs/sliding-bids.js';
import { reportFigures, sizeArgument } from './probe-report.js';

const SIZES_S = [1, 10, 100, 1_000];
const KEYS = 1_000;
const [rounds, seconds] = sizeArgument() === 'smoke' ? [1, 20] : [3, 2_000];

const folder = mkdtempSync(join(tmpdir(), 'sluice-windows-'));
const fastest = new Map<number, number>();
try {
  for (let round = 0; round < rounds; round++) {
    for (const size of SIZES_S) {
      const run = await start(pathToFileURL(process.argv[2]!), {
        parallelism: 2,
        params: {
          ...{ records: seconds * BIDS_PER_SECOND, keys: KEYS, sizeMs: size * 1_000, slideMs: 1_000 },
          output: join(folder, 'digest.txt'),
        },
      });
      const { runningMs } = await run.finished;
      fastest.set(size, Math.min(fastest.get(size) ?? Number.POSITIVE_INFINITY, runningMs));
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const [base, ...longer] = SIZES_S.map((size) => fastest.get(size)!);
reportFigures(Object.fromEntries(longer.map((ms, i) => [`sliding-cost-${SIZES_S[i + 1]}`, ms / base!])));
