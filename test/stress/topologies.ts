/**
 * Random graphs of exchanges under real threads, one after another, for as long as is asked.
 *
 * Every task has a thread. Tasks pause at random, barriers are posted and aborted, and one graph in three is stopped or
 * killed in the middle, after which the same graph runs to its end with fresh threads and fresh memory. At the end both
 * ends of every channel have counted the same, in all and at each barrier, and no segment and no credit is lost. The
 * line of a graph begins with its seed; a seed runs the same graph again, if not the same interleaving.
 */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { isSluiceError } from '../../engine/base/errors.js';
import { Prng } from '../../engine/base/prng.js';
import { ThreadWaiter } from '../../engine/exchange/hard-waiter.js';
import { ControlArena } from '../../engine/memory/control-arena.js';
import { CREDIT, INPUT, MAIL } from '../../engine/memory/parker.js';
import { UNTIMED } from '../kit/exchange-kit.js';
import { ToyTask } from '../kit/toy-task.js';
import {
  checkEnd,
  createMemory,
  randomTopology,
  setupOf,
  type Topology,
  type ToyMemory,
  type ToyReport,
} from '../kit/toy-topology.js';

interface Setup {
  readonly topology: Topology;
  readonly memory: ToyMemory;
  readonly task: number;
  /** Words: the barrier asked for, and the barriers aborted up to it. */
  readonly asked: Int32Array;
}

/** A graph that takes longer stands still. */
const GRAPH_MS_MAX = 60_000;
const RECORDS_MAX = 5000;
const PAUSE_MS_MAX = 3;

/** Runs in the thread of a task. @returns null when it was cancelled */
function play({ topology, memory, task, asked }: Setup): ToyReport | null {
  const control = new ControlArena(memory.control, 1);
  const parker = control.parker(task);
  const waiter = new ThreadWaiter(control, task, parker, UNTIMED);
  const toy = new ToyTask(setupOf(topology, memory, task), control, waiter);
  waiter.owes = [...toy.partitions, ...toy.gates];
  const prng = new Prng(topology.seed + task);
  let abortedUpTo = 0;
  const lookAtBarriers = (): void => {
    const upTo = Atomics.load(asked, 1);
    if (upTo !== abortedUpTo) toy.abortBarriers(upTo);
    abortedUpTo = upTo;
    toy.barrierAsked = Atomics.load(asked, 0);
  };
  try {
    for (;;) {
      if (control.isStopRequested(task)) return null;
      lookAtBarriers();
      const step = toy.step();
      if (step === 'done') return { all: toy.cut, cuts: toy.cuts };
      if (prng.below(20_000) === 0)
        parker.park(1 << 30, { isReady: () => false }, prng.below(PAUSE_MS_MAX + 1));
      if (step === 'progress') continue;
      const isFlushed = toy.flush();
      const isReady = (): boolean =>
        control.isStopRequested(task) ||
        Atomics.load(asked, 0) !== toy.barrierAsked ||
        toy.isReady(step) ||
        (!isFlushed && toy.isCreditReady());
      const credit = step === 'output' || !isFlushed ? CREDIT : 0;
      parker.park(MAIL | credit | (step === 'input' ? INPUT : 0), { isReady }, Number.POSITIVE_INFINITY);
    }
  } catch (error) {
    if (isSluiceError(error) && error.code === 'TASK_CANCELLED') return null;
    throw error;
  }
}

type Ending = 'end' | 'stop' | 'kill';

/** One attempt at a graph, with memory and threads of its own. */
async function attempt(topology: Topology, ending: Ending, prng: Prng): Promise<void> {
  const memory = createMemory(topology);
  const asked = new Int32Array(new SharedArrayBuffer(8));
  const control = new ControlArena(memory.control, 1);
  const ringAll = (): void => {
    for (let task = 0; task < topology.tasks; task++) control.doorbell(task).ring(MAIL);
  };
  const workers = Array.from(
    { length: topology.tasks },
    (_, task) =>
      new Worker(new URL(import.meta.url), { workerData: { topology, memory, task, asked } satisfies Setup }),
  );
  const reports = Promise.all(
    workers.map(
      (worker) =>
        new Promise<ToyReport | null>((resolve, reject) => {
          worker
            .once('message', resolve)
            .once('error', reject)
            .once('exit', () => resolve(null));
        }),
    ),
  );
  const barriers = setInterval(() => {
    const id = Atomics.load(asked, 0);
    Atomics.store(asked, 1, id);
    ringAll();
    Atomics.store(asked, 0, id + 1);
    ringAll();
  }, 5);
  let limit: NodeJS.Timeout | undefined;
  const overdue = new Promise<never>((_, reject) => {
    limit = setTimeout(
      () => reject(new Error(`seed ${topology.seed}: not done in ${GRAPH_MS_MAX} ms`)),
      GRAPH_MS_MAX,
    );
  });
  try {
    if (ending !== 'end') {
      await Promise.race([reports, new Promise((resolve) => setTimeout(resolve, 30 + prng.below(60)))]);
      if (ending === 'stop') for (const task of workers.keys()) control.requestStop(task);
      else await Promise.all(workers.filter(() => prng.below(2) === 0).map((worker) => worker.terminate()));
      if (ending === 'stop') await Promise.race([reports, overdue]);
      return;
    }
    const found = await Promise.race([reports, overdue]);
    const whole = found.map((report, task) => {
      if (report === null) throw new Error(`seed ${topology.seed}: task ${task} gave up`);
      return report;
    });
    checkEnd(topology, memory, whole);
  } finally {
    clearInterval(barriers);
    clearTimeout(limit);
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

/**
 * @param seconds  no graph begins later than this
 * @returns        graphs that ran to their end
 */
export async function stressTopologies(
  seconds: number,
  seed: number,
  log: (line: string) => void,
): Promise<number> {
  const endMs = performance.now() + seconds * 1000;
  let graphs = 0;
  for (; performance.now() < endMs; graphs++) {
    const prng = new Prng(seed + graphs);
    const topology = randomTopology(seed + graphs, 1 + prng.below(RECORDS_MAX));
    const ending = (['end', 'end', 'end', 'end', 'stop', 'kill'] as const)[prng.below(6)]!;
    const beganMs = performance.now();
    if (ending !== 'end') await attempt(topology, ending, prng);
    await attempt(topology, 'end', prng);
    const shape = topology.edges.map(({ from, to }) => `${from}-${to}`).join(' ');
    const took = Math.round(performance.now() - beganMs);
    log(
      `${topology.seed}: tasks ${topology.parallelism.join('+')}, exchanges ${shape}, first ${ending}, ${took} ms`,
    );
  }
  return graphs;
}

if (!isMainThread) parentPort!.postMessage(play(workerData as Setup));
