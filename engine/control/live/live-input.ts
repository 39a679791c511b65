import { EventEmitter } from 'node:events';
import { Writable } from 'node:stream';
import { SluiceError } from '../../base/errors.js';
import { checkValidator, type StandardSchema, validate } from '../../connectors/standard-schema.js';
import { takeValue } from '../../connectors/value-check.js';
import { rowSizer } from '../../records/row-size.js';
import type { FieldSpec } from '../../records/schema.js';
import { type PushBounds, PushBuffer } from '../../runtime/push-buffer.js';

/**
 * A named input that an application pushes into while the job runs. Records are checked and copied when they are
 * pushed, and counted when they are taken.
 */
export interface LiveInput<R> {
  /**
   * Gives a record to the job.
   *
   * @returns  resolves when the record is taken and the input is not paused: wait for it before the next, and the job
   *           sets the pace. With records taken but not written it rejects only if the run fails
   * @throws SluiceError PUSH_REFUSED   (as a rejection) the record does not fit; nothing else happens
   * @throws SluiceError PUSH_OVERFLOW  the buffer is full and 1024 pushes wait already
   * @throws SluiceError PUSH_ENDED     after `end`, after `stop`, or when the job has ended; the run's own error if it
   *         failed
   */
  push(record: R): Promise<void>;
  /**
   * Gives a record to the job if there is room for it now.
   *
   * @returns  false when the buffer is full: the record was not taken
   * @throws SluiceError PUSH_REFUSED, PUSH_ENDED, and the run's own error if it failed
   */
  tryPush(record: R): boolean;
  /** Ends the input: what was pushed flows to the end of the job. */
  end(): void;
  /** Between a `pause`, when the buffer is full to `high`, and a `resume`, when it is empty to `low`. */
  readonly isPaused: boolean;
  /** What the buffer holds, in its unit. */
  readonly held: number;
  /** Records ever taken. */
  readonly taken: number;
  readonly pauses: number;
  readonly resumes: number;
  on(event: 'pause' | 'resume', listener: () => void): this;
  off(event: 'pause' | 'resume', listener: () => void): this;
  /**
   * A stream of objects into this input; its end is the end of the input. One that is destroyed, as by a pipeline whose
   * source broke, leaves the input open: end it, or cancel the run. For the Web: `Writable.toWeb`.
   */
  writable(): Writable;
}

/** How much a live input holds for the job. */
export interface LiveInputOptions {
  /** What the numbers below count: records, or the bytes they take in a buffer. Default records. */
  readonly unit?: 'records' | 'bytes';
  /** From 1. Default 1024 records, or 1 MiB. */
  readonly capacity?: number;
  /** The input pauses when this much is held; above `low`, up to `capacity`. Default `capacity`. */
  readonly high?: number;
  /** The input resumes when no more than this is held; from 0. Default half of `capacity`, and below `high`. */
  readonly low?: number;
  /** A Standard Schema that every record passes through as it is pushed; what it gives back is the record. */
  readonly validate?: StandardSchema;
}

const CAPACITY = { records: 1024, bytes: 1024 * 1024 } as const;

/** @throws SluiceError ARGUMENT_INVALID  a number out of range, or an option that is not there */
export function pushBounds(input: string, options: LiveInputOptions): PushBounds {
  const refuse = (what: string): never => {
    throw new SluiceError('ARGUMENT_INVALID', `start(job, { inputs: { ${input} } }): ${what}`, {
      detail: { input },
    });
  };
  const { unit = 'records', capacity = CAPACITY[unit], high = capacity, ...rest } = options;
  const { low = Math.min(Math.floor(capacity / 2), high - 1), validate: validator, ...others } = rest;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined)
    refuse(`there is no option '${unknown}'; they are unit, capacity, high, low and validate`);
  checkValidator(`start(job, { inputs: { ${input} } })`, validator);
  if (CAPACITY[unit] === undefined) refuse(`unit is 'records' or 'bytes', not ${String(unit)}`);
  for (const [name, value, min] of [
    ['capacity', capacity, 1],
    ['high', high, 1],
    ['low', low, 0],
  ] as const) {
    if (Number.isSafeInteger(value) && value >= min) continue;
    refuse(`${name} is a whole number from ${min}, not ${String(value)}`);
  }
  if (high > capacity)
    refuse(`high is ${high} and capacity ${capacity}; it pauses at the latest when it is full`);
  if (low >= high) refuse(`low is ${low} and high ${high}; it resumes below where it pauses`);
  return { capacity, high, low };
}

/** What the check of pushed records has to know of the job. */
export interface InputPlace {
  readonly job: string;
  readonly input: string;
  readonly fields: readonly FieldSpec[];
  /** Fields that somebody observes: these travel. */
  readonly required: readonly FieldSpec[];
  /** A record takes no more, header included. */
  readonly recordBytesMax: number;
}

export class PushedInput implements LiveInput<object> {
  readonly buffer: PushBuffer;
  readonly #place: InputPlace;
  readonly #travels: ReadonlySet<string>;
  readonly #validator: StandardSchema | null;
  readonly #sizeOf: (row: object) => number;
  readonly #events = new EventEmitter();
  #failure: { readonly error: unknown } | null = null;

