import type { Clock } from '../base/clock.js';
import type { LatencyEmitter } from '../exchange/latency-emitter.js';
import type { LatencyLine } from '../memory/latency-line.js';
import type { TokenBucket } from './token-bucket.js';

/**
 * What a task does with latency markers: notes how long they took where it has a sink, and sends them on.
 *
 * Runs in: the task's own thread.
 */
export class LatencyMarkers {
  readonly #line: LatencyLine | null;
  readonly #emitters: readonly LatencyEmitter[];
  readonly #clock: Clock;

  /** @param line  of a task that has a sink; null: it only sends on */
  constructor(line: LatencyLine | null, emitters: readonly LatencyEmitter[], clock: Clock) {
    this.#line = line;
    this.#emitters = emitters;
    this.#clock = clock;
  }

  /** @param dueMs  when the marker should have left its source */
  pass(dueMs: number): void {
    this.#line?.note(dueMs, this.#clock.monotonicMs());
    for (const emitter of this.#emitters) emitter.emit(dueMs); // latency/one-way
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
  readonly #pace: TokenBucket;
  readonly #intervalMs: number;
  #slotMs = Number.NEGATIVE_INFINITY;

  constructor(markers: LatencyMarkers, pace: TokenBucket, intervalMs: number) {
    this.#markers = markers;
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
    this.#markers.pass(dueMs); // latency/scheduled
  }
}
