import { assert } from '../base/assert.js';

/**
 * The bounded buffer between an application that pushes rows and the task that writes them.
 *
 *   push/bounded     A row is taken only while less than `capacity` is held, and at most WAITING_MAX pushes wait for
 *                    room. What is beyond that is refused.
 *   push/hysteresis  Full to `high` it pauses, empty to `low` it resumes: from one pause to the next it takes at least
 *                    `high` minus `low`.
 *   push/in-order    Rows leave in the order in which they were pushed, those that waited included.
 *
 * Runs in: the thread of the application.
 */
export class PushBuffer {
  readonly bounds: PushBounds;
  /** No push resolves now. */
  isPaused = false;
  /** No further push is taken; those that wait for room may still be. */
  isClosed = false;
  /** What is held, in records or bytes. */
  held = 0;
  /** Rows ever taken, and how often it paused and resumed. */
  taken = 0;
  pauses = 0;
  resumes = 0;
  /** Rows to be written: those from `begin` on. The array is the task's to read, not to change. */
  readonly rows: object[] = [];
  begin = 0;
  /** Called when there is something to do for the task. */
  wake: () => void = () => {};
  readonly #sizeOf: (row: object) => number;
  readonly #onTurn: (event: 'pause' | 'resume') => void;
  /** Pushes whose row is held and who wait for the resume. */
  #accepted: Waiting[] = [];
  /** Pushes whose row found no room; the first is the oldest. */
  #line: (Waiting & { readonly row: object })[] = [];

  /**
   * @param sizeOf  what a row counts for; 1 where records are counted
   * @param onTurn  called when it pauses and when it resumes; must not push
   */
  constructor(
    bounds: PushBounds,
    sizeOf: (row: object) => number,
    onTurn: (event: 'pause' | 'resume') => void = () => {},
  ) {
    assert(
      0 <= bounds.low && bounds.low < bounds.high && bounds.high <= bounds.capacity,
      'low < high <= capacity',
    );
    this.bounds = bounds;
    this.#sizeOf = sizeOf;
    this.#onTurn = onTurn;
  }

  /** Pushes that wait, whether their row is held or not. */
  get waiting(): number {
    return this.#accepted.length + this.#line.length;
  }

  /** True if nothing is left to write and nothing will come. */
  get isDry(): boolean {
    return this.isClosed && this.begin === this.rows.length && this.#line.length === 0;
  }

  /** Takes a row if there is room and nobody waits for it. */
  offer(row: object): boolean {
    if (this.isClosed || this.#line.length > 0 || this.held >= this.bounds.capacity) return false; // push/bounded
    this.#take(row);
    return true;
  }

  /**
   * Takes a row, at once or when there is room.
   *
   * @returns  settles when the row is taken and the buffer is not paused; null: the row is refused, too many wait
   */
  push(row: object): Promise<void> | null {
    if (this.offer(row)) {
      if (!this.isPaused) return RESOLVED;
      return settlesLater((waiting) => this.#accepted.push(waiting));
    }
    if (this.isClosed || this.#line.length >= WAITING_MAX) return null; // push/bounded
    return settlesLater((waiting) => this.#line.push({ ...waiting, row }));
  }

  /** The task has written the next `count` rows. */
  written(count: number): void {
    if (CHECKED) assert(count <= this.rows.length - this.begin, 'no more is written than is there');
    const { rows } = this;
    for (let i = this.begin; i < this.begin + count; i++) this.held -= this.#sizeOf(rows[i]!);
    this.begin += count;
    if (this.begin === rows.length) rows.length = this.begin = 0;
    else if (this.begin >= COMPACT_ROWS && this.begin * 2 >= rows.length)
      this.begin -= rows.splice(0, this.begin).length;
    if (this.isPaused && this.held <= this.bounds.low) this.#resume(); // push/hysteresis
  }

  /** No further row will come. What waits for room still goes in. */
  end(): void {
    this.isClosed = true;
    this.wake();
  }

  /**
   * Ends it here: rows that are held will be written, pushes that wait for room are refused. Those that waited when it
   * was ended before go in.
   *
   * @param refusal  made for each of them
   */
  close(refusal: () => unknown): void {
    if (this.isClosed) return;
    this.isClosed = true;
    const line = this.#line;
    this.#line = [];
    for (const { reject } of line) reject(refusal());
    this.#release();
    this.wake();
  }

  /** Ends it at once: nothing that is held will be written, and every push that waits is told why. */
  fail(error: unknown): void {
    this.isClosed = true;
    const waiting = [...this.#accepted, ...this.#line];
    this.#accepted = [];
    this.#line = [];
    this.rows.length = this.begin = this.held = 0;
    for (const { reject } of waiting) reject(error);
  }

  #take(row: object): void {
    this.rows.push(row);
    this.held += this.#sizeOf(row);
    this.taken++;
    if (!this.isPaused && this.held >= this.bounds.high) {
      this.isPaused = true; // push/hysteresis
      this.pauses++;
      this.#onTurn('pause');
    }
    this.wake();
  }

  #resume(): void {
    this.isPaused = false;
    this.resumes++;
    this.#release();
    this.#onTurn('resume');
    this.#admit();
  }

  #release(): void {
    const accepted = this.#accepted;
    this.#accepted = [];
    for (const { resolve } of accepted) resolve();
  }

  /** Lets in those who wait for room, the oldest first, until it pauses again. */
  #admit(): void {
    let admitted = 0;
    while (admitted < this.#line.length && !this.isPaused) {
      const waiting = this.#line[admitted++]!; // push/in-order
      this.#take(waiting.row);
      if (this.isPaused) this.#accepted.push(waiting);
      else waiting.resolve();
    }
    if (admitted > 0) this.#line.splice(0, admitted);
  }
}

/** In records, or in bytes of their rows. */
export interface PushBounds {
  /** Held at most; from 1. */
  readonly capacity: number;
  /** Pauses at; above `low`, up to `capacity`. */
  readonly high: number;
  /** Resumes at; from 0. */
  readonly low: number;
}

/** Pushes that may wait for room: one for each of many producers, none for one that does not wait. */
export const WAITING_MAX = 1024;
/** Written rows that may stay at the head of the array before it is cut. */
const COMPACT_ROWS = 256;
const RESOLVED = Promise.resolve();

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/** A promise that may be rejected while nobody waits for it: the run tells its error to those who do. */
function settlesLater(enqueue: (waiting: Waiting) => void): Promise<void> {
  const promise = new Promise<void>((resolve, reject) => enqueue({ resolve, reject }));
  promise.catch(() => {});
  return promise;
}