  constructor(place: InputPlace, { unit = 'records', validate }: LiveInputOptions, bounds: PushBounds) {
    this.#validator = validate ?? null;
    this.#place = place;
    this.#travels = new Set(place.required.map(({ name }) => name));
    this.#sizeOf = rowSizer(place.required);
    this.buffer = new PushBuffer(bounds, unit === 'bytes' ? this.#sizeOf : () => 1, (event) => {
      queueMicrotask(() => this.#events.emit(event)); // what a listener does, or throws, is no part of the job
    });
  }

  get isPaused(): boolean {
    return this.buffer.isPaused;
  }

  get held(): number {
    return this.buffer.held;
  }

  get taken(): number {
    return this.buffer.taken;
  }

  get pauses(): number {
    return this.buffer.pauses;
  }

  get resumes(): number {
    return this.buffer.resumes;
  }

  push(record: object): Promise<void> {
    let row: object;
    try {
      row = this.#accept(record, this.push);
    } catch (error) {
      return this.#rejected(error);
    }
    return this.buffer.push(row) ?? Promise.reject(this.#overflow(this.push));
  }

  tryPush(record: object): boolean {
    return this.buffer.offer(this.#accept(record, this.tryPush));
  }

  end(): void {
    this.buffer.end();
  }

  on(event: 'pause' | 'resume', listener: () => void): this {
    this.#events.on(event, listener);
    return this;
  }

  off(event: 'pause' | 'resume', listener: () => void): this {
    this.#events.off(event, listener);
    return this;
  }

  writable(): Writable {
    return new Writable({
      objectMode: true,
      highWaterMark: 1,
      write: (record, _, done) => void this.push(record).then(() => done(), done),
      final: (done) => {
        this.end();
        done();
      },
    });
  }

  /** The run has failed: whoever waits is told, and whoever comes. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.buffer.fail(error);
  }

  /** Ends it where it is: what was taken flows to the end, and who waits for room is refused. */
  stop(): void {
    this.buffer.close(() => this.#refusal());
  }

  #refusal(): SluiceError {
    const { job, input } = this.#place;
    const what = `a record was pushed to input '${input}' of job '${job}' after its end`;
    return new SluiceError('PUSH_ENDED', what, { detail: { input } });
  }

  /**
   * A copy of the record, with what travels; the caller may go on to use its own.
   *
   * @param by  what the application called
   */
  #accept(record: object, by: Called): object {
    if (this.#failure !== null) throw this.#failure.error;
    if (this.buffer.isClosed) throw seenFrom(by, this.#refusal());
    const valid = this.#validated(record, by);
    if (valid === null || typeof valid !== 'object')
      throw seenFrom(by, this.#misfit(`is ${String(valid)}, not an object`));
    const { fields, recordBytesMax } = this.#place;
    const given = valid as Readonly<Record<string, unknown>>;
    const row: Record<string, unknown> = {};
    for (const field of fields) {
      const taken = takeValue(field, given[field.name]);
      if (!('kept' in taken)) throw seenFrom(by, this.#misfit(`has ${taken.path} ${taken.what}`, taken.path));
      if (this.#travels.has(field.name)) row[field.name] = taken.kept;
    }
    const bytes = this.#sizeOf(row);
    if (bytes > recordBytesMax) {
      const what = `takes ${bytes} bytes, and at most ${recordBytesMax} can be pushed at once: ${PUSHED_MAX}`;
      throw seenFrom(by, this.#misfit(what));
    }
    return row;
  }

  #validated(record: unknown, by: Called): unknown {
    if (this.#validator === null) return record;
    const result = validate(this.#validator, record);
    if ('value' in result) return result.value;
    throw seenFrom(by, this.#misfit(result.what, result.paths[0]));
  }

  #misfit(what: string, field?: string): SluiceError {
    const { job, input } = this.#place;
    return new SluiceError('PUSH_REFUSED', `a record pushed to input '${input}' of job '${job}' ${what}`, {
      detail: { input, ...(field !== undefined && { field }) },
    });
  }

  #overflow(by: Called): SluiceError {
    const { job, input } = this.#place;
    const { capacity } = this.buffer.bounds;
    const what = `input '${input}' of job '${job}' is full (${capacity}), and ${this.buffer.waiting} pushes wait already`;
    return seenFrom(by, new SluiceError('PUSH_OVERFLOW', what, { detail: { input, capacity } }));
  }

  /** The run tells its own error to those who wait for it; other errors are those of the push. */
  #rejected(error: unknown): Promise<never> {
    const promise = Promise.reject(error);
    if (error === this.#failure?.error) promise.catch(() => {});
    return promise;
  }
}

/** The options that decide it; see `pushedBytesMax`. */
const PUSHED_MAX = 'the less of sluice.record.max-size and 20 taskmanager.memory.segment-size';

type Called = (record: object) => unknown;

/** The same error, whose stack begins where the application called. */
function seenFrom(called: Called, error: SluiceError): SluiceError {
  Error.captureStackTrace(error, called);
  return error;
}
