/**
 * How far from its target is the time that a record spends between two tasks, with buffer debloating?
 *
 *   node debloat-error.js <target ms> <size>
 *
 * A record's time is from its making, after which it is written at once, to its taking by the sink, one clock for both.
 * The source is always held back. The sink's work per record changes tenfold; five seconds later the mean over a second
 * is taken. The error is that of the mean from the target, as a share of the target, and the worst of the changes.
 *
 * The target is reachable when throughput x target is between a few small buffers and what there is: the fast rate fills
 * a half of the 640 KiB that one sender and one receiver can have between them, the slow one a twentieth. A change to
 * the slow rate leaves ten targets of data behind, which is measured only where that drains before the five seconds
 * are over. At the start the slow sink finds all buffers full: twenty targets of data.
 */
import type { Board } from './board.js';
import { sleep, withBoardRun } from './board-run.js';
import { burnRoundsPerMs } from './burn.js';
import { IN_FLIGHT_BYTES_MAX } from './in-flight.js';
import { reportFigures, sizeArgument } from './probe-report.js';

/** As it travels: length, hash, time and three fields. */
const RECORD_BYTES = 32;
const SETTLE_MS = 5_000;
const MEASURE_MS = 1_000;

const targetMs = Number(process.argv[2]);
const isSmoke = sizeArgument() === 'smoke';
const roundsPerMs = burnRoundsPerMs();
const fastPerMs = IN_FLIGHT_BYTES_MAX / 2 / RECORD_BYTES / targetMs;
const roundsAt = (perMs: number): number => Math.round(roundsPerMs / perMs);
const [fast, slow] = [roundsAt(fastPerMs), roundsAt(fastPerMs / 10)];
const drainsInTime = 10 * targetMs < SETTLE_MS;

async function errorAfter(board: Board, sinkRounds: number, settleMs: number): Promise<number> {
  board.set('sinkRounds', sinkRounds);
  await sleep(isSmoke ? 300 : settleMs);
  const [taken, onTheWayMs] = [board.get('taken'), board.get('onTheWayMs')];
  await sleep(isSmoke ? 300 : MEASURE_MS);
  const meanMs = (board.get('onTheWayMs') - onTheWayMs) / (board.get('taken') - taken);
  return Math.abs(meanMs - targetMs) / targetMs;
}

const options = {
  'taskmanager.network.memory.buffer-debloat.enabled': true,
  'taskmanager.network.memory.buffer-debloat.target': `${targetMs} ms`,
};
await withBoardRun({ job: 'board-chain', hops: 0, options, sinkRounds: slow }, async ({ board }) => {
  const atStart = await errorAfter(board, slow, 20 * targetMs + SETTLE_MS);
  const errors = [await errorAfter(board, fast, SETTLE_MS)];
  if (drainsInTime) errors.push(await errorAfter(board, slow, SETTLE_MS));
  process.stderr.write(`${JSON.stringify({ atStart, errors })}\n`);
  const name = `debloat-${targetMs === 1_000 ? '1s' : `${targetMs}ms`}-error`;
  reportFigures({ [name]: Math.max(...errors) });
});
