/**
 * How soon does a source stand still after its sink did, and run again after its sink does?
 *
 *   node stop-and-resume.js <size>
 *
 * The sink blocks its thread in the middle of a record, again and again, and goes on when the source has stood still for
 * a while. The source works a microsecond per record, and the sink does nothing, so it is the source that sets the pace.
 *
 *   stop     from the sink's standing still to the last record the source made, less the time in which the source fills
 *            what may lie between them: the records it made after the sink stood still, over its own rate, which nine
 *            tenths of the slices of 5 ms before all stalls did not exceed
 *   resume   from when the sink goes on to the first record the source makes; the engine wakes a source when the sink
 *            has read half of what may wait, so this holds the reading of 5 buffers
 */
import { type BoardRun, sleep, until, withBoardRun } from './board-run.js';
import { burnRoundsPerMs } from './burn.js';
import { isFull } from './in-flight.js';
import { quantile, reportFigures, sizeArgument } from './probe-report.js';
import { processMs } from './process-clock.js';

const SOURCE_US_PER_RECORD = 1;
const SLICES = 10;
const SLICE_MS = 5;
/** The source has stood still when it made nothing for so long. */
const STILL_MS = 15;

const stalls = sizeArgument() === 'smoke' ? 5 : 100;
const sourceRounds = Math.round((SOURCE_US_PER_RECORD / 1e3) * burnRoundsPerMs());

interface Stall {
  /** Records per ms in slices of the time just before. */
  readonly pacesPerMs: readonly number[];
  /** From the sink's standing still to the last record, and the records made in that time. */
  readonly tookMs: number;
  readonly made: number;
  readonly resumeMs: number;
}

async function stallOnce({ board, run }: BoardRun): Promise<Stall> {
  const pacesPerMs: number[] = [];
  for (let slice = 0; slice < SLICES; slice++) {
    const [made, atMs] = [board.get('made'), board.get('madeAtMs')];
    await sleep(SLICE_MS);
    pacesPerMs.push((board.get('made') - made) / Math.max(SLICE_MS, board.get('madeAtMs') - atMs));
  }
  const askedMs = processMs();
  board.stall();
  await until('the sink stands still', () => board.get('stalledMs') >= askedMs);
  const isStill = (): boolean => processMs() - board.get('madeAtMs') > STILL_MS;
  await until('the source stands still', () => isStill() && isFull(run));
  const tookMs = board.get('madeAtMs') - board.get('stalledMs');
  const made = board.get('made') - board.get('madeAtStall');
  board.set('gapEndedMs', 0);
  board.release();
  await until('the source runs again', () => board.get('gapEndedMs') > 0);
  return { pacesPerMs, tookMs, made, resumeMs: board.get('gapEndedMs') - board.get('resumedMs') };
}

await withBoardRun({ job: 'board-chain', hops: 0, sourceRounds }, async (boardRun) => {
  await sleep(1_000);
  const all: Stall[] = [];
  for (let stall = 0; stall < stalls; stall++) all.push(await stallOnce(boardRun));
  const perMs = quantile(
    all.flatMap((each) => each.pacesPerMs),
    0.9,
  );
  const stopMs = all.map((each) => each.tookMs - each.made / perMs);
  const resumeMs = all.map((each) => each.resumeMs);
  reportFigures({
    'stop-ms': quantile(stopMs, 0.5),
    'stop-ms-p99': quantile(stopMs, 0.99),
    'resume-ms-p50': quantile(resumeMs, 0.5),
    'resume-ms-p99': quantile(resumeMs, 0.99),
  });
});
