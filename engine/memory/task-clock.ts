/**
 * Where the time of a task goes, for any thread to read at any moment, also while a user's function runs.
 *
 * A task is always in one state. The words hold the time spent in each of them until the last change, the state it is
 * in, and since when; the reader adds the running period. So a task that never comes back from a function is seen to
 * be busy, and nobody reads a clock per record.
 *
 *   clock/one-picture  `version` is odd while the other words change. Whoever saw it odd, or another one after reading
 *                      than before, reads again, so times, state and since belong together.
 *   clock/sum          The times of all states add up to the time since `begin`.
 *
 * Runs in: TaskClock in the thread of its task, TaskClockReader in any thread.
 */
import { assert } from '../base/assert.js';
import { layout } from './layout.js';

// biome-ignore format: a table
export const TASK_CLOCK = layout('task-clock', 128, {
  //                     offset  type   writer  meaning
  version:             [   0,  'i32', 'task', 'changes begun and ended, mod 2^32; odd during one'],
  state:               [   4,  'i32', 'task', 'what the task does now: 1 and up, in the order of the times below; 0 before and after its life'],
  beganMs:             [   8,  'f64', 'task', 'when its life began, monotonic ms of the process'],
  enteredMs:           [  16,  'f64', 'task', 'when the state was entered'],
  sinceMs:             [  24,  'f64', 'task', 'since when it has been in the state, but for looks around that found nothing'],
  busyMs:              [  32,  'f64', 'task', 'time at work until enteredMs'],
  idleMs:              [  40,  'f64', 'task', 'the same: waiting for input while every output has room'],
  softBackpressuredMs: [  48,  'f64', 'task', 'the same: waiting for output between two records'],
  hardBackpressuredMs: [  56,  'f64', 'task', 'the same: waiting for output inside a record'],
  asyncMs:             [  64,  'f64', 'task', 'the same: waiting for a promise of a source or sink'],
  rateLimitedMs:       [  72,  'f64', 'task', 'the same: held back by the rate of its own source or sink'],
  longestSoftMs:       [  80,  'f64', 'task', 'longest single wait for output between two records, as of its last look around'],
  longestHardMs:       [  88,  'f64', 'task', 'longest single wait for output inside a record that has ended'],
});

/** What a task's time goes into; the value of the state is the position here and 1. */
export const TASK_TIMES = [
  'busy',
  'idle',
  'softBackpressured',
  'hardBackpressured',
  'async',
  'rateLimited',
] as const;
export type TaskTimeName = (typeof TASK_TIMES)[number];

/** Words that the table names. */
const WORDS = (TASK_CLOCK.longestHardMs + 1) * 2;

const STOPPED = 0;
export const BUSY = 1;
export const IDLE = 2;
export const SOFT_BACKPRESSURED = 3;
export const HARD_BACKPRESSURED = 4;
export const ASYNC = 5;
export const RATE_LIMITED = 6;

/** Index of the float64 that holds the time in a state. */
function timeField(state: number): number {
  return TASK_CLOCK.busyMs + state - BUSY;
}

/** Where a task's time went. Milliseconds. */
export type TaskTimes = Readonly<Record<`${TaskTimeName}Ms`, number>> & {
  /** What it does now; null before and after its life. */
  readonly state: TaskTimeName | null;
  /** Since when, monotonic time of the process; looks around that found nothing do not count. */
  readonly sinceMs: number;
  /** From the begin of its life to now or to its end: the sum of the others. */
  readonly elapsedMs: number;
  readonly longestSoftMs: number;
  readonly longestHardMs: number;
};

/** The clock as its task keeps it. Times are monotonic milliseconds of the process. */
export class TaskClock {
  readonly #words: Int32Array;
  readonly #base: number;
  #version = 0;
  #state = STOPPED;
  #beganMs = 0;
  #enteredMs = 0;
  /** The wait that goes on although the task has looked around. */
  #waitState = STOPPED;
  #sinceMs = 0;
  #longestSoftMs = 0;
  #longestHardMs = 0;
  readonly #sums = new Float64Array(1 + TASK_TIMES.length);
  /** One float64, and the same as the two words in which it is shared. */
  readonly #double = new Float64Array(1);
  readonly #halves = new Int32Array(this.#double.buffer);

  /** @param base  index of the TASK_CLOCK structure in int32; a task has one clock */
  constructor(words: Int32Array, base: number) {
    this.#words = words;
    this.#base = base;
  }

  /** The life of the task begins, busy. */
  begin(nowMs: number): void {
    this.#beganMs = nowMs;
    this.#change();
    this.#share(TASK_CLOCK.beganMs, nowMs);
    this.#become(BUSY, nowMs, nowMs);
    this.#change();
  }

