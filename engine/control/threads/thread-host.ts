import { SYSTEM_CLOCK } from '../../base/clock.js';
import { isSluiceError } from '../../base/errors.js';
import type { ControlArena } from '../../memory/control-arena.js';
import { CREDIT, INPUT, MAIL, type Parker } from '../../memory/parker.js';
import type { TaskClock } from '../../memory/task-clock.js';
import type { TaskLine } from '../../memory/task-line.js';
import { STEP, type Step } from '../../runtime/task-input.js';
import type { Subtask } from '../subtask.js';
import { TASK_STATES } from '../task-states.js';
import { TIME_OF_STEP } from '../time-of-step.js';
import { HeapWatch } from './heap-watch.js';
import { systemThreadId } from './thread-times.js';

/**
 * What becomes of the thread while its task waits: a worker `sleeps`; the main thread `yields` to the application.
 */
export type Waiting = 'sleeps' | 'yields';

/**
 * A busy task takes an event-loop turn this often, so that console output, timers and rejections get through; beside an
 * application, so that it is not held up.
 */
const TURN_INTERVAL_MS = { sleeps: 100, yields: 2 } as const;
/** Before parking a task takes a turn unless the last one is more recent than this. */
const TURN_FRESH_MS = 10;
/**
 * A parked task looks around this often, so that timers and rejections of user code get through. That would also make
 * up for a wake that got lost, so tests of wakes switch it off.
 */
const PARK_MS_MAX = CHECKED && process.env['SLUICE_NEVER_LOOK_AROUND'] === '1' ? 1e9 : 100;

/**
 * The loop of a task that has a thread to itself, or that is an end of the job beside the application.
 *
 *   control/yield  An event-loop turn is taken before parking if the last one is older than 10 ms, and at least every
 *                  100 ms while busy; every 2 ms in the thread of an application, and while an async function is
 *                  called. A task yields where it would sleep, while it waits for an answer.
 *   wait/owed      Every bell owed is rung, and everything sendable flushed, before the thread sleeps or yields.
 *
 * Runs in: the task's worker; for live ends, the main thread, which it never blocks.
 */
export class ThreadHost {
  readonly #subtask: Subtask;
  readonly #control: ControlArena;
  readonly #index: number;
  readonly #parker: Parker;
  readonly #line: TaskLine;
  readonly #clock: TaskClock;
  readonly #waiting: Waiting;
  readonly #condition: { isReady(): boolean };
  /** Of a thread of its own. */
  #heap: HeapWatch | null = null;
  #lastTurnMs = 0;
  #waitingFor: Step = STEP.PROGRESS;
  #flushed = true;

