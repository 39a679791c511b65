import { assert } from '../base/assert.js';
import { formatDuration } from '../base/duration.js';
import { SluiceError } from '../base/errors.js';
import type { AsyncCall, AsyncHandlers, AsyncPlan } from '../plan/async-plan.js';
import { OpenCall } from './open-call.js';

/** A function that answers later, or at once. */
export type AsyncFunction = (row: object, call: AsyncCall) => unknown;

/** A row that waits for its answer. */
class Entry {
  readonly row: object;
  readonly ts: number;
  readonly segment: Segment;
  call: OpenCall | null = null;
  calls = 0;
  /** It has its answer; what comes later is ignored. */
  isSettled = false;
  result: unknown = null;
  hasFailed = false;
  /** When time is over, or while it waits to be called again. */
  timeout: NodeJS.Timeout | undefined;
  retry: NodeJS.Timeout | undefined;

  constructor(row: object, ts: number, segment: Segment) {
    this.row = row;
    this.ts = ts;
    this.segment = segment;
  }
}

/** Rows whose answers may be given out in any order, and the watermark behind them. */
class Segment {
  /** Rows without an answer. */
  open = 0;
  rows = 0;
  readonly answered: Entry[] = [];
  /** Of these, given out. */
  taken = 0;
  watermarkMs = Number.NEGATIVE_INFINITY;
  next: Segment | null = null;
}

/** What `take` came to. */
export const TAKEN = { NOTHING: 0, ROW: 1, WATERMARK: 2, FAILURE: 3 } as const;

/**
 * Calls an async function for rows and keeps them until they have their answers.
 *
 * Rows stand in segments. Ordered, a segment is a row; unordered, it is all rows between two watermarks. Answers leave
 * the first segment only, and a watermark leaves when all rows before it have, so no row is overtaken by a watermark.
 *
 * Source: Apache Flink, AsyncWaitOperator and UnorderedStreamElementQueue (behaviour, not code).
 *
 * Runs in: the task's own thread. Answers come in turns of its event loop, and are given out by its steps.
 */
export class AsyncQueue {
  readonly #fn: AsyncFunction;
  readonly #plan: AsyncPlan;
  readonly #handlers: AsyncHandlers;
  readonly #onAnswer: () => void;
  readonly #endures: boolean;
  readonly #waiting = new Set<Entry>();
  #first = new Segment();
  #last = this.#first;
  /** Rows that were called for and not yet given out. */
  size = 0;
  /** Of the row taken last; `taken` is its answer, or its error. */
  takenTs = Number.NEGATIVE_INFINITY;
  takenRow: object | null = null;
  taken: unknown = null;
  /** Of the watermark taken last. */
  watermarkMs = Number.NEGATIVE_INFINITY;
  /** The first call that failed for good; its row. */
  failure: { readonly error: unknown; readonly row: object } | null = null;

  /**
   * @param endures   a call that fails for good is taken in its turn, as FAILURE; else it is the `failure` of all
   * @param onAnswer  called in the same thread when there may be something to take
   */
  constructor(
    fn: AsyncFunction,
    plan: AsyncPlan,
    handlers: AsyncHandlers,
    endures: boolean,
    onAnswer: () => void,
  ) {
    this.#fn = fn;
    this.#plan = plan;
    this.#handlers = handlers;
    this.#endures = endures;
    this.#onAnswer = onAnswer;
  }

  get isFull(): boolean {
    return this.size >= this.#plan.capacity;
  }

  /** True if `take` would give something. */
  get isReady(): boolean {
    const { taken, answered, open, watermarkMs, next } = this.#first;
    return taken < answered.length || (open === 0 && (next !== null || watermarkMs > this.watermarkMs));
  }

