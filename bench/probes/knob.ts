/**
 * What does an option do to latency at a low rate, and to what is in flight when the sink is the slowest part?
 *
 *   node knob.js <key> <value> <size>
 *
 * A source, an exchange by key, a count by key and a sink, in two threads. First a record a millisecond is due, and latency is
 * from then until the sink takes it. Then the source makes as many as are taken by a sink that works 2 us for each, and what is
 * in flight is the most that was seen in buffers, each taken for full.
 */
import { sleep, until, withBoardRun } from './board-run.js';
import { burnRoundsPerMs } from './burn.js';
import { reportFigures, sizeArgument } from './probe-report.js';
import { processMs } from './process-clock.js';

const [key, value] = process.argv.slice(2) as [string, string];
const [settleMs, windowMs, looks] = sizeArgument() === 'smoke' ? [200, 200, 20] : [1_000, 3_000, 500];
const SEGMENT_KB = 32;
const SINK_US = 2;
const sinkRounds = Math.round((burnRoundsPerMs() * SINK_US) / 1_000);

await withBoardRun({ job: 'board-keyed', options: { [key]: value } }, async ({ board, run }) => {
  board.set('ratePerMs', 1);
  const windowBegin = processMs() + settleMs;
  const windowEnd = windowBegin + windowMs;
  board.set('windowBegin', windowBegin);
  board.set('windowEnd', windowEnd);
  await until('every record of the window was taken', () => board.get('lastAtMs') >= windowEnd);
  const p99Ms = board.histogram.atMs(0.99);
  board.set('sinkRounds', sinkRounds);
  board.set('ratePerMs', 0);
  await sleep(settleMs);
  let most = 0;
  for (let look = 0; look < looks; look++) {
    most = Math.max(most, run.metrics().tasks[1]!.input!.queuedBuffers);
    await sleep(1);
  }
  const name = `${key}=${value}`;
  reportFigures({ [`${name}/p99-ms`]: p99Ms, [`${name}/in-flight-kb`]: most * SEGMENT_KB });
});
