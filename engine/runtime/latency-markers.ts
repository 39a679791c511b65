import type { Clock } from '../base/clock.js';
import type { LatencyEmitter } from '../exchange/latency-emitter.js';
import {
  FIRST_LINE_OF_SOURCE,
  type LatencyLine,
  LINE_OF_CHAIN,
  LINE_OF_EXCHANGE,
} from '../memory/latency-line.js';
import type { TokenBucket } from './token-bucket.js';

/**
 * What a task does with latency markers: notes how long they were in its exchange and in its chain, and since they were
 * due at their sources, and sends them on.
 *
 *   latency/residence  A marker is in an exchange from when a task was ready to send it until the next one begins to
 *                      read its buffer, and in a chain from then until what stood before it in the buffer is done, at
 *                      its source from when it was due. So these times add up to all of the way.
 *
 * Runs in: the task's own thread.
 */
export class LatencyMarkers {
  readonly #lines: readonly LatencyLine[];
  readonly #emitters: readonly LatencyEmitter[];
  readonly #clock: Clock;
  #readMs = 0;

  /** @param lines  in the order that latency-line.ts tells */
  constructor(lines: readonly LatencyLine[], emitters: readonly LatencyEmitter[], clock: Clock) {
    this.#lines = lines;
    this.#emitters = emitters;
    this.#clock = clock;
  }

  /** The task begins to read a buffer. */
  reads(): void {
    this.#readMs = this.#clock.monotonicMs(); // latency/residence: here it leaves the exchange
  }

  /**
   * A marker came from another task.
   *
   * @param dueMs   when it should have left its source
   * @param sentMs  when the task before was ready to send it
   */
  pass(source: number, dueMs: number, sentMs: number): void {
    this.#lines[LINE_OF_EXCHANGE]!.note(sentMs, this.#readMs);
    this.#sendOn(source, dueMs, this.#readMs);
  }

  /** A marker of this task's own source. */
  begin(source: number, dueMs: number): void {
    this.#sendOn(source, dueMs, dueMs);
  }

  #sendOn(source: number, dueMs: number, cameMs: number): void {
    const nowMs = this.#clock.monotonicMs();
    this.#lines[LINE_OF_CHAIN]!.note(cameMs, nowMs); // latency/residence: here it leaves the chain
    this.#lines[FIRST_LINE_OF_SOURCE + source]!.note(dueMs, nowMs);
    for (const emitter of this.#emitters) emitter.emit(source, dueMs, nowMs); // latency/one-way
  }
}

/**
 * The markers of one subtask of a source.
 *
 *   latency/scheduled  Markers have slots at even distances on the schedule of the records, not on the clock: each
 *                      follows the first record due at its slot or after, and carries the time at which that record was
 *                      due. A source that was held back owes the markers of the time it lost, and they are late.
 *
 * Source: Gil Tene, on coordinated omission.
 */
export class SourceMarkers {
  readonly #markers: LatencyMarkers;
  readonly #source: number;
  readonly #pace: TokenBucket;
  readonly #intervalMs: number;
  #slotMs = Number.NEGATIVE_INFINITY;

  /** @param source  its number */
  constructor(markers: LatencyMarkers, source: number, pace: TokenBucket, intervalMs: number) {
    this.#markers = markers;
    this.#source = source;
    this.#pace = pace;
    this.#intervalMs = intervalMs;
  }

  /** Records that may be handled before the next marker, at most `allowed`, at least 1. */
  limit(allowed: number): number {
    return Math.min(allowed, Math.max(1, this.#pace.countDueBy(this.#slotMs))); // latency/scheduled
  }

  /** Some records have passed and were handled. */
  follow(): void {
    const dueMs = this.#pace.lastDueMs();
    if (dueMs < this.#slotMs) return;
    const next = this.#slotMs + this.#intervalMs;
    this.#slotMs = next > dueMs ? next : dueMs + this.#intervalMs;
    this.#markers.begin(this.#source, dueMs); // latency/scheduled
  }
}
