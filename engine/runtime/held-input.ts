import type { ChainCore } from './chain-core.js';
import type { RowQueue } from './row-queue.js';
import { STEP, type Step, type TaskInput } from './task-input.js';

/**
 * An input that is not read while the application leaves the rows of a live output lying.
 *
 * Runs in: the thread of the application.
 */
export class HeldInput implements TaskInput {
  readonly #input: TaskInput;
  readonly #queue: RowQueue;
  #isHeld = false;
  /** For the reader, who takes his time. */
  readonly waitUntilMs = Number.POSITIVE_INFINITY;
  readonly waitFor = null;

  /** @param input  gives at most a row to the queue for each record */
  constructor(input: TaskInput, queue: RowQueue) {
    this.#input = input;
    this.#queue = queue;
  }

  step(budget: number): Step {
    const { room } = this.#queue;
    this.#isHeld = room <= 0;
    return this.#isHeld ? STEP.WAIT_TIME : this.#input.step(Math.min(budget, room)); // output/bounded
  }

  isReady(): boolean {
    return this.#isHeld ? this.#queue.room > 0 : this.#input.isReady();
  }

  ringOwed(): void {
    this.#input.ringOwed();
  }

  describeRow(core: ChainCore): string {
    return this.#input.describeRow(core);
  }

  close(): void | Promise<void> {
    return this.#input.close();
  }
}
