/**
 * Where the engine has its times from.
 *
 *   clock/one-base  Monotonic time is the process's and not a thread's, so the times of any two threads compare: each
 *                   may add to what another wrote what has passed since.
 *
 * Runs in: every thread.
 */

/** A source of time, so that tests can hold it still. Milliseconds. */
export interface Clock {
  /** Wall-clock time since the epoch; may jump. */
  wallMs(): number;
  /** Time since an arbitrary start; never goes back. */
  monotonicMs(): number;
}

export const SYSTEM_CLOCK: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => {
    const now = process.hrtime(); // clock/one-base: performance.now() counts from where its thread began
    return now[0] * 1e3 + now[1] / 1e6;
  },
};

/** A clock that moves only when told to. */
export class ManualClock implements Clock {
  #nowMs: number;

  constructor(startMs = 0) {
    this.#nowMs = startMs;
  }

  wallMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  advance(byMs: number): void {
    this.#nowMs += byMs;
  }
}
