import { SluiceError } from '../../base/errors.js';
import { RowQueue } from '../../runtime/row-queue.js';

/** Rows of a live output that wait for the application. */
export const LIVE_ROWS_MAX = 1024;

interface Waiting {
  readonly resolve: (result: IteratorResult<object>) => void;
  readonly reject: (reason: unknown) => void;
}

const DONE: IteratorResult<object> = { done: true, value: undefined };

/**
 * A named output that an application reads while the job runs: rows come as they are made, before anything is
 * committed.
 *
 * It has one reader. Its end is the end of the run: what the run fails with, the reader gets. A reader that leaves its
 * loop loses interest: the job goes on, and further rows are discarded by the tasks that make them.
 *
 * Runs in: the main thread.
 */
export class LiveOutput implements AsyncIterable<object> {
  readonly queue = new RowQueue(LIVE_ROWS_MAX);
  readonly #name: string;
  #hasReader = false;
  #hasLeft = false;
  #hasEnded = false;
  #failure: { readonly error: unknown } | null = null;
  #waiting: Waiting[] = [];

  constructor(name: string) {
    this.#name = name;
    this.queue.onRows = () => this.#serve();
  }

  /** @throws SluiceError OUTPUT_HAS_READER  it is read, or was */
  [Symbol.asyncIterator](): AsyncIterator<object> {
    if (this.#hasReader) {
      const what = this.#hasLeft
        ? `the reader of the output '${this.#name}' has left it, and further rows were discarded`
        : `the output '${this.#name}' has a reader already`;
      const error = new SluiceError('OUTPUT_HAS_READER', what, { detail: { output: this.#name } });
      Error.captureStackTrace(error, this[Symbol.asyncIterator]); // its first line is the caller's
      throw error;
    }
    this.#hasReader = true;
    return { next: () => this.#next(), return: async () => this.#leave() };
  }

  /** The run has ended well: after the rows that are here there are no more. */
  end(): void {
    this.#hasEnded = true;
    for (const { resolve } of this.#takeWaiting()) resolve(DONE);
  }

  /** The run has failed: rows that were not read are dropped. */
  fail(error: unknown): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.queue.discard();
    const [first, ...others] = this.#takeWaiting();
    if (first === undefined) this.#failure = { error };
    else first.reject(error);
    for (const { resolve } of others) resolve(DONE);
  }

  #next(): Promise<IteratorResult<object>> {
    const value = this.queue.take();
    if (value !== undefined) return Promise.resolve({ done: false, value });
    if (this.#failure !== null) {
      const { error } = this.#failure;
      this.#failure = null;
      return Promise.reject(error);
    }
    if (this.#hasEnded) return Promise.resolve(DONE);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  #leave(): IteratorResult<object> {
    this.#failure = null;
    this.#hasLeft = true;
    this.#hasEnded = true;
    this.queue.discard();
    for (const { resolve } of this.#takeWaiting()) resolve(DONE);
    return DONE;
  }

  #serve(): void {
    while (this.#waiting.length > 0) {
      const value = this.queue.take();
      if (value === undefined) return;
      this.#waiting.shift()!.resolve({ done: false, value });
    }
  }

  #takeWaiting(): readonly Waiting[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting;
  }
}
