import { assert } from '../base/assert.js';
import { recordText } from '../base/record-text.js';
import type { BatchProcess, ChainCore } from './chain-core.js';
import type { PushBuffer } from './push-buffer.js';
import { STEP, type Step, type TaskInput } from './task-input.js';

/**
 * Runs the chain of a live input over the rows that an application pushes.
 *
 *   push/never-waits  A row of a live input never waits for a segment: it begins only while every partition is
 *                     available, and then as many segments are free as one row, or the end, can need.
 *
 * Runs in: the thread of the application.
 */
export class PushInput implements TaskInput {
  readonly #core: ChainCore;
  readonly #process: BatchProcess;
  readonly #buffer: PushBuffer;
  readonly waitUntilMs = 0;
  readonly waitFor = null;

  constructor(core: ChainCore, process: BatchProcess, buffer: PushBuffer) {
    this.#core = core;
    this.#process = process;
    this.#buffer = buffer;
  }

  step(budget: number): Step {
    const buffer = this.#buffer;
    const { begin, rows } = buffer;
    if (begin < rows.length) {
      const end = this.#process({ rows }, begin, Math.min(rows.length, begin + budget)); // push/never-waits
      buffer.written(end - begin);
      return STEP.PROGRESS;
    }
    if (!buffer.isDry) return STEP.WAIT_INPUT;
    this.#core.onWatermark(Number.POSITIVE_INFINITY);
    return STEP.DONE;
  }

  isReady(): boolean {
    const { begin, rows, isDry } = this.#buffer;
    return begin < rows.length || isDry;
  }

  ringOwed(): void {}

  describeRow(core: ChainCore): string | null {
    return core.failedAt < 0 ? null : recordText(this.#buffer.rows[core.failedAt]);
  }

  close(): void {}
}

/**
 * The smallest overdraft with which a task beside an application never waits inside a record. A partition that is
 * available has one segment more than its overdraft.
 *
 *   a row    may open a segment for a pending watermark, and then those that it fills, for each of its copies
 *   the end  may open a segment per subpartition, for the last watermark
 *
 * @param rowSegments  segments that the largest row takes
 * @param copies       subpartitions that a row is written to: 1, or all
 */
export function liveInputOverdraft(subpartitions: number, rowSegments: number, copies: number): number {
  const ofRow = copies * (1 + rowSegments);
  const ofEnd = subpartitions;
  const overdraft = Math.max(ofRow, ofEnd) - 1;
  assert(overdraft + 1 >= ofRow && overdraft + 1 >= ofEnd, 'a live input never waits hard');
  return overdraft;
}
