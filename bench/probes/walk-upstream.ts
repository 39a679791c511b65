/**
 * How does the standstill of a sink walk up a chain of five tasks?
 *
 *   node walk-upstream.js <size>
 *
 * A task has come to stand still with the last record that it handles. Its time is that of this record, counted from
 * when the sink was asked to stop: task 4 is the sink, task 0 the source. What lies between two tasks has to fill up
 * before the upper one stands still, at the pace of the source.
 */
import { HOPS_MAX } from './board.js';
import { type BoardRun, sleep, until, withBoardRun } from './board-run.js';
import { burnRoundsPerMs } from './burn.js';
import { isFull } from './in-flight.js';
import { quantile, reportFigures, sizeArgument } from './probe-report.js';
import { processMs } from './process-clock.js';

const SOURCE_US_PER_RECORD = 2;
const RUN_MS = 60;
const STILL_MS = 20;

const stalls = sizeArgument() === 'smoke' ? 2 : 20;
const sourceRounds = Math.round((SOURCE_US_PER_RECORD / 1e3) * burnRoundsPerMs());

/** By task. */
async function stallOnce({ board, run }: BoardRun): Promise<number[]> {
  await sleep(RUN_MS);
  const askedMs = processMs();
  board.stall();
  await until('the sink stands still', () => board.get('stalledMs') >= askedMs);
  const lastMs = (): number[] => [
    board.get('madeAtMs'),
    ...Array.from({ length: HOPS_MAX }, (_, k) => board.hop(k)),
    board.get('stalledMs'),
  ];
  const isStill = (): boolean => processMs() - Math.max(...lastMs()) > STILL_MS;
  await until('all tasks stand still', () => isStill() && isFull(run));
  const times = lastMs().map((each) => each - askedMs);
  board.release();
  return times;
}

await withBoardRun({ job: 'board-chain', hops: HOPS_MAX, sourceRounds }, async (boardRun) => {
  await sleep(1_000);
  const times: number[][] = [];
  for (let stall = 0; stall < stalls; stall++) times.push(await stallOnce(boardRun));
  const figures = times[0]!.map((_, task) => [
    `walk-upstream/task-${task}-ms`,
    quantile(
      times.map((each) => each[task]!),
      0.5,
    ),
  ]);
  reportFigures(Object.fromEntries(figures));
});
