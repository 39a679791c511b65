import { BUSY, TaskClock } from '../../memory/task-clock.js';
import type { FlowTap } from './flow-tap.js';

/** Before and after the life of a task. */
export const NOT_ALIVE = 0;

/**
 * The clock of a task that tells its periods. tap/installed
 *
 * Runs in: the thread of the task.
 */
export class TappedClock extends TaskClock {
  readonly #tap: FlowTap;
  readonly #nowMs: () => number;
  #state = NOT_ALIVE;
  #sinceMs = 0;

  constructor(words: Int32Array, base: number, tap: FlowTap, nowMs: () => number) {
    super(words, base);
    this.#tap = tap;
    this.#nowMs = nowMs;
  }

  override begin(nowMs: number): void {
    super.begin(nowMs);
    this.#become(BUSY, nowMs);
  }

  override work(nowMs: number): void {
    super.work(nowMs);
    if (this.#state !== BUSY) this.#become(BUSY, nowMs);
  }

  override wait(state: number, nowMs: number): void {
    super.wait(state, nowMs);
    this.#become(state, nowMs);
  }

  override progressed(): void {
    super.progressed();
    this.#tap.progresses(this.#nowMs());
  }

  override end(nowMs: number): void {
    super.end(nowMs);
    this.#become(NOT_ALIVE, nowMs);
    this.#tap.closes(nowMs);
  }

  #become(state: number, nowMs: number): void {
    this.#tap.changes(this.#state, this.#sinceMs, state, nowMs);
    this.#state = state;
    this.#sinceMs = nowMs;
  }
}
