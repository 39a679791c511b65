import type { ChainCore } from './chain-core.js';
import type { GateInput } from './gate-input.js';
import type { ReleasableInput } from './held-input.js';
import { STEP, type Step } from './task-input.js';

/**
 * The input of a task that several exchanges feed: a gate for each of them.
 *
 *   input/every-gate  Every gate that has a buffer is read in turn, one buffer at a time; none is left aside to order
 *                     input. So graphs without cycles cannot deadlock: two ways that part and come together again may
 *                     be as uneven as they like, and the task where they meet gives credit to both.
 *
 * Runs in: the consuming task.
 */
export class GatesInput implements ReleasableInput {
  readonly #gates: readonly GateInput[];
  readonly #hasEnded: boolean[];
  #open: number;
  /** Whose turn it is: of a buffer that is at hand, it is over when the buffer is read. */
  #turn = 0;
  readonly waitUntilMs = 0;
  readonly waitFor = null;

  constructor(gates: readonly GateInput[]) {
    this.#gates = gates;
    this.#hasEnded = gates.map(() => false);
    this.#open = gates.length;
  }

  step(budget: number): Step {
    for (let looked = 0; looked < this.#gates.length; looked++) {
      const gate = this.#gates[this.#turn]!;
      const step = this.#hasEnded[this.#turn] ? STEP.WAIT_INPUT : gate.step(budget);
      if (step === STEP.PROGRESS) {
        if (!gate.hasBuffer) this.#passOn(); // input/every-gate
        return step;
      }
      if (step === STEP.DONE) {
        this.#hasEnded[this.#turn] = true;
        if (--this.#open === 0) return step;
      }
      this.#passOn(); // input/every-gate: it has nothing now, and is not waited for
    }
    return STEP.WAIT_INPUT;
  }

  release(): void {
    for (const gate of this.#gates) gate.release();
  }

  isReady(): boolean {
    return this.#gates.some((gate, i) => !this.#hasEnded[i] && gate.isReady());
  }

  ringOwed(): void {
    for (const gate of this.#gates) gate.ringOwed();
  }

  describeRow(core: ChainCore): string | null {
    return this.#gates[this.#turn]!.describeRow(core);
  }

  close(): void {}

  #passOn(): void {
    this.#turn = (this.#turn + 1) % this.#gates.length;
  }
}
