import type { Clock } from '../base/clock.js';

/**
 * Paces the records of one subtask of a source.
 *
 *   rate/bucket   Tokens come at the subtask's share of the rate, at most a burst of them gather, and a record takes
 *                 one: in any time t no more records pass than rate x t + burst, and, where records are there and
 *                 somebody asks, no fewer than rate x t - burst.
 *   rate/at-once  A changed rate counts from the moment at which it is seen, with a schedule of its own, and whoever
 *                 waits looks when it changes.
 *
 * Source: token bucket (Turner, "New directions in communications", IEEE 1986).
 *
 * Runs in: the source task.
 */
export class TokenBucket {
  readonly #clock: Clock;
  readonly #share: () => number;
  readonly #catchUpMs: number;
  #rate = Number.POSITIVE_INFINITY;
  #tokens = 1;
  #atMs = Number.NaN;
  /** When the next record may pass, after `allow` said 0; monotonic milliseconds. */
  waitUntilMs = 0;

  /**
   * @param share      records per second of this subtask, as of now; Infinity: no limit
   * @param catchUpMs  what a source that was held back may catch up with: what comes in this time
   */
  constructor(clock: Clock, share: () => number, catchUpMs: number) {
    this.#clock = clock;
    this.#share = share;
    this.#catchUpMs = catchUpMs;
  }

  /** Records that may pass now, at most `wanted`; 0: none before `waitUntilMs`. */
  allow(wanted: number): number {
    const rate = this.#share();
    if (rate === Number.POSITIVE_INFINITY && this.#rate === rate) return wanted;
    const nowMs = this.#clock.monotonicMs();
    this.#gather(nowMs);
    this.#adopt(rate); // rate/at-once
    if (rate === Number.POSITIVE_INFINITY) return wanted;
    if (this.#tokens >= 1) return Math.min(wanted, Math.floor(this.#tokens));
    this.waitUntilMs = nowMs + Math.max(WAIT_MIN_MS, ((1 - this.#tokens) * 1_000) / rate);
    return 0;
  }

  /** So many records have passed. */
  spend(count: number): void {
    if (this.#rate !== Number.POSITIVE_INFINITY) this.#tokens -= count; // rate/bucket
  }

  /** The rate is another than when it was last seen; reads shared words only. */
  hasChanged(): boolean {
    return this.#share() !== this.#rate; // rate/at-once
  }

  /** When the last record that passed was due: now, if there is no limit. Tokens left are records due since. */
  lastDueMs(): number {
    if (this.#rate === Number.POSITIVE_INFINITY) return this.#clock.monotonicMs();
    return this.#atMs - (this.#tokens * 1_000) / this.#rate;
  }

  /** Records from the next one up to the first that is due at a time or after; Infinity if there is no limit. */
  countDueBy(timeMs: number): number {
    if (this.#rate === Number.POSITIVE_INFINITY) return this.#rate;
    return Math.ceil(((timeMs - this.lastDueMs()) * this.#rate) / 1_000);
  }

  #gather(nowMs: number): void {
    const tookMs = this.#rate === Number.POSITIVE_INFINITY ? 0 : nowMs - this.#atMs;
    this.#atMs = nowMs;
    if (tookMs <= 0) return;
    const burst = burstOf(this.#rate, this.#catchUpMs);
    this.#tokens = Math.min(burst, this.#tokens + (tookMs * this.#rate) / 1_000);
  }

  /** Another rate begins a schedule of its own: what was due by the old one is let go. */
  #adopt(rate: number): void {
    if (rate !== this.#rate) this.#tokens = Math.min(this.#tokens, 1); // rate/at-once
    this.#rate = rate;
  }
}

/** A shorter wait costs more than it keeps. */
const WAIT_MIN_MS = 1;

/** Records that may pass at once at a rate. */
export function burstOf(perSecond: number, catchUpMs: number): number {
  return Math.max(1, (perSecond * catchUpMs) / 1_000);
}
