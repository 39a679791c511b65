/**
 * The words by which one run is steered and watched.
 *
 *   control/signals  Signals are words that only grow and have one writer, the master; it writes first and rings
 *                    second.
 *   control/splits   A cursor hands every number out once: it changes only by Atomics.add, and the number before is
 *                    the caller's. Which task gets which number does not matter, so any order is right.
 *   control/rate     The rate of a source is one word, so it is read whole, and the last one written counts; the master
 *                    writes it first and rings second.
 *
 * Runs in: the main thread creates and steers, workers attach.
 */
import { assert } from '../base/assert.js';
import { LATENCY_BYTES, LatencyLine } from './latency-line.js';
import { LINE_BYTES, layout } from './layout.js';
import { DOORBELL, Doorbell, interestOf, MAIL, Parker } from './parker.js';
import { CONTROL_MAGIC, checkRegion, REGION, type SharedMemory, stampRegion } from './region.js';
import { TASK_CLOCK, TaskClock, TaskClockReader } from './task-clock.js';
import { TASK, TaskLine } from './task-line.js';

// biome-ignore format: a table
const SIZES = layout('control-sizes', 128, {
  //           offset  type   writer     meaning
  tasks:     [   0,  'i32', 'creator', 'tasks of the run'],
  cursors:   [   4,  'i32', 'creator', 'split cursors and rates, one of each per source vertex'],
  latencies: [   8,  'i32', 'creator', 'latency lines of each task; 0: none'],
});

// biome-ignore format: a table
export const CONTROL = layout('control', 128, {
  //         offset  type   writer    meaning
  stop:    [   0,  'i32', 'master', '1 once the task shall end as soon as it can'],
  drain:   [   4,  'i32', 'master', '1 once a source shall end its input where it is'],
});

// biome-ignore format: a table
export const CURSOR = layout('split-cursor', 128, {
  //         offset  type   writer  meaning
  next:    [   0,  'i32', 'any',  'number of the next split to hand out'],
});

// biome-ignore format: a table
export const RATE = layout('source-rate', 128, {
  //           offset  type   writer    meaning
  perSecond: [   0,  'i32', 'master', 'bits of a float32: records per second over all subtasks; 0: no limit'],
});

/** From one task's doorbell to the next one's. */
export const TASK_BYTES = DOORBELL.BYTES + CONTROL.BYTES + TASK.BYTES + TASK_CLOCK.BYTES;
/** Where the first task's doorbell is. */
export const CONTROL_FIRST_BYTE = REGION.BYTES + SIZES.BYTES;

export interface ControlSpec {
  readonly tasks: number;
  readonly cursors: number;
  /** Latency lines of each task; without it there are none. */
  readonly latencies?: number;
  /** 1 and up. */
  readonly attempt: number;
}

const FLOAT = new Float32Array(1);
const BITS = new Int32Array(FLOAT.buffer);

/** Every part of the control arena by name; the sum is its size. */
export function controlTerms({ tasks, cursors, latencies = 0 }: Omit<ControlSpec, 'attempt'>) {
  return [
    { name: 'control header', count: 1, bytes: CONTROL_FIRST_BYTE },
    { name: 'doorbells', count: tasks, bytes: DOORBELL.BYTES },
    { name: 'control lines', count: tasks, bytes: CONTROL.BYTES },
    { name: 'task lines', count: tasks, bytes: TASK.BYTES },
    { name: 'task clocks', count: tasks, bytes: TASK_CLOCK.BYTES },
    { name: 'split cursors', count: cursors, bytes: CURSOR.BYTES },
    { name: 'source rates', count: cursors, bytes: RATE.BYTES },
    { name: 'latency lines', count: tasks * latencies, bytes: LATENCY_BYTES },
  ] as const;
}

export function createControlArena(spec: ControlSpec): SharedMemory {
  const bytes = controlTerms(spec).reduce((sum, term) => sum + term.count * term.bytes, 0);
  const memory = new SharedArrayBuffer(bytes);
  stampRegion(memory, CONTROL_MAGIC, spec.attempt, 0);
  const words = new Int32Array(memory);
  words[REGION.BYTES / 4 + SIZES.tasks] = spec.tasks;
  words[REGION.BYTES / 4 + SIZES.cursors] = spec.cursors;
  words[REGION.BYTES / 4 + SIZES.latencies] = spec.latencies ?? 0;
  const arena = new ControlArena(memory, spec.attempt);
  for (let task = 0; task < spec.tasks; task++) arena.taskLine(task).set('watermarkMs', -Infinity);
  return memory;
}

export class ControlArena {
  readonly tasks: number;
  readonly cursors: number;
  readonly latencies: number;
  readonly attempt: number;
  readonly #i32: Int32Array;
  readonly #f64: Float64Array;

  /** @throws SluiceError ARENA_INVALID  not a control arena of this attempt */
  constructor(memory: SharedMemory, attempt: number) {
    checkRegion(memory, CONTROL_MAGIC, attempt, 0);
    this.attempt = attempt;
    this.#i32 = new Int32Array(memory);
    this.#f64 = new Float64Array(memory);
    this.tasks = this.#i32[REGION.BYTES / 4 + SIZES.tasks]!;
    this.cursors = this.#i32[REGION.BYTES / 4 + SIZES.cursors]!;
    this.latencies = this.#i32[REGION.BYTES / 4 + SIZES.latencies]!;
  }

