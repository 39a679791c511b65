/**
 * How soon is it seen, and how soon named, that something has changed in a healthy job?
 *
 *   node step-changes.js <size>
 *
 * A sink comes to stand still; most records get one key; a function takes ten times as long. Each from a job that is said
 * to be healthy, asked every 20 ms. It is seen when what feeds the slow vertex has a level of backpressure above `ok`, and
 * named when the first finding is the right cause at the right vertex. What lies between the tasks has to fill up first: the
 * rates are such that a change leaves a surplus of 80,000 records a second and more. The figure of all is that of the
 * worst change, each by its median.
 */
import type { Diagnosis, Run } from 'sluice';
import type { Board, BoardWord } from './board.js';
import { type BoardRun, sleep, withBoardRun } from './board-run.js';
import { burnRoundsPerMs } from './burn.js';
import { quantile, reportFigures, sizeArgument } from './probe-report.js';

const LOOK_MS = 20;
const NAMED_MS_MAX = 30_000;
/** As the route of Flink has it: from 10 % on. */
const LOW = 0.1;

const roundsPerUs = burnRoundsPerMs() / 1_000;
const repeats = sizeArgument() === 'smoke' ? 1 : 7;

interface Change {
  readonly name: string;
  readonly ratePerMs: number;
  /** Before, in microseconds for a record; a share is a share. */
  readonly healthy: Partial<Record<BoardWord, number>>;
  readonly apply: (board: Board) => void;
  readonly revert: (board: Board) => void;
  readonly feeder: string;
  readonly vertex: string;
  readonly cause: Diagnosis['findings'][number]['cause'];
}

const us = (time: number): number => Math.round(time * roundsPerUs);

const CHANGES: readonly Change[] = [
  {
    name: 'sink-stalls',
    ratePerMs: 150,
    healthy: { mapRounds: us(1), totalRounds: us(1), hotShare: 0 },
    apply: (board) => board.stall(),
    revert: (board) => board.release(),
    ...{ feeder: 'total', vertex: 'sink', cause: 'cpu' },
  },
  {
    name: 'key-turns-hot',
    ratePerMs: 120,
    healthy: { mapRounds: us(0.5), totalRounds: us(8), hotShare: 0 },
    apply: (board) => board.set('hotShare', 0.95),
    revert: (board) => board.set('hotShare', 0),
    ...{ feeder: 'map', vertex: 'total', cause: 'key-skew' },
  },
  {
    name: 'function-slows',
    ratePerMs: 120,
    healthy: { mapRounds: us(3), totalRounds: us(0.5), hotShare: 0 },
    apply: (board) => board.set('mapRounds', us(30)),
    revert: (board) => board.set('mapRounds', us(3)),
    ...{ feeder: 'board', vertex: 'map', cause: 'cpu' },
  },
];

function isSeen(run: Run, feeder: string): boolean {
  const tasks = run.metrics('1s').tasks.filter(({ name }) => name.startsWith(feeder));
  return Math.max(...tasks.map(({ backpressuredRatio }) => backpressuredRatio)) > LOW;
}

function isNamed(run: Run, { cause, vertex }: Change): boolean {
  const { verdict, findings } = run.diagnose();
  return verdict === 'limited' && findings[0]!.cause === cause && findings[0]!.name.startsWith(vertex);
}

interface Times {
  readonly levelMs: number;
  readonly diagnosisMs: number;
}

async function timesOf({ board, run }: BoardRun, change: Change): Promise<Times> {
  for (const [word, value] of Object.entries(change.healthy)) board.set(word as BoardWord, value);
  board.set('ratePerMs', change.ratePerMs);
  while (run.diagnose().verdict !== 'healthy') await sleep(LOOK_MS);
  await sleep(1_000);
  change.apply(board);
  const beganMs = performance.now();
  let levelMs = Number.NaN;
  // Seldom: to look takes time that the job could have.
  while (!isNamed(run, change)) {
    if (Number.isNaN(levelMs) && isSeen(run, change.feeder)) levelMs = performance.now() - beganMs;
    if (performance.now() - beganMs > NAMED_MS_MAX) throw new Error(`${change.name} was not named`);
    await sleep(LOOK_MS);
  }
  const diagnosisMs = performance.now() - beganMs;
  change.revert(board);
  board.set('ratePerMs', 1);
  return { levelMs: Number.isNaN(levelMs) ? diagnosisMs : levelMs, diagnosisMs };
}

await withBoardRun({ job: 'board-stages' }, async (boardRun) => {
  const figures: Record<string, number> = {};
  for (const change of CHANGES) {
    const times: Times[] = [];
    for (let repeat = 0; repeat < repeats; repeat++) times.push(await timesOf(boardRun, change));
    figures[`level-ms/${change.name}`] = quantile(times.map(({ levelMs }) => levelMs), 0.5); // biome-ignore format: short
    figures[`diagnosis-ms/${change.name}`] = quantile(times.map(({ diagnosisMs }) => diagnosisMs), 0.5); // biome-ignore format: short
  }
  const worst = (kind: string): number => Math.max(...CHANGES.map(({ name }) => figures[`${kind}/${name}`]!));
  reportFigures({ 'level-ms': worst('level-ms'), 'diagnosis-ms': worst('diagnosis-ms'), ...figures });
});
