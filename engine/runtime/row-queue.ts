import { SluiceError } from '../base/errors.js';

/**
 * Rows on their way from the task of a live output to the application that reads it.
 *
 *   output/bounded  The task takes input only while there is room for what may come of it, so at most `capacity` rows
 *                   are held. Nothing is dropped: credit runs out instead, and the sources stop.
 *
 * Runs in: the thread of the application.
 */
export class RowQueue {
  readonly capacity: number;
  /** Called when there is room again for the task. */
  wake: () => void = () => {};
  /** Called when rows have come. */
  onRows: () => void = () => {};
  #rows: object[] = [];
  #begin = 0;
  #mode: 'held' | 'kept' | 'discarded' = 'held';

  /** @param capacity  rows held at most; from 1 */
  constructor(capacity: number) {
    this.capacity = capacity;
  }

  get length(): number {
    return this.#rows.length - this.#begin;
  }

  /** Rows that may be written now. */
  get room(): number {
    return this.#mode === 'held' ? this.capacity - this.length : Number.POSITIVE_INFINITY;
  }

  /** @throws SluiceError OUTPUT_ROWS_EXCEEDED  the run was stopped and more than KEPT_MAX rows are left unread */
  write(row: object): void {
    if (this.#mode === 'discarded') return;
    if (this.#mode === 'kept' && this.length >= KEPT_MAX) {
      const what = `more than ${KEPT_MAX} rows of a live output were left unread when the run was stopped`;
      throw new SluiceError('OUTPUT_ROWS_EXCEEDED', what, { detail: { rowsMax: KEPT_MAX } });
    }
    this.#rows.push(row);
    this.onRows();
  }

  /** The oldest row; undefined: none is there. */
  take(): object | undefined {
    if (this.#begin === this.#rows.length) return undefined;
    const row = this.#rows[this.#begin]!;
    this.#begin++;
    if (this.#begin === this.#rows.length) {
      this.#rows = [];
      this.#begin = 0;
    } else if (this.#begin >= this.capacity) this.#begin -= this.#rows.splice(0, this.#begin).length;
    if (this.length === this.capacity >> 1) this.wake(); // half, so that it is not woken for each row
    return row;
  }

  /** From now on nobody reads: what is here is dropped, and what comes too. */
  discard(): void {
    this.#mode = 'discarded';
    this.#rows = [];
    this.#begin = 0;
    this.wake();
  }

  /** True from `discard` on. */
  get isDiscarded(): boolean {
    return this.#mode === 'discarded';
  }

  /** From now on the task is not held back: what is left has to get through. */
  keep(): void {
    if (this.#mode === 'held') this.#mode = 'kept';
    this.wake();
  }
}

/** Rows kept for a reader after the run was told to stop; as many as a list of a final output may have. */
const KEPT_MAX = 1_000_000;