  doorbell(task: number): Doorbell {
    return new Doorbell(this.#i32, this.#taskByte(task) >> 2);
  }

  /** The parker of a task belongs to the thread of that task; make it once. */
  parker(task: number): Parker {
    return new Parker(this.#i32, this.#taskByte(task) >> 2);
  }

  /** Bits of what a task is parked for; 0 while it is not. */
  interestOf(task: number): number {
    return interestOf(this.#i32, this.#taskByte(task) >> 2);
  }

  taskLine(task: number): TaskLine {
    return new TaskLine(this.#i32, this.#f64, this.#taskByte(task) + DOORBELL.BYTES + CONTROL.BYTES);
  }

  /** What a task learned from latency markers, in the order that latency-line.ts tells; none where none are sent. */
  latencyLines(task: number): readonly LatencyLine[] {
    assert(task >= 0 && task < this.tasks, () => `task ${task} is one of ${this.tasks}`);
    const { tasks, cursors, latencies } = this;
    const first = CONTROL_FIRST_BYTE + tasks * TASK_BYTES + cursors * (CURSOR.BYTES + RATE.BYTES);
    const byteOf = (line: number): number => first + (task * latencies + line) * LATENCY_BYTES;
    return Array.from({ length: latencies }, (_, line) => new LatencyLine(this.#f64, byteOf(line)));
  }

  /**
   * The clock of a task belongs to the thread of that task; make it once.
   *
   * @param make  another kind of clock over the same words, where somebody watches
   */
  clock(
    task: number,
    make: (words: Int32Array, base: number) => TaskClock = (words, base) => new TaskClock(words, base),
  ): TaskClock {
    return make(this.#i32, this.#clockWord(task));
  }

  clockReader(task: number): TaskClockReader {
    return new TaskClockReader(this.#i32, this.#clockWord(task));
  }

  /** Asks a task to end, whatever it waits for. */
  requestStop(task: number): void {
    Atomics.store(this.#i32, this.#controlWord(task) + CONTROL.stop, 1); // control/signals: written before the ring
    this.doorbell(task).ring(MAIL);
  }

  isStopRequested(task: number): boolean {
    return Atomics.load(this.#i32, this.#controlWord(task) + CONTROL.stop) !== 0; // control/signals
  }

  /** Asks a source to end its input where it is; what it has read flows to the end. */
  requestDrain(task: number): void {
    Atomics.store(this.#i32, this.#controlWord(task) + CONTROL.drain, 1); // control/signals: written before the ring
    this.doorbell(task).ring(MAIL);
  }

  isDrainRequested(task: number): boolean {
    return Atomics.load(this.#i32, this.#controlWord(task) + CONTROL.drain) !== 0; // control/signals
  }

  /** Takes the next number of a cursor, from 0; numbers past the last split mean that there is none. */
  takeSplit(cursor: number): number {
    return Atomics.add(this.#i32, this.#cursorWord(cursor), 1); // control/splits: the number before is ours alone
  }

  /**
   * Sets the rate of a source and wakes its subtasks.
   *
   * @param perSecond  0: no limit; kept as the float32 that is not above it
   */
  setRate(cursor: number, perSecond: number, tasks: readonly number[]): void {
    FLOAT[0] = perSecond;
    const bits = FLOAT[0] > perSecond ? BITS[0]! - 1 : BITS[0]!; // of positive floats the next below
    Atomics.store(this.#i32, this.#rateWord(cursor), bits); // control/rate: written before the rings
    for (const task of tasks) this.doorbell(task).ring(MAIL);
  }

  /** Records per second of a source; 0: no limit. */
  rate(cursor: number): number {
    BITS[0] = Atomics.load(this.#i32, this.#rateWord(cursor)); // control/rate: read whole
    return FLOAT[0]!;
  }

  #taskByte(task: number): number {
    assert(task >= 0 && task < this.tasks, () => `task ${task} is one of ${this.tasks}`);
    return CONTROL_FIRST_BYTE + task * TASK_BYTES;
  }

  #controlWord(task: number): number {
    return (CONTROL_FIRST_BYTE + task * TASK_BYTES + DOORBELL.BYTES) >> 2;
  }

  #clockWord(task: number): number {
    return (this.#taskByte(task) + DOORBELL.BYTES + CONTROL.BYTES + TASK.BYTES) >> 2;
  }

  #cursorWord(cursor: number): number {
    if (CHECKED)
      assert(cursor >= 0 && cursor < this.cursors, () => `cursor ${cursor} is one of ${this.cursors}`);
    return (CONTROL_FIRST_BYTE + this.tasks * TASK_BYTES + cursor * LINE_BYTES) >> 2;
  }

  #rateWord(cursor: number): number {
    return this.#cursorWord(cursor) + ((this.cursors * LINE_BYTES) >> 2);
  }
}
