/** Starts a job with a board, and ends it. */
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Run, start } from 'sluice';
import { Board } from './board.js';

export interface BoardRun {
  readonly board: Board;
  readonly run: Run;
}

export interface BoardJob {
  readonly job: 'board-chain' | 'board-keyed' | 'board-stages';
  /** Maps between source and sink of a `board-chain`. */
  readonly hops?: number;
  readonly options?: Readonly<Record<string, string | number | boolean>>;
  readonly sourceRounds?: number;
  readonly sinkRounds?: number;
}

/** Runs a job of parallelism 1, where it says nothing else, while `during` measures, then cancels it. */
export async function withBoardRun<T>(
  { job, hops, options = {}, sourceRounds = 0, sinkRounds = 0 }: BoardJob,
  during: (run: BoardRun) => Promise<T>,
): Promise<T> {
  const board = Board.create();
  board.set('sourceRounds', sourceRounds);
  board.set('sinkRounds', sinkRounds);
  const path = fileURLToPath(new URL(`../../../../bench/jobs/${job}.ts`, import.meta.url));
  const params = hops === undefined ? {} : { hops };
  const run = await start(pathToFileURL(path), { parallelism: 1, params, options });
  try {
    return await Promise.race([during({ board, run }), run.finished.then(endedEarly)]);
  } finally {
    board.release();
    await run.cancel();
  }
}

function endedEarly(): never {
  throw new Error('the job has ended before it was measured');
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const AWAIT_MS_MAX = 30_000;

/** Looks every millisecond. @throws Error  it did not become true in time */
export async function until(what: string, isTrue: () => boolean): Promise<void> {
  const endMs = performance.now() + AWAIT_MS_MAX;
  while (!isTrue()) {
    if (performance.now() > endMs) throw new Error(`after ${AWAIT_MS_MAX} ms it was not so: ${what}`);
    await sleep(1);
  }
}
