/**
 * How a record that has begun waits for a segment.
 *
 *   wait/hard  A hard wait ends on a credit or on the stop word, and on the stop word it throws TASK_CANCELLED. The
 *              task rings every bell it owes before it sleeps.
 *
 * Runs in: the thread of the upstream task.
 */
import { SYSTEM_CLOCK } from '../base/clock.js';
import { SluiceError } from '../base/errors.js';
import type { ControlArena } from '../memory/control-arena.js';
import { CREDIT, MAIL, type Parker } from '../memory/parker.js';
import type { TaskClock } from '../memory/task-clock.js';

/** What a partition can answer while it waits. */
export interface CreditWait {
  readonly exchangeId: number;
  /** True if a segment can be had, looked at anew. */
  isSegmentReady(): boolean;
}

/** Waits in the way of its host: a thread sleeps, the inline host lets downstream tasks step. */
export interface HardWaiter {
  /** Returns when something may have changed. @throws SluiceError TASK_CANCELLED  the task was asked to stop */
  awaitCredit(partition: CreditWait): void;
}

/** A gate or a partition: neither must owe rings while its task sleeps. */
export interface OwesRings {
  ringOwed(): void;
}

/** What a hard wait tells the clock of its task. */
export type HardClock = Pick<TaskClock, 'waitHard' | 'work'>;

/** The hard waiter of a task that has a thread to itself. */
export class ThreadWaiter implements HardWaiter {
  readonly #control: ControlArena;
  readonly #task: number;
  readonly #parker: Parker;
  readonly #clock: HardClock;
  readonly #condition: { isReady(): boolean };
  #partition: CreditWait | undefined;
  /** Everything of the task that may owe rings: its gate and its partitions. */
  owes: readonly OwesRings[] = [];

  /**
   * @param parker  the one parker of the task
   * @param clock   its one clock
   */
  constructor(control: ControlArena, task: number, parker: Parker, clock: HardClock) {
    this.#control = control;
    this.#task = task;
    this.#parker = parker;
    this.#clock = clock;
    this.#condition = {
      isReady: () => this.#control.isStopRequested(this.#task) || this.#partition!.isSegmentReady(),
    };
  }

  awaitCredit(partition: CreditWait): void {
    for (const each of this.owes) each.ringOwed();
    this.#partition = partition;
    this.#control.taskLine(this.#task).waitingExchange = partition.exchangeId;
    this.#clock.waitHard(SYSTEM_CLOCK.monotonicMs());
    this.#parker.park(CREDIT | MAIL, this.#condition, Number.POSITIVE_INFINITY); // wait/hard
    this.#clock.work(SYSTEM_CLOCK.monotonicMs());
    if (this.#control.isStopRequested(this.#task)) throw cancelled();
  }
}

/** The error that a task ends with when it was asked to stop. */
export function cancelled(): SluiceError {
  return new SluiceError('TASK_CANCELLED', 'the task was asked to stop while it wrote a record');
}