  /** The task works from now on, or looks whether it could. */
  work(nowMs: number): void {
    if (this.#state === BUSY) return;
    this.#change();
    this.#leave(nowMs);
    this.#become(BUSY, nowMs, nowMs);
    this.#change();
  }

  /** Time of its life in which the working task did not wait for input. */
  activeMs(nowMs: number): number {
    return nowMs - this.#beganMs - this.#sums[IDLE]!;
  }

  /** The work since the last wait was more than a look around. */
  progressed(): void {
    this.#waitState = STOPPED;
  }

  /**
   * The task waits from now on.
   *
   * @param state  IDLE, SOFT_BACKPRESSURED, …
   * Cost: nine atomic stores.
   */
  wait(state: number, nowMs: number): void {
    if (state !== this.#waitState) this.#sinceMs = nowMs;
    this.#waitState = state;
    this.#change();
    this.#leave(nowMs);
    this.#become(state, nowMs, this.#sinceMs);
    this.#change();
  }

  /** The task waits inside a record. */
  waitHard(nowMs: number): void {
    this.progressed(); // a record was begun
    this.wait(HARD_BACKPRESSURED, nowMs);
  }

  /** The life of the task is over; its times stand still. */
  end(nowMs: number): void {
    this.#change();
    this.#leave(nowMs);
    this.#become(STOPPED, nowMs, nowMs);
    this.#change();
  }

  #leave(nowMs: number): void {
    const state = this.#state;
    if (CHECKED) assert(state !== STOPPED, 'a clock runs between its begin and its end');
    this.#sums[state]! += nowMs - this.#enteredMs; // clock/sum: up to where the next state begins
    this.#share(timeField(state), this.#sums[state]!);
    if (state === SOFT_BACKPRESSURED) {
      this.#longestSoftMs = Math.max(this.#longestSoftMs, nowMs - this.#sinceMs);
      this.#share(TASK_CLOCK.longestSoftMs, this.#longestSoftMs);
    } else if (state === HARD_BACKPRESSURED) {
      this.#longestHardMs = Math.max(this.#longestHardMs, nowMs - this.#sinceMs);
      this.#share(TASK_CLOCK.longestHardMs, this.#longestHardMs);
    }
  }

  #become(state: number, nowMs: number, sinceMs: number): void {
    this.#state = state;
    this.#enteredMs = nowMs;
    Atomics.store(this.#words, this.#base + TASK_CLOCK.state, state); // clock/one-picture: while version is odd
    this.#share(TASK_CLOCK.enteredMs, nowMs);
    this.#share(TASK_CLOCK.sinceMs, sinceMs);
  }

  /** Before the first and after the last word of a change. */
  #change(): void {
    this.#version = (this.#version + 1) | 0;
    Atomics.store(this.#words, this.#base + TASK_CLOCK.version, this.#version); // clock/one-picture: odd, then even
  }

  /** @param field  index of a float64 in the table */
  #share(field: number, value: number): void {
    this.#double[0] = value;
    const low = this.#base + (field << 1);
    Atomics.store(this.#words, low, this.#halves[0]!); // clock/one-picture: while version is odd
    Atomics.store(this.#words, low + 1, this.#halves[1]!); // clock/one-picture: while version is odd
  }
}

/** Looks at a clock until one is whole; more are needed only if the task is stopped in the middle of a change. */
const LOOKS_MAX = 100;

/** The same clock for those who read it. */
export class TaskClockReader {
  readonly #words: Int32Array;
  readonly #base: number;
  readonly #halves = new Int32Array(TASK_CLOCK.BYTES / 4);
  readonly #doubles = new Float64Array(this.#halves.buffer);
  /** The last whole picture. */
  readonly #whole = new Float64Array(this.#doubles.length);

  /** @param base  index of the TASK_CLOCK structure in int32 */
  constructor(words: Int32Array, base: number) {
    this.#words = words;
    this.#base = base;
  }

  /** @param nowMs  monotonic time of the process; for a clock whose thread is gone: when it went */
  read(nowMs: number): TaskTimes {
    for (let looks = 0; looks < LOOKS_MAX && !this.#look(); looks++) {
      // A task that was terminated inside a change leaves the words as they are: then the last picture stays.
    }
    return pictureOf(this.#whole, nowMs);
  }

  /** Changes with everything the task does; odd while it changes. */
  get version(): number {
    return Atomics.load(this.#words, this.#base + TASK_CLOCK.version); // clock/one-picture
  }

  #look(): boolean {
    const words = this.#words;
    const base = this.#base;
    const version = Atomics.load(words, base + TASK_CLOCK.version); // clock/one-picture: before the others
    if ((version & 1) !== 0) return false;
    for (let word = TASK_CLOCK.version + 1; word < WORDS; word++)
      this.#halves[word] = Atomics.load(words, base + word); // clock/one-picture: between the looks at version
    if (Atomics.load(words, base + TASK_CLOCK.version) !== version) return false; // clock/one-picture: after them
    this.#whole.set(this.#doubles);
    return true;
  }
}

function pictureOf(whole: Float64Array, nowMs: number): TaskTimes {
  const state = new Int32Array(whole.buffer)[TASK_CLOCK.state]!;
  const enteredMs = whole[TASK_CLOCK.enteredMs]!;
  const sinceMs = whole[TASK_CLOCK.sinceMs]!;
  const untilMs = state === STOPPED ? enteredMs : Math.max(nowMs, enteredMs); // the task may have moved on meanwhile
  const timeOf = (each: number): number =>
    whole[timeField(each)]! + (each === state ? untilMs - enteredMs : 0); // clock/sum: and what runs now
  const longest = (field: number, each: number): number =>
    Math.max(whole[field]!, each === state ? untilMs - sinceMs : 0);
  return {
    busyMs: timeOf(BUSY),
    idleMs: timeOf(IDLE),
    softBackpressuredMs: timeOf(SOFT_BACKPRESSURED),
    hardBackpressuredMs: timeOf(HARD_BACKPRESSURED),
    asyncMs: timeOf(ASYNC),
    rateLimitedMs: timeOf(RATE_LIMITED),
    state: TASK_TIMES[state - BUSY] ?? null,
    sinceMs,
    elapsedMs: untilMs - whole[TASK_CLOCK.beganMs]!,
    longestSoftMs: longest(TASK_CLOCK.longestSoftMs, SOFT_BACKPRESSURED),
    longestHardMs: longest(TASK_CLOCK.longestHardMs, HARD_BACKPRESSURED),
  };
}
