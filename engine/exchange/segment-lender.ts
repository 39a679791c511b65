/**
 * The segments of a gate, and who they are lent to.
 *
 *   gate/lend         A segment whose buffer was read goes back to its channel while that has fewer than E, and else
 *                     to the gate's floating ones. These go to channels that were seen to have more to send than they
 *                     have credit for, one each, first waiting first served. So while a floating segment is free, no
 *                     channel is known to want one.
 *   wait/hysteresis   The credit is there at once, but the sender is woken when half of what may wait in its channel
 *                     was read, or before this task stops running; waking costs more than lending.
 *
 * Runs in: the thread of the downstream task.
 */
import { assert } from '../base/assert.js';
import { NO_SEGMENT } from '../memory/channel.js';
import type { ChannelReceiver } from '../memory/channel-receiver.js';
import type { Exchange } from '../memory/exchange-arena.js';
import { GATE_FREE, type Ledger, READING } from '../memory/ledger.js';
import { CREDIT, type Doorbell } from '../memory/parker.js';
import type { ReadyWords } from '../memory/ready-words.js';

export class SegmentLender {
  readonly #channels: readonly ChannelReceiver[];
  readonly #ready: ReadyWords;
  readonly #bells: readonly Doorbell[];
  readonly #ledger: Ledger;
  readonly #exclusive: number;
  /** Segments that no channel has. */
  readonly #floating: number[];
  /** So many they are once all has been read; of a gate that was released, together with those lent. */
  #home: number;
  #isReleased = false;
  /** Channels that wait for a floating segment, the first waiting first; each at most once. */
  readonly #waiting: number[] = [];
  readonly #isWaiting: boolean[];
  /** By channel: segments lent that its sender was not woken for. */
  readonly #owed: number[];
  readonly #ringFrom: number;
  #owedChannels = 0;

  constructor(
    exchange: Exchange,
    receiver: number,
    channels: readonly ChannelReceiver[],
    ready: ReadyWords,
    bells: readonly Doorbell[],
  ) {
    const { exclusivePerChannel, buffersPerSubpartitionMax, floatingPerGate } = exchange.spec;
    this.#channels = channels;
    this.#ready = ready;
    this.#bells = bells;
    this.#ledger = exchange.ledger;
    this.#exclusive = exclusivePerChannel;
    this.#floating = exchange.floatingOfReceiver(receiver);
    this.#home = floatingPerGate;
    this.#isWaiting = channels.map(() => false);
    this.#owed = channels.map(() => 0);
    this.#ringFrom = Math.max(1, exclusivePerChannel >> 1, buffersPerSubpartitionMax >> 1);
  }

  /** A segment that was read goes back to its channel, or to the channel that waits for one. gate/lend */
  giveBack(index: number, segment: number): void {
    const channel = this.#channels[index]!;
    channel.look();
    if (!this.#isReleased && channel.lent < this.#exclusive) {
      channel.lend(segment, READING);
      this.#owe(index);
    } else {
      this.keep(channel, segment);
    }
    this.want(index);
    this.deal();
  }

  /** Puts a segment that was read to the floating ones; by `giveBack`. */
  keep(_channel: ChannelReceiver, segment: number): void {
    if (CHECKED) this.#ledger.move(segment, READING, GATE_FREE);
    this.#floating.push(segment);
  }

  /** Notes that a channel waits for a segment, if it was seen to want one. */
  want(index: number): void {
    if (this.#isWaiting[index] || !this.#channels[index]!.wants) return;
    this.#isWaiting[index] = true;
    this.#waiting.push(index);
  }

  /** gate/lend: lends floating segments while there are some and some channel waits, one each in turn. */
  deal(): void {
    while (this.#floating.length > 0 && this.#waiting.length > 0) {
      const index = this.#waiting.shift()!;
      const channel = this.#channels[index]!;
      this.#isWaiting[index] = false;
      if (!channel.wants) continue;
      channel.lend(this.#floating.pop()!, GATE_FREE);
      this.#owe(index);
      this.#ready.set(index); // the credit may have met a buffer that was passed over
      this.want(index);
    }
  }

  /** The gate has left a channel: its segments stay with the gate as they come, and its sender waits for nothing. */
  release(index: number): void {
    this.#isReleased = true;
    this.#home += this.#exclusive;
    this.#ring(index); // release/discard: a sender that waits for credit may go on
  }

  /** Takes back what was lent to a channel past its end. */
  reclaim(index: number): void {
    const channel = this.#channels[index]!;
    if (this.#owed[index]! > 0) this.#ring(index);
    let reclaimed = 0;
    for (let back = channel.reclaim(); back !== NO_SEGMENT; back = channel.reclaim()) {
      reclaimed++; // end/reclaim
      if (this.#isReleased) this.#floating.push(back);
    }
    if (!CHECKED) return;
    if (this.#isReleased) this.assertHome();
    else
      assert(
        reclaimed === this.#exclusive,
        () => `a channel that ended gives back what it was lent, not ${reclaimed}`,
      );
  }

  /** Wakes the senders that were lent something and not told yet. */
  ringOwed(): void {
    for (let index = 0; this.#owedChannels > 0 && index < this.#channels.length; index++)
      if (this.#owed[index]! > 0) this.#ring(index); // wait/hysteresis
  }

  /** Checks that no segment is lost; once all has been read. */
  assertHome(): void {
    const lent = this.#isReleased ? this.#channels.reduce((sum, channel) => sum + channel.lent, 0) : 0;
    assert(
      this.#floating.length + lent === this.#home,
      () => `a gate that has read all has its ${this.#home} segments, not ${this.#floating.length + lent}`,
    );
  }

  #owe(index: number): void {
    const owed = this.#owed[index]! + 1;
    if (owed === 1) this.#owedChannels++;
    this.#owed[index] = owed;
    if (owed >= this.#ringFrom) this.#ring(index); // wait/hysteresis
  }

  #ring(index: number): void {
    if (this.#owed[index]! > 0) this.#owedChannels--;
    this.#owed[index] = 0;
    this.#bells[index]!.ring(CREDIT);
  }
}
