import type { Clock } from '../base/clock.js';
import { SluiceError } from '../base/errors.js';
import type { RecordType } from '../records/schema.js';
import type { Batch, ReaderContext, Source, SourceReader, Split } from './connector.js';
import { checkValidator, type StandardSchema, validated } from './standard-schema.js';

export interface GenerateOptions<R> {
  /** The row of an index 0, 1, 2, …; pure, since any thread may ask for any index. */
  readonly make: (index: number) => R;
  /** Rows in all; without it the source never ends. */
  readonly count?: number;
  /** Rows per second over all readers together; without it as many as are taken. */
  readonly ratePerSecond?: number;
  /** Without it rows are plain objects whose shape is learned. */
  readonly schema?: RecordType<R>;
  /** A Standard Schema that every row passes through; what it gives back is the row. */
  readonly validate?: StandardSchema<R>;
}

/**
 * Rows made by a function of their index.
 *
 * Each of n readers makes every n-th row. With a rate, row i is due i / rate seconds after the start; readers that
 * were held back catch up, but with no more than what one second brings.
 *
 * @throws SluiceError ARGUMENT_INVALID  count or rate is out of range; later INPUT_VALUE_INVALID, a row does not pass
 */
export function generate<R extends object>(options: GenerateOptions<R>): Source<R> {
  const { make: makeRow, count, ratePerSecond, schema, validate } = options;
  if (typeof makeRow !== 'function') throw invalid('make', 'a function of an index', makeRow);
  checkValidator('generate', validate);
  const make =
    validate === undefined
      ? makeRow
      : (index: number): R => validated('generate', index, validate, makeRow(index));
  if (count !== undefined && !(Number.isSafeInteger(count) && count >= 0))
    throw invalid('count', 'a whole number from 0', count);
  if (ratePerSecond !== undefined && !(ratePerSecond > 0 && Number.isFinite(ratePerSecond)))
    throw invalid('ratePerSecond', 'a number above 0', ratePerSecond);
  return {
    urn: 'sluice:generate',
    label: 'generate',
    options: {
      ...(count !== undefined && { count }),
      ...(ratePerSecond !== undefined && { ratePerSecond }),
    },
    schema: schema ?? null,
    bounded: count !== undefined,
    batchKind: 'sequence',
    make,
    paths: [],
    discover: async ({ parallelism }) => ({
      splits: Array.from({ length: parallelism }, (_, k) => ({
        id: `stride-${k}`,
        state: { begin: k, stride: parallelism },
      })),
      ...(count !== undefined && { recordsTotal: count }),
    }),
    createReader: (context) =>
      new GenerateReader(count ?? Number.MAX_SAFE_INTEGER, ratePerSecond ?? null, context),
  };
}

function invalid(name: string, accepted: string, value: unknown): SluiceError {
  return new SluiceError('ARGUMENT_INVALID', `generate: ${name} is ${accepted}, not ${String(value)}`, {
    detail: { name },
  });
}

/** How far a reader that was held back may be behind its rate. */
const CATCH_UP_MS = 1_000;
/** A shorter wait costs more than it keeps. */
const WAIT_MIN_MS = 1;

interface StrideState {
  readonly begin: number;
  readonly stride: number;
}

class GenerateReader implements SourceReader {
  readonly #count: number;
  readonly #ratePerMs: number | null;
  readonly #clock: Clock;
  #next = 0;
  #stride = 1;
  /** When row 0 was due; moves when more was missed than may be caught up. */
  #startMs = Number.NaN;

  constructor(count: number, ratePerSecond: number | null, { clock }: ReaderContext) {
    this.#count = count;
    this.#ratePerMs = ratePerSecond === null ? null : ratePerSecond / 1_000;
    this.#clock = clock;
  }

  open(split: Split): void {
    const { begin, stride } = split.state as unknown as StrideState;
    this.#next = begin;
    this.#stride = stride;
    this.#startMs = Number.NaN;
  }

  poll(rowsMax: number): Batch | null {
    const left = Math.ceil((this.#count - this.#next) / this.#stride);
    if (left <= 0) return null;
    let length = Math.min(left, rowsMax);
    if (this.#ratePerMs !== null) {
      const nowMs = this.#clock.monotonicMs();
      const due = this.#dueRows(nowMs, this.#ratePerMs);
      if (due === 0) {
        const dueMs = this.#startMs + this.#next / this.#ratePerMs;
        return { kind: 'wait', untilMs: Math.max(dueMs, nowMs + WAIT_MIN_MS) };
      }
      length = Math.min(length, due);
    }
    const begin = this.#next;
    this.#next += length * this.#stride;
    return { kind: 'sequence', length, begin, stride: this.#stride };
  }

  close(): void {}

  /** Rows of this stride that are due and were not made yet. */
  #dueRows(nowMs: number, ratePerMs: number): number {
    if (Number.isNaN(this.#startMs)) this.#startMs = nowMs;
    const behindMs = nowMs - (this.#startMs + this.#next / ratePerMs);
    if (behindMs < 0) return 0;
    if (behindMs > CATCH_UP_MS) this.#startMs += behindMs - CATCH_UP_MS;
    return 1 + Math.floor((Math.min(behindMs, CATCH_UP_MS) * ratePerMs) / this.#stride);
  }
}