  /** Calls the function for a row. There is room: `isFull` was false. */
  add(row: object, ts: number): void {
    if (CHECKED) assert(!this.isFull, 'an async function is called only while there is room');
    const last = this.#last;
    const isClosed = last.watermarkMs > this.watermarkMs || (this.#plan.ordered && last.rows > 0);
    if (isClosed) this.#last = last.next = new Segment();
    const entry = new Entry(row, ts, this.#last);
    this.#last.rows++;
    this.#last.open++;
    this.size++;
    this.#waiting.add(entry);
    const { timeoutMs } = this.#plan;
    if (timeoutMs !== null) entry.timeout = setTimeout(() => this.#onTimeout(entry), timeoutMs);
    this.#call(entry);
  }

  /** Takes a watermark in. @returns false where nothing stands before it: it may go on at once */
  holdWatermark(watermarkMs: number): boolean {
    if (this.size === 0) {
      this.watermarkMs = watermarkMs;
      this.#first = this.#last = new Segment();
      return false;
    }
    this.#last.watermarkMs = watermarkMs;
    return true;
  }

  /** The next answer or watermark that may be given out: a value of TAKEN. Fills the fields that say what it is. */
  take(): number {
    for (;;) {
      const first = this.#first;
      if (first.taken < first.answered.length) {
        const entry = first.answered[first.taken++]!;
        if (first.taken === first.answered.length) first.taken = first.answered.length = 0;
        this.size--;
        this.taken = entry.result;
        this.takenTs = entry.ts;
        this.takenRow = entry.row;
        return entry.hasFailed ? TAKEN.FAILURE : TAKEN.ROW;
      }
      if (first.open > 0) return TAKEN.NOTHING;
      const isNews = first.watermarkMs > this.watermarkMs;
      if (first.next !== null) this.#first = first.next;
      else if (!isNews) return TAKEN.NOTHING;
      if (isNews) {
        this.watermarkMs = first.watermarkMs;
        return TAKEN.WATERMARK;
      }
    }
  }

  /** Waits for no answer any more. */
  close(): void {
    const reason = new SluiceError('TASK_CANCELLED', 'the task waits for no answer any more');
    for (const entry of this.#waiting) this.#forget(entry, reason);
  }

  #call(entry: Entry): void {
    const call = new OpenCall(++entry.calls);
    entry.call = call;
    let answer: unknown;
    try {
      answer = this.#fn(entry.row, call);
    } catch (error) {
      this.#onError(entry, call, error);
      return;
    }
    if (answer instanceof Promise || isThenable(answer)) {
      answer.then(
        (result: unknown) => this.#onResult(entry, call, result),
        (error: unknown) => this.#onError(entry, call, error),
      );
    } else {
      this.#onResult(entry, call, answer);
    }
  }

  #onResult(entry: Entry, call: OpenCall, result: unknown): void {
    if (entry.isSettled || entry.call !== call) return;
    try {
      if (this.#handlers.retryResult?.(result) === true && this.#callAgain(entry)) return;
    } catch (error) {
      this.#fail(entry, error);
      return;
    }
    this.#settle(entry, result);
  }

  #onError(entry: Entry, call: OpenCall, error: unknown): void {
    if (entry.isSettled || entry.call !== call) return;
    try {
      if ((this.#handlers.retryError?.(error) ?? true) && this.#callAgain(entry)) return;
    } catch (inHandler) {
      this.#fail(entry, inHandler);
      return;
    }
    this.#fail(entry, error);
  }

  /** @returns false when it was called as often as it may be */
  #callAgain(entry: Entry): boolean {
    const { retry } = this.#plan;
    if (retry === null || entry.calls > retry.retries) return false;
    const delayMs = Math.min(retry.maxDelayMs, retry.delayMs * retry.factor ** (entry.calls - 1));
    entry.retry = setTimeout(() => this.#call(entry), delayMs);
    return true;
  }

  /** The time is for all calls of a row together. */
  #onTimeout(entry: Entry): void {
    const { timeoutMs } = this.#plan;
    const error = new SluiceError(
      'ASYNC_TIMEOUT',
      `had no answer within ${formatDuration(timeoutMs!)}, in ${entry.calls} calls`,
    );
    const { onTimeout } = this.#handlers;
    entry.call?.abort(error);
    if (entry.isSettled) return; // by what the abort called
    if (onTimeout === undefined) {
      this.#fail(entry, error);
      return;
    }
    try {
      this.#settle(entry, onTimeout(entry.row));
    } catch (inHandler) {
      this.#fail(entry, inHandler);
    }
  }

  #settle(entry: Entry, result: unknown): void {
    this.#forget(entry, null);
    entry.result = result;
    entry.segment.open--;
    entry.segment.answered.push(entry);
    if (this.isReady) this.#onAnswer();
  }

  #fail(entry: Entry, error: unknown): void {
    if (this.#endures) {
      entry.hasFailed = true;
      this.#settle(entry, error);
      return;
    }
    this.#forget(entry, null);
    this.failure ??= { error, row: entry.row };
    this.#onAnswer();
  }

  #forget(entry: Entry, reason: Error | null): void {
    entry.isSettled = true;
    clearTimeout(entry.timeout);
    clearTimeout(entry.retry);
    this.#waiting.delete(entry);
    if (reason !== null) entry.call?.abort(reason);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as PromiseLike<unknown>).then === 'function'
  );
}