  constructor(
    subtask: Subtask,
    control: ControlArena,
    index: number,
    parker: Parker,
    clock: TaskClock,
    waiting: Waiting = 'sleeps',
  ) {
    this.#subtask = subtask;
    this.#control = control;
    this.#index = index;
    this.#parker = parker;
    this.#clock = clock;
    this.#waiting = waiting;
    this.#line = control.taskLine(index);
    const { task } = subtask;
    task.core.onAnswer = () => parker.wakeHere();
    this.#condition = {
      isReady: () =>
        control.isStopRequested(index) ||
        task.isReady(this.#waitingFor) ||
        (!this.#flushed && task.isCreditReady()),
    };
  }

  /**
   * Runs the task to its end.
   *
   * @returns FINISHED, or CANCELED when its stop word was raised
   * @throws the error that ended the task, told so that a user understands it
   */
  async run(): Promise<'FINISHED' | 'CANCELED'> {
    let outcome: 'FINISHED' | 'CANCELED' | 'FAILED' = 'FAILED';
    this.#line.systemThreadId = systemThreadId();
    this.#line.state = TASK_STATES.indexOf('RUNNING');
    if (this.#waiting === 'sleeps') this.#heap = new HeapWatch(this.#line);
    this.#clock.begin(SYSTEM_CLOCK.monotonicMs());
    try {
      outcome = await this.#live();
      return outcome;
    } finally {
      this.#heap?.close();
      this.#clock.end(SYSTEM_CLOCK.monotonicMs());
      this.#line.state = TASK_STATES.indexOf(outcome);
    }
  }

  async #live(): Promise<'FINISHED' | 'CANCELED'> {
    const { task } = this.#subtask;
    try {
      const outcome = await this.#loop();
      if (outcome === 'CANCELED') await task.cancel();
      this.#publish(SYSTEM_CLOCK.monotonicMs());
      return outcome;
    } catch (error) {
      if (isSluiceError(error) && error.code === 'TASK_CANCELLED') {
        await task.cancel();
        return 'CANCELED';
      }
      throw await task.fail(error);
    }
  }

  async #loop(): Promise<'FINISHED' | 'CANCELED'> {
    const { task } = this.#subtask;
    for (;;) {
      if (this.#control.isStopRequested(this.#index)) return 'CANCELED';
      const nowMs = SYSTEM_CLOCK.monotonicMs();
      this.#clock.work(nowMs);
      const step = task.step(nowMs);
      this.#publish(nowMs);
      if (step === STEP.DONE) return 'FINISHED';
      if (step === STEP.PROGRESS) {
        this.#clock.progressed();
        if (nowMs - this.#lastTurnMs >= this.#turnIntervalMs) await this.#turn(); // control/yield
      } else if (step === STEP.WAIT_PROMISE) {
        await this.#await(task.waitFor!, nowMs);
      } else {
        await this.#park(step, nowMs);
      }
    }
  }

  /** Waits for a promise, but looks around now and then: a stop may come, and credit for what is not flushed. */
  async #await(promise: Promise<void>, nowMs: number): Promise<void> {
    this.#prepareToWait(nowMs);
    let timer: NodeJS.Timeout | undefined;
    const soon = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, PARK_MS_MAX);
    });
    this.#clock.wait(TIME_OF_STEP[STEP.WAIT_PROMISE], SYSTEM_CLOCK.monotonicMs());
    await Promise.race([promise, soon]);
    clearTimeout(timer);
    this.#lastTurnMs = SYSTEM_CLOCK.monotonicMs();
  }

  async #park(step: Step, nowMs: number): Promise<void> {
    this.#prepareToWait(nowMs);
    if (nowMs - this.#lastTurnMs >= TURN_FRESH_MS) await this.#turn(); // control/yield
    this.#waitingFor = step;
    const inputBit = step === STEP.WAIT_INPUT ? INPUT : 0;
    const creditBit = step === STEP.WAIT_OUTPUT || !this.#flushed ? CREDIT : 0;
    const beganMs = SYSTEM_CLOCK.monotonicMs();
    const waitMs = Math.max(0, this.#subtask.task.wakeAtMs(step) - beganMs);
    this.#clock.wait(TIME_OF_STEP[step], beganMs);
    const bits = inputBit | creditBit | MAIL;
    const parkMs = Math.min(waitMs, PARK_MS_MAX);
    const mustYield = this.#waiting === 'yields' || this.#subtask.task.core.calls > 0;
    if (!mustYield) {
      this.#parker.park(bits, this.#condition, parkMs);
      return;
    }
    const { parks } = this.#parker;
    await this.#parker.parkAsync(bits, this.#condition, parkMs);
    if (this.#parker.parks > parks) this.#lastTurnMs = SYSTEM_CLOCK.monotonicMs(); // else there was no turn
  }

  /** Answers of async functions come in turns too. */
  get #turnIntervalMs(): number {
    return TURN_INTERVAL_MS[this.#subtask.task.core.calls > 0 ? 'yields' : this.#waiting];
  }

  #prepareToWait(nowMs: number): void {
    const { task } = this.#subtask;
    this.#flushed = task.flush(nowMs); // wait/owed
    task.ringOwed(); // wait/owed
  }

  async #turn(): Promise<void> {
    this.#subtask.task.ringOwed(); // wait/owed
    await new Promise((resolve) => setImmediate(resolve));
    this.#heap?.look();
    this.#lastTurnMs = SYSTEM_CLOCK.monotonicMs();
  }

  #publish(nowMs: number): void {
    const line = this.#line;
    const { task, gates, partitions } = this.#subtask;
    const { core } = task;
    line.loops = (line.loops + 1) | 0;
    line.set('recordsIn', core.recordsIn);
    line.set('recordsOut', core.recordsOut);
    line.set('lateRecords', core.lateRecords);
    line.set('droppedRecords', core.droppedRecords);
    line.set('watermarkMs', core.watermarkMs);
    line.set('splitsDone', this.#subtask.splitsDone());
    line.set('undeclaredMs', this.#subtask.undeclaredMs());
    let buffers = 0;
    let bytes = 0;
    for (const gate of gates) {
      buffers += gate.buffersIn;
      bytes += gate.bytesIn;
      if (gate.isDebloatDue(nowMs)) gate.debloat(nowMs, this.#clock.activeMs(nowMs));
    }
    line.set('buffersIn', buffers);
    line.set('bytesIn', bytes);
    buffers = 0;
    bytes = 0;
    for (const partition of partitions) {
      buffers += partition.buffersOut;
      bytes += partition.bytesOut;
    }
    line.set('buffersOut', buffers);
    line.set('bytesOut', bytes);
  }
}
