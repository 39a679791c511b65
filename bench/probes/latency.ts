/**
 * How long is a record on its way at a given share of what the pipeline can do?
 *
 *   node latency.js <percent of capacity> <buffer timeout, ms> <size>
 *
 * A source, an exchange by key, a count by key and a sink, in two threads. Capacity is what the sink takes per time when
 * the source is not held to a schedule, a second after the start. Then records are due at even distances at the given
 * percentage. Latency is from when a record was due to when the sink takes it, so what a late source does to records
 * counts. Of the schedule the first second is left out; all records of the rest are counted.
 *
 * The histogram is filled from the start and emptied before the window: the sink counts while capacity is measured, and
 * runs no code for the first time when the window begins.
 */
import { sleep, until, withBoardRun } from './board-run.js';
import { reportFigures, sizeArgument } from './probe-report.js';
import { processMs } from './process-clock.js';

const [percent, timeoutMs] = process.argv.slice(2, 4).map(Number);
const [settleMs, windowMs] = sizeArgument() === 'smoke' ? [200, 200] : [1_000, 3_000];

const options = { 'execution.buffer-timeout.interval': `${timeoutMs} ms` };
await withBoardRun({ job: 'board-keyed', options }, async ({ board }) => {
  board.set('windowEnd', Number.POSITIVE_INFINITY);
  await sleep(settleMs);
  const [taken, beganMs] = [board.get('taken'), board.get('takenAtMs')];
  await sleep(settleMs);
  const capacityPerMs = (board.get('taken') - taken) / (board.get('takenAtMs') - beganMs);
  board.set('ratePerMs', (capacityPerMs * percent!) / 100);
  const windowBegin = processMs() + settleMs;
  const windowEnd = windowBegin + windowMs;
  board.set('windowEnd', windowEnd);
  board.set('windowBegin', windowBegin);
  await sleep(settleMs / 2);
  board.histogram.clear();
  await sleep(windowEnd - processMs());
  await until('every record of the window was taken', () => board.get('lastAtMs') >= windowEnd);
  const { histogram } = board;
  const suffix = timeoutMs === 0 ? '' : `-timeout-${timeoutMs}`;
  const name = (what: string): string => `latency-${percent}-${what}${suffix}`;
  reportFigures({
    [name('p50-ms')]: histogram.atMs(0.5),
    [name('p99-ms')]: histogram.atMs(0.99),
    [name('p9999-ms')]: histogram.atMs(0.9999),
    [name('rate')]: capacityPerMs * 1e3 * (percent! / 100),
  });
});
