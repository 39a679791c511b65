/**
 * The subpartition that the next record goes to, for partitioners that leave the choice to the sender: rebalance and
 * rescale.
 *
 *   partition/turn  Records go round in strict turn. An adaptive turn goes round those that are least behind, as of the
 *                   partition's last look: the ones that a credit waits for, and if there are none, the ones with the
 *                   fewest buffers waiting for credit. Nothing shared is looked at per record. A subpartition whose
 *                   receiver has left is in no turn while another one's has not: its records would be lost to it.
 *
 * With equally fast receivers all are least behind, and the turn is strict. One with a credit is always in it, so every
 * receiver is fed.
 *
 * Runs in: the thread of the upstream task.
 */
import type { Subpartition } from './subpartition.js';

export class SubpartitionTurn {
  readonly isAdaptive: boolean;
  /** The subpartitions in the turn, ascending: the first `#count` words. */
  readonly #order: Int32Array;
  #count: number;
  #at: number;
  #last: number;

  /** @param start  the first to be given; senders that begin together should not all begin with the same */
  constructor(count: number, start: number, isAdaptive: boolean) {
    this.isAdaptive = isAdaptive;
    this.#order = Int32Array.from({ length: count }, (_, k) => k);
    this.#count = count;
    this.#at = (start + count - 1) % count;
    this.#last = this.#at;
  }

  /** The subpartition of the next record. */
  next(): number {
    const at = this.#at + 1 < this.#count ? this.#at + 1 : 0;
    this.#at = at;
    const k = this.#order[at]!;
    this.#last = k;
    return k;
  }

  /** True if a subpartition is in the turn. */
  has(k: number): boolean {
    const at = this.#order.indexOf(k); // words past the count are from former turns
    return at !== -1 && at < this.#count;
  }

  /** Chooses anew who is in the turn; it goes on after the last one given. */
  follow(subpartitions: readonly Subpartition[]): void {
    let least = Number.POSITIVE_INFINITY;
    for (const sub of subpartitions) least = Math.min(least, this.#lag(sub));
    this.#count = 0;
    this.#at = -1;
    for (let k = 0; k < subpartitions.length; k++) {
      if (this.#lag(subpartitions[k]!) !== least) continue; // partition/turn
      if (k <= this.#last) this.#at = this.#count;
      this.#order[this.#count++] = k;
    }
    if (this.#at === -1) this.#at = this.#count - 1;
  }

  /** How far a subpartition is behind: 0 while a credit waits for its next buffer. In a strict turn none is. */
  #lag({ channel }: Subpartition): number {
    if (channel.isReleased) return Number.POSITIVE_INFINITY;
    return !this.isAdaptive || channel.isSendable ? 0 : 1 + channel.backlog;
  }
}
