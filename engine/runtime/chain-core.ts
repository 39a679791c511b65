import type { ErrorCode } from '../base/error-catalogue.js';
import { type ErrorDetail, isSluiceError, SluiceError, whatOf } from '../base/errors.js';
import { valueText } from '../base/record-text.js';
import type { DeadLetter } from '../functions/dead-letter.js';
import type { RunningFunction } from './process-context.js';
import type { KeyedStateBackend } from './state/keyed-state-backend.js';

/** Characters of a value in a message. */
const SHOWN_MAX = 80;

/**
 * The part of a compiled chain that is the same for all: what generated code keeps between two calls, and what it
 * calls when something is wrong. Each chain is a generated subclass of its own, so that its call sites stay
 * monomorphic.
 *
 * Runs in: the task's own thread.
 */
export abstract class ChainCore {
  /** An output or a sink can take no more: stop after the current row. */
  blocked = false;
  /** Set with `blocked` by a sink that limits its rate: the monotonic time to go on at. */
  notBeforeMs = 0;
  /** Rows are waiting to be given out (windows that fired, results at the end, answers): call `resume`. */
  hasPending = false;
  /** Calls whose answers have not been given out, as of the last look at them. */
  calls = 0;
  /** No further row can be taken before a call is answered. */
  isFull = false;
  /** What an answer calls, in this thread: whoever waits looks again. */
  onAnswer: () => void = () => {};
  /** The row that pending results are of, for a message. */
  failedRow: object | null = null;
  /** Index of the user function being called, into `sites`. */
  at = 0;
  /** Row at which the last call ended early: a byte offset or a batch index. */
  failedAt = -1;
  recordsIn = 0;
  recordsOut = 0;
  lateRecords = 0;
  /** Given to a side output that nobody reads, or skipped since a function failed at them. */
  droppedRecords = 0;
  /** The merged watermark of the input, as last given to `onWatermark`. */
  watermarkMs = Number.NEGATIVE_INFINITY;
  /** Number of the subtask. */
  subtask = 0;
  /** Functions of the user that are told of the beginning and the end of the task. */
  readonly functions: RunningFunction[] = [];
  /** What its head keeps by key, behind the backend contract; null: nothing. */
  state: KeyedStateBackend | null = null;
  /** Operators by `at`; 0 is the engine itself. */
  abstract readonly sites: readonly ChainSite[];

  /** Takes the merged watermark of the input. May leave rows pending. */
  abstract onWatermark(watermarkMs: number): void;
  /** Processing time at which `onProcessingTime` has something to do; Infinity: never. */
  get timerMs(): number {
    return Number.POSITIVE_INFINITY;
  }

  /** Fires the timers up to a processing time. May leave some pending. */
  onProcessingTime(_wallMs: number): void {}

  /** Gives out pending rows until done or blocked. */
  abstract resume(): void;
  /**
   * Between two batches or buffers: event-time operators give out their watermark, and say when no rows come.
   *
   * @param freeMs  time of the task in which it was not backpressured
   */
  abstract onBatchEnd(freeMs: number): void;
  /** The free time from which one of them is idle if no row comes; Infinity: none will be. */
  get idleAtMs(): number {
    return Number.POSITIVE_INFINITY;
  }

  /** Its input has become idle, which goes on behind what is pending: watermarks of an idle channel are ignored. */
  isIdleHeld = false;
  /** The watermark that it has passed on, or given out itself: no row that it gives out is behind it. */
  watermarkOutMs = Number.NEGATIVE_INFINITY;
  abstract onIdle(idle: boolean): void;
  /** Before a flush: rows kept back to learn their shape are written. */
  abstract onFlush(): void;

  /** The task is over; what it waits for is not wanted any more. */
  close(): void {}

  /** Before the first row. */
  openFunctions(): void {
    for (const fn of this.functions) {
      this.at = fn.site;
      fn.open();
    }
    this.at = 0;
  }

  /** Closes all that were opened; throws the first error when it has. */
  closeFunctions(): void {
    const errors: { readonly site: number; readonly error: unknown }[] = [];
    for (const fn of this.functions) {
      try {
        fn.close();
      } catch (error) {
        errors.push({ site: fn.site, error });
      }
    }
    if (errors[0] === undefined) return;
    this.at = errors[0].site;
    throw errors[0].error;
  }

