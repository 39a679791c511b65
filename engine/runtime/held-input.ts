import type { ChainCore } from './chain-core.js';
import type { RowQueue } from './row-queue.js';
import { STEP, type Step, type TaskInput } from './task-input.js';

/** An input that can be left: from then on only its end comes. */
export interface ReleasableInput extends TaskInput {
  release(): void;
}

/**
 * The input of a live output: not read while the application leaves rows lying, and released once it has left.
 *
 * Runs in: the thread of the application.
 */
export class HeldInput implements TaskInput {
  readonly #input: ReleasableInput;
  readonly #queue: RowQueue;
  #isHeld = false;
  #isReleased = false;
  /** For the reader, who takes his time. */
  readonly waitUntilMs = Number.POSITIVE_INFINITY;
  readonly waitFor = null;

  /** @param input  gives at most a row to the queue for each record, and does nothing else */
  constructor(input: ReleasableInput, queue: RowQueue) {
    this.#input = input;
    this.#queue = queue;
  }

  step(budget: number): Step {
    if (this.#isLeft()) {
      this.#isReleased = true;
      this.#input.release(); // release/drop
    }
    const { room } = this.#queue;
    this.#isHeld = room <= 0;
    return this.#isHeld ? STEP.WAIT_TIME : this.#input.step(Math.min(budget, room)); // output/bounded
  }

  isReady(): boolean {
    if (this.#isLeft()) return true;
    return this.#isHeld ? this.#queue.room > 0 : this.#input.isReady();
  }

  ringOwed(): void {
    this.#input.ringOwed();
  }

  describeRow(core: ChainCore): string | null {
    return this.#input.describeRow(core);
  }

  close(): void | Promise<void> {
    return this.#input.close();
  }

  /** The reader has left, and the senders are still to be told. */
  #isLeft(): boolean {
    return this.#queue.isDiscarded && !this.#isReleased;
  }
}
