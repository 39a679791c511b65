import { assert } from '../../base/assert.js';
import { SYSTEM_CLOCK } from '../../base/clock.js';
import type { CreditWait, HardWaiter } from '../../exchange/hard-waiter.js';
import { ControlArena } from '../../memory/control-arena.js';
import { attachExchange } from '../../memory/exchange-arena.js';
import type { Parker } from '../../memory/parker.js';
import type { SharedMemory } from '../../memory/region.js';
import { tasksOf } from '../../plan/job-graph.js';
import type { PreparedJob } from '../prepared-job.js';
import { attachCategories } from '../run-categories.js';
import { createSubtask, reportOf, type Subtask } from '../subtask.js';
import type { RunTaps } from '../taps/run-taps.js';
import type { TaskReport } from '../threads/protocol.js';
import { ThreadHost } from '../threads/thread-host.js';
import type { LiveEnds } from './live-ends.js';

/** Memory of a run, and the attempt it is stamped with. */
export interface RunMemory {
  readonly control: SharedMemory;
  /** Null: values of categories travel as strings. */
  readonly categories: SharedMemory | null;
  /** By exchange id. */
  readonly exchanges: readonly SharedMemory[];
  readonly attempt: number;
}

/**
 * The tasks at the live ends of a job. They are tasks like all others, in the thread of the application: each has a
 * host that yields where one in a worker sleeps.
 *
 * Runs in: the main thread.
 */
export class LiveTasks {
  readonly #hosts: { readonly task: number; readonly subtask: Subtask; readonly host: ThreadHost }[] = [];

  /**
   * @param runTaps  null: nobody watches
   * @throws SluiceError CODEGEN_FORBIDDEN
   * Cost: some milliseconds for each end, to compile its chain.
   */
  constructor(
    prepared: PreparedJob,
    live: LiveEnds,
    memory: RunMemory,
    runId: string,
    runTaps: RunTaps | null,
  ) {
    const { graph, blueprint, built, options, splits, cursors } = prepared;
    const ends = graph.vertices.filter(({ place }) => place === 'main');
    if (ends.length === 0) return;
    const control = new ControlArena(memory.control, memory.attempt);
    const isTouched = (vertex: number): boolean => ends.some(({ index }) => index === vertex);
    const touched = graph.exchanges.filter(
      ({ fromVertex, toVertex }) => isTouched(fromVertex) || isTouched(toVertex),
    );
    const attached = (attach: typeof attachExchange) =>
      new Map(
        touched.map(({ id }) => [
          id,
          attach(blueprint.exchanges[id]!, memory.exchanges[id]!, memory.attempt),
        ]),
      );
    const exchanges = attached(attachExchange);
    const setting = {
      built,
      graph,
      options,
      exchanges,
      control,
      categories: attachCategories(memory.categories, memory.attempt, graph),
      splits,
      cursors,
      runId,
      clock: SYSTEM_CLOCK,
      live,
    };
    for (const vertex of ends) {
      for (const task of tasksOf(vertex)) {
        const parker = control.parker(task);
        const taps = runTaps?.open(task);
        const watched = taps && { exchanges: attached(taps.attach), Lender: taps.Lender };
        const subtask = createSubtask({ ...setting, ...watched }, task, NEVER_WAITS);
        live.end(vertex.head).wake = wakerOf(parker);
        this.#hosts.push({
          task,
          subtask,
          host: new ThreadHost(
            subtask,
            control,
            task,
            parker,
            taps?.clock(control) ?? control.clock(task),
            'yields',
          ),
        });
      }
    }
  }

  /** Runs all to their ends; one promise for each, with the number of its task. */
  run(): readonly (readonly [task: number, report: Promise<TaskReport>])[] {
    return this.#hosts.map(({ task, subtask, host }) => [
      task,
      host.run().then((end) => reportOf(subtask, end)),
    ]);
  }
}

/** An end of the job in the thread of an application must not block it, and need not. */
const NEVER_WAITS: HardWaiter = {
  awaitCredit: (_: CreditWait) =>
    assert(false, 'push/never-waits: a row of a live input finds the segments it needs'),
};

/** Wakes a host once in a turn of the event loop, so that what an application does in one go is done in one step. */
function wakerOf(parker: Parker): () => void {
  let isComing = false;
  return () => {
    if (isComing) return;
    isComing = true;
    setImmediate(() => {
      isComing = false;
      parker.wakeHere();
    });
  };
}
