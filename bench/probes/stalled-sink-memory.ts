/**
 * Does the memory of the process grow while an endless source waits for a sink that takes nothing?
 *
 *   node --expose-gc stalled-sink-memory.js <size>
 *
 * The slope of a straight line through the resident set of the process, once a second for 45 seconds of a standstill of
 * a minute: in the first 15, memory that the start took is given back. The heap of the main thread is collected before
 * each look; those of the workers are in the figure as they are.
 */
import { sleep, withBoardRun } from './board-run.js';
import { reportFigures, sizeArgument } from './probe-report.js';

const [settleMs, seconds] = sizeArgument() === 'smoke' ? [500, 2] : [15_000, 45];
const MB = 1024 * 1024;

await withBoardRun({ job: 'board-chain', hops: 0 }, async ({ board }) => {
  await sleep(500);
  board.stall();
  await sleep(settleMs);
  const samples: { readonly minutes: number; readonly mb: number }[] = [];
  const beganMs = performance.now();
  for (let second = 0; second <= seconds; second++) {
    await sleep(beganMs + second * 1_000 - performance.now());
    globalThis.gc!();
    samples.push({
      minutes: (performance.now() - beganMs) / 60_000,
      mb: process.memoryUsage.rss() / MB,
    });
  }
  reportFigures({ 'stalled-sink-rss-mb-per-min': slope(samples) });
});

/** Least squares. */
function slope(samples: readonly { readonly minutes: number; readonly mb: number }[]): number {
  const mean = (of: (sample: (typeof samples)[number]) => number): number =>
    samples.reduce((sum, each) => sum + of(each), 0) / samples.length;
  const [minutes, mb] = [mean((each) => each.minutes), mean((each) => each.mb)];
  const covariance = mean((each) => (each.minutes - minutes) * (each.mb - mb));
  return covariance / mean((each) => (each.minutes - minutes) ** 2);
}
