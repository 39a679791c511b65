import { assert } from '../base/assert.js';
import { NO_SEGMENT } from '../memory/channel.js';
import type { ChannelSender } from '../memory/channel-sender.js';
import type { Exchange } from '../memory/exchange-arena.js';
import { type Ledger, OPEN, SENDER_FREE } from '../memory/ledger.js';
import type { Subpartition } from './subpartition.js';

/**
 * The free segments of a partition, and how they come back to it: by a swap, or from a receiver that has left.
 *
 * Runs in: the thread of the upstream task.
 */
export class SegmentPool {
  /** The last segment freed is used first: it is the warmest in the caches. */
  readonly #free: number[];
  /** Segments that the partition has for ever: P. */
  readonly #owned: number;
  readonly #ledger: Ledger;

  constructor(exchange: Exchange, sender: number) {
    this.#free = exchange.segmentsOfSender(sender);
    this.#owned = this.#free.length;
    this.#ledger = exchange.ledger;
  }

  /** Segments that can be filled now. */
  get free(): number {
    return this.#free.length;
  }

  /** A segment to be filled; one is free. */
  take(): number {
    const segment = this.#free.pop()!;
    if (CHECKED) this.#ledger.move(segment, SENDER_FREE, OPEN);
    return segment;
  }

  /** Gets a segment back that was taken and not published. */
  putBack(segment: number): void {
    if (CHECKED) this.#ledger.move(segment, OPEN, SENDER_FREE);
    this.#free.push(segment);
  }

  /**
   * Takes the segments of a channel whose swaps have happened, and when its receiver has left those that no credit has
   * met.
   *
   * @returns  true once, when the receiver is seen to have left
   */
  collect(channel: ChannelSender): boolean {
    const isNews = channel.look();
    for (let segment = channel.take(); segment !== NO_SEGMENT; segment = channel.take())
      this.#free.push(segment);
    if (!isNews) return false;
    for (let segment = channel.takeBack(); segment !== NO_SEGMENT; segment = channel.takeBack())
      this.#free.push(segment); // release/discard
    return true;
  }

  /**
   * Checks that the partition still owns as many segments as it was dealt, and that every buffer was sent or discarded.
   *
   * @param finished  buffers ever finished
   */
  assertConserved(subpartitions: readonly Subpartition[], finished: number): void {
    let owned = this.#free.length;
    let counted = 0;
    for (const { pos, channel } of subpartitions) {
      owned += channel.outstanding + (pos > 0 ? 1 : 0);
      counted += channel.finished;
    }
    assert(owned === this.#owned, () => `free + open + outstanding is ${this.#owned}, not ${owned}`);
    // release/discard
    assert(counted === finished, () => `published + discarded is ${finished}, not ${counted}`);
  }
}
