/**
 * The receivers of a partition that have buffers to read and were not woken for them.
 *
 *   wait/coalesce  A finished buffer is readable at once, but its receiver is woken when half of what may wait has
 *                  gathered, or before this task ends its step, flushes, waits or exits.
 *
 * Runs in: the thread of the upstream task.
 */
import { INPUT } from '../memory/parker.js';
import type { Subpartition } from './subpartition.js';

export class OwedRings {
  /** Buffers after which a receiver is woken at once. */
  readonly #ringFrom: number;
  /** Subpartitions whose receiver is still to be woken. */
  #count = 0;

  /** @param buffersMax  that may wait in one subpartition */
  constructor(buffersMax: number) {
    this.#ringFrom = Math.max(1, buffersMax >> 1);
  }

  /** Wakes the receiver of a buffer just published, or remembers to. */
  owe(sub: Subpartition): void {
    sub.owed++;
    if (sub.owed === 1) this.#count++;
    if (sub.owed >= this.#ringFrom) this.ring(sub); // wait/coalesce
  }

  ring(sub: Subpartition): void {
    if (sub.owed > 0) this.#count--;
    sub.owed = 0;
    sub.bell.ring(INPUT);
  }

  ringAll(subpartitions: readonly Subpartition[]): void {
    if (this.#count === 0) return;
    for (const sub of subpartitions) if (sub.owed > 0) this.ring(sub); // wait/coalesce
  }
}
