/**
 * How busy is a sink that is slower than its source, and how much lies between them?
 *
 *   node slow-sink.js <percent> <size>
 *
 * The source works a fixed number of rounds per record. Its capacity is what it made per time it was busy, with a sink
 * that does nothing. Then the sink works so many rounds per record that it takes the given percentage of that. The
 * busy share is what the engine's clock of the sink's task says of three seconds, two after the start: the source is held
 * back long before. The most that was in flight is from half a second of looks after that, a millisecond apart.
 */
import type { TaskMetrics } from 'sluice';
import { sleep, withBoardRun } from './board-run.js';
import { burnRoundsPerMs } from './burn.js';
import { mostInFlight } from './in-flight.js';
import { reportFigures, sizeArgument } from './probe-report.js';

const SOURCE_US_PER_RECORD = 2;

const percent = Number(process.argv[2]);
const size = sizeArgument();
const [settleMs, measureMs, looks] = size === 'smoke' ? [200, 300, 20] : [2_000, 3_000, 500];
const roundsPerMs = burnRoundsPerMs();
const sourceRounds = Math.round((SOURCE_US_PER_RECORD / 1e3) * roundsPerMs);

/** Time of a task from one look to the next: at work, and in all. */
function timesBetween(
  before: TaskMetrics,
  after: TaskMetrics,
): { readonly busyMs: number; readonly ms: number } {
  const sum = ({ times }: TaskMetrics): number =>
    times.busyMs +
    times.idleMs +
    times.softBackpressuredMs +
    times.hardBackpressuredMs +
    times.asyncMs +
    times.rateLimitedMs;
  return { busyMs: after.times.busyMs - before.times.busyMs, ms: sum(after) - sum(before) };
}

/** Records per busy millisecond of the source. */
const capacity = await withBoardRun({ job: 'board-chain', hops: 0, sourceRounds }, async ({ board, run }) => {
  await sleep(settleMs / 2);
  const [before, made] = [run.metrics().tasks[0]!, board.get('made')];
  await sleep(measureMs / 2);
  const [after, madeAfter] = [run.metrics().tasks[0]!, board.get('made')];
  return (madeAfter - made) / timesBetween(before, after).busyMs;
});

const sinkRounds = Math.round((roundsPerMs / capacity) * (100 / percent));
await withBoardRun({ job: 'board-chain', hops: 0, sourceRounds, sinkRounds }, async ({ board, run }) => {
  await sleep(settleMs);
  const [before, taken] = [run.metrics().tasks[1]!, board.get('taken')];
  await sleep(measureMs);
  const [after, takenAfter] = [run.metrics().tasks[1]!, board.get('taken')];
  const { busyMs, ms } = timesBetween(before, after);
  reportFigures({
    [`slow-sink-${percent}pct`]: busyMs / ms,
    [`slow-sink-${percent}pct/in-flight`]: await mostInFlight(run, 1, looks),
    [`slow-sink-${percent}pct/rate`]: (takenAfter - taken) / ms / capacity,
  });
});