  /** A context was used when its call was over. */
  outOfScope(site: number, what: string): never {
    return this.#blame(
      'CONTEXT_OUT_OF_SCOPE',
      site,
      `used its context for ${what} outside a call with a row or a timer`,
    );
  }

  /** @param timestamp  null: the function has no onTimer */
  badTimer(site: number, timestamp: unknown): never {
    const what =
      timestamp === null
        ? 'registered a timer, but has no onTimer'
        : `registered or deleted a timer for ${valueText(timestamp, SHOWN_MAX)}, which is not a whole number of milliseconds`;
    return this.#blame('TIMER_INVALID', site, what);
  }

  /**
   * What failed shall not fail the job, if it is the function of this operator that did: its own error, or one that its
   * record is the reason of.
   *
   * @param at  where the loop was; members that it calls say so themselves
   */
  endure(site: number, at: number, error: unknown): void {
    const failed = this.at === 0 ? at : this.at;
    if (failed !== site || (isSluiceError(error) && !OF_ONE_RECORD.has(error.code))) throw error;
  }

  /** A row that a function failed at, for a side output. */
  letter(site: number, error: unknown, payload: object | null): DeadLetter<object> {
    const { uid, shown } = this.sites[site]!;
    const cause = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return { payload, cause, operator: uid, place: shown, subtask: this.subtask };
  }

  /** A process function answered with something; a promise would be waited for by nobody. */
  refuseAnswer(site: number, answer: unknown): void {
    if (typeof (answer as PromiseLike<unknown> | null)?.then !== 'function') return;
    this.at = site;
    throw new TypeError('it answered with a promise; a process function does its work at once');
  }

  /** A user function returned a value that does not fit the declared field. */
  badField(site: number, field: string, expected: string, value: unknown): never {
    const what = `gave field '${field}' the value ${valueText(value, SHOWN_MAX)}, which is not ${expected}`;
    return this.#blame('RECORD_FIELD_INVALID', site, what, { field });
  }

  /** Reading a value that a user function returned threw. */
  badAccess(site: number, field: string, error: unknown): never {
    const what = `gave field '${field}' a value that cannot be read: ${valueText(error, SHOWN_MAX)}`;
    return this.#blame('RECORD_FIELD_INVALID', site, what, { field }, error);
  }

  /** A user function returned something that is no record. */
  badRow(site: number, value: unknown): never {
    const what = `returned ${valueText(value, SHOWN_MAX)}, not a record`;
    return this.#blame('RECORD_FIELD_INVALID', site, what);
  }

  /** A flat-map function returned something that rows cannot be taken from, such as a promise. */
  badRows(site: number, value: unknown): never {
    const what = `returned ${valueText(value, SHOWN_MAX)}, not an iterable of records; it returns them at once, or emits them`;
    return this.#blame('RECORD_FIELD_INVALID', site, what);
  }

  /** A window of the row's event time would begin or end where times are no longer exact. */
  checkWindow(site: number, ts: number, startMs: number, endMs: number): void {
    if (Number.isSafeInteger(Math.floor(startMs)) && Number.isSafeInteger(Math.ceil(endMs))) return;
    const what = `has a record at ${ts}, in a window beyond the times that milliseconds can tell`;
    this.#blame('RECORD_FIELD_INVALID', site, what);
  }

  /** Checked builds: a buffer holds something else than a row. */
  corruptRow(fault: string): never {
    throw new SluiceError('RECORD_CORRUPT', `the bytes of a record are damaged: ${fault}`);
  }

  /** A function returned the view that it was handed, or emitted it. */
  returnedView(site: number): never {
    const what = 'returned a view; return an object of the fields it needs, such as ({ id: view.id })';
    return this.#blame('RECORD_VIEW_RETURNED', site, what);
  }

  /** A field was read of a view whose call was over. */
  staleView(site: number, field: string): never {
    const what = `was handed a view of which field '${field}' was read after the call`;
    return this.#blame('RECORD_VIEW_STALE', site, what, { field });
  }

  /** A watermark generator answered with something that is no time. */
  badMark(site: number, mark: unknown): never {
    const what = `gave the watermark ${valueText(mark, SHOWN_MAX)}, which is not a time in milliseconds`;
    return this.#blame('RECORD_FIELD_INVALID', site, what);
  }

  /** A custom partitioner answered with something that is no subtask of the next operator. */
  badTarget(site: number, target: unknown, receivers: number): never {
    const got = valueText(target, SHOWN_MAX);
    const what = `answered ${got}, which is not a whole number from 0 to ${receivers - 1}`;
    return this.#blame('RECORD_PARTITION_INVALID', site, what, { receivers });
  }

  /** A call of an async function failed. */
  failCall(site: number, { error, row }: { readonly error: unknown; readonly row: object }): never {
    this.failedRow = row;
    this.throwOfCall(site, error);
  }

  /** What a call failed with, at the row that it was for. */
  throwOfCall(site: number, error: unknown): never {
    this.at = site;
    if (isSluiceError(error) && error.code === 'ASYNC_TIMEOUT') this.#blame(error.code, site, whatOf(error));
    throw error;
  }

  #blame(code: ErrorCode, site: number, what: string, detail: ErrorDetail = {}, cause?: unknown): never {
    const { uid, shown } = this.sites[site]!;
    throw new SluiceError(code, `${shown} ${what}`, { detail: { operator: uid, ...detail }, cause });
  }

  /** A filter answered with a promise: whatever it will say, it says it too late. */
  refusePromise(site: number, answer: object | null): void {
    if (answer === null || typeof (answer as PromiseLike<unknown>).then !== 'function') return;
    this.at = site;
    throw new TypeError('it answered with a promise; a filter answers true or false at once');
  }

  /** Wraps what a user function threw; errors of the engine pass unchanged. */
  explain(error: unknown, subtask: number, describeRow: () => string | null): unknown {
    const record = (): string => {
      const row = describeRow();
      return row === null ? '' : `, at record ${row}`;
    };
    if (isSluiceError(error) && OF_ONE_RECORD.has(error.code)) {
      const task = this.sites[1]?.name ?? 'a task';
      // The engine at work on a row that this operator gave.
      const giver = 'operator' in error.detail || this.at === 0 ? null : this.sites[this.at]!;
      const from = giver === null ? '' : `${giver.shown} gave a record that cannot be sent: `;
      const what = `${from}${whatOf(error)} (task of ${task}, subtask ${subtask}${record()})`;
      const detail = { ...(giver !== null && { operator: giver.uid }), ...error.detail, subtask };
      return new SluiceError(error.code, what, { detail, cause: error.cause });
    }
    if (isSluiceError(error) || this.at === 0) return error;
    const { uid, shown } = this.sites[this.at]!;
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    const what = `${shown}, subtask ${subtask}${record()}: ${message}`;
    const detail = { operator: uid, subtask };
    return new SluiceError('USER_FUNCTION_FAILED', what, { detail, cause: error });
  }
}

/** Errors of the engine that one record is the reason of. */
const OF_ONE_RECORD: ReadonlySet<string> = new Set([
  'ASYNC_TIMEOUT',
  'CONTEXT_OUT_OF_SCOPE',
  'TIMER_INVALID',
  'RECORD_FIELD_INVALID',
  'RECORD_KEY_INVALID',
  'RECORD_PARTITION_INVALID',
  'RECORD_TOO_LARGE',
  'RECORD_VIEW_RETURNED',
  'RECORD_VIEW_STALE',
]);

/** An operator whose user functions can fail. */
export interface ChainSite {
  readonly uid: string;
  readonly name: string;
  /** Its name and place: `map at file.ts:15:6`. */
  readonly shown: string;
}

/** A chain headed by an operator that reads a gate; `process` is compiled per shape of the rows. */
export type GateProcess = (begin: number, end: number, budget: number) => number;

/** A chain headed by a source; returns the index to go on at. */
export type BatchProcess = (batch: unknown, begin: number, end: number) => number;
