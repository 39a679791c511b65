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
  /** The record at which generated code stopped with an error, for a message. */
  describeRow(core: ChainCore): string;
  close(): void | Promise<void>;
}

/** A record for a message: short, whatever is in it. */
export function rowText(row: unknown): string {
  let text: string;
  try {
    text = JSON.stringify(row, shownMember) ?? String(row);
  } catch (error) {
    text = `(cannot be shown: ${String(error)})`; // a getter throws, or it contains itself
  }
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

/** More items of a list are never seen in 200 characters. */
const ITEMS_SHOWN = 100;

function shownMember(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`;
  if (value instanceof Map) return Object.fromEntries([...value].slice(0, ITEMS_SHOWN));
  if (value instanceof Uint8Array) return Buffer.from(value.subarray(0, ITEMS_SHOWN)).toString('hex');
  return Array.isArray(value) ? value.slice(0, ITEMS_SHOWN) : value;
}
