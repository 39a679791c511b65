import type { TaskTimeName } from '../../memory/task-clock.js';
import { TASK_TIMES } from '../../memory/task-clock.js';
import type { WaitPicture } from '../../memory/wait-picture.js';
import type { TimeSample } from '../metrics/task-sample.js';
import type { ThreadTimes } from '../threads/thread-times.js';
import { waitsIn } from '../wait-graph.js';
import { type Frame, FrameTree, frameOver } from './frame-tree.js';

const WAITS = TASK_TIMES.filter((name): name is Exclude<TaskTimeName, 'busy'> => name !== 'busy');
type WaitName = (typeof WAITS)[number];

// biome-ignore format: a table
const SHOWN: Readonly<Record<WaitName, string>> = {
  idle:              'waiting for input',
  softBackpressured: 'waiting for credit, between records',
  hardBackpressured: 'waiting for credit, inside a record',
  async:             'waiting for a promise of its source or sink',
  rateLimited:       'held back by the rate of its source or sink',
};

/**
 * For what the tasks of a run wait, looked at now and then: their clocks tell how long they wait, and these looks who
 * could have ended it.
 *
 * Runs in: the main thread.
 */
export class WaitLooks {
  /** Task, then state, then the task waited for: how often. */
  readonly #looks = new Map<number, Map<WaitName, Map<number, number>>>();

  add(picture: WaitPicture): void {
    for (const { task, needs } of waitsIn(picture)) {
      const state = picture.tasks[task]!.state as WaitName | null;
      if (state === null) continue;
      const states = this.#looks.get(task) ?? new Map<WaitName, Map<number, number>>();
      const wakers = states.get(state) ?? new Map<number, number>();
      // One that needs several waits for all of them; one that several could bring is waited for from each.
      for (const waker of new Set(needs.flat().map((edge) => edge.waker)))
        wakers.set(waker, (wakers.get(waker) ?? 0) + 1);
      this.#looks.set(task, states.set(state, wakers));
    }
  }

  /** How often each task was waited for by one in a state. */
  wakers(task: number, state: WaitName): ReadonlyMap<number, number> {
    return this.#looks.get(task)?.get(state) ?? new Map();
  }
}

/**
 * Where the time of a task went that it was on no core, as a tree. Waits are by its clock; waiting for a core, and
 * calls to the system, are what the system says of its thread, and are part of the time the clock calls busy.
 *
 * @param name    of the task
 * @param nameOf  other tasks, as messages name them
 */
export function offCpu(
  name: string,
  task: number,
  [then, now]: readonly [TimeSample, TimeSample],
  looks: WaitLooks,
  nameOf: (task: number) => string,
): Frame {
  const spent = (of: TaskTimeName): number => Math.max(0, now.times[`${of}Ms`] - then.times[`${of}Ms`]);
  const waits = WAITS.map((state) => {
    const tree = new FrameTree(SHOWN[state], 'waiting');
    const wakers = looks.wakers(task, state);
    const all = [...wakers.values()].reduce((sum, count) => sum + count, 0);
    const verb = state === 'idle' ? 'to send' : 'to read';
    for (const [waker, count] of wakers)
      tree.add([{ name: `for ${nameOf(waker)} ${verb}`, kind: 'waiting' }], (spent(state) * count) / all);
    if (all === 0) tree.add([], spent(state));
    return tree.toFrame();
  });
  return frameOver(name, 'task', [...waits, ...offCore(spent('busy'), then.thread, now.thread)]);
}

/** The system counts in ticks of its own; less than this share of the time means nothing. */
const NOISE = 0.02;

function offCore(busyMs: number, then: ThreadTimes | null, now: ThreadTimes | null): readonly Frame[] {
  if (then === null || now === null) return [];
  const queuedMs = Math.min(busyMs, now.awaitingCoreMs - then.awaitingCoreMs);
  const systemMs = busyMs - queuedMs - (now.onCoreMs - then.onCoreMs);
  return [
    frame('waiting for a core', queuedMs),
    frame('in calls to the system, such as of files', systemMs < NOISE * busyMs ? 0 : systemMs),
  ];
}

function frame(name: string, ms: number): Frame {
  return { name, kind: 'waiting', ms, children: [] };
}
