import type { ChainCore } from './chain-core.js';

/** What a step of a task came to. The host alone decides how to wait. */
export const STEP = {
  /** Something was done; call again. */
  PROGRESS: 0,
  /** No input is there; more will come through the gate. */
  WAIT_INPUT: 1,
  /** An output has no free segment; credit will come. */
  WAIT_OUTPUT: 2,
  /** Nothing to do before `Task.waitUntilMs`. */
  WAIT_TIME: 3,
  /** Nothing to do before `Task.waitFor` settles. */
  WAIT_PROMISE: 4,
  /** The task has ended and given out everything. */
  DONE: 5,
  /** Nothing to do before a call of an async function is answered, in a turn of this thread's event loop. */
  WAIT_ANSWER: 6,
} as const;

export type Step = (typeof STEP)[keyof typeof STEP];

/** Where a task's records come from: a source's splits, or a gate. */
export interface TaskInput {
  /**
   * Handles at most `budget` records.
   *
   * @returns PROGRESS, WAIT_INPUT, WAIT_TIME, WAIT_PROMISE, or DONE at the end of the input, after the last watermark
   */
  step(budget: number): Step;
  /** For WAIT_TIME. */
  readonly waitUntilMs: number;
  /** For WAIT_PROMISE. */
  readonly waitFor: Promise<void> | null;
  /** True if a step would find something; reads shared words only. */
  isReady(): boolean;
  /** Rings the bells this input still owes to senders. */
  ringOwed(): void;
  /** The record at which generated code stopped with an error, for a message; null: it was at none. */
  describeRow(core: ChainCore): string | null;
  close(): void | Promise<void>;
}
