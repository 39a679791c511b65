/**
 * The input of one subtask: the channels from all its senders, read fairly, one buffer at a time, in place.
 *
 *   gate/read-all     Every channel that has a buffer is read in turn; none is left aside.
 *   gate/lend         A segment whose buffer was read goes back to its channel at once: with it the next credit.
 *   wait/hysteresis   The credit is there at once, but the sender is woken when half of what may wait in its channel
 *                     was read, or before this task stops running; waking costs more than lending.
 *
 * Runs in: the thread of the downstream task.
 */
import { assert } from '../base/assert.js';
import { BUFFER, type ChannelReceiver, END, NO_SEGMENT } from '../memory/channel.js';
import type { ControlArena } from '../memory/control-arena.js';
import { type Exchange, gateChannelCount } from '../memory/exchange-arena.js';
import { CREDIT, type Doorbell } from '../memory/parker.js';

/** Nothing to read now. */
export const GATE_EMPTY = 0;
/** A buffer is at hand: `channel`, `begin`, `end`. Call `recycle` when it is read. */
export const GATE_BUFFER = 1;
/** `channel` has ended; said once per channel. */
export const GATE_CHANNEL_ENDED = 2;
/** All channels have ended, and that was said. */
export const GATE_ENDED = 3;

export function openGate(exchange: Exchange, receiver: number, control: ControlArena): InputGate {
  const count = gateChannelCount(exchange.spec);
  const channels = Array.from({ length: count }, (_, channel) => exchange.receiverEnd(receiver, channel));
  const bells = channels.map((_, channel) => control.doorbell(exchange.taskBefore(receiver, channel)));
  return new InputGate(exchange, channels, bells);
}

export class InputGate {
  /** Channel of the last buffer or end. */
  channel = 0;
  /** Byte offsets of the last buffer in the exchange's region; `begin` inclusive, `end` exclusive. */
  begin = 0;
  end = 0;
  readonly channelCount: number;
  /** Buffers and bytes taken so far. */
  buffersIn = 0;
  bytesIn = 0;
  readonly #exchange: Exchange;
  readonly #channels: ChannelReceiver[];
  readonly #bells: Doorbell[];
  readonly #hasEnded: boolean[];
  readonly #owed: number[];
  readonly #ringFrom: number;
  #openChannels: number;
  #owedChannels = 0;
  #next = 0;
  #reading = NO_SEGMENT;

  constructor(exchange: Exchange, channels: ChannelReceiver[], bells: Doorbell[]) {
    this.#exchange = exchange;
    this.#channels = channels;
    this.#bells = bells;
    this.channelCount = channels.length;
    this.#hasEnded = channels.map(() => false);
    this.#owed = channels.map(() => 0);
    const { exclusivePerChannel, buffersPerSubpartitionMax } = exchange.spec;
    this.#ringFrom = Math.max(1, exclusivePerChannel >> 1, buffersPerSubpartitionMax >> 1);
    this.#openChannels = channels.length;
  }

  /**
   * Looks for the next buffer, from the channel after the last one on. Never waits. The buffer taken before must have
   * been recycled.
   *
   * @returns  GATE_EMPTY, GATE_BUFFER, GATE_CHANNEL_ENDED or GATE_ENDED
   * Cost: up to two atomic loads per channel; no allocation.
   */
  poll(): number {
    if (CHECKED) assert(this.#reading === NO_SEGMENT, 'a buffer is recycled before the next is taken');
    if (this.#openChannels === 0) return GATE_ENDED;
    const count = this.channelCount;
    let index = this.#next;
    for (let looked = 0; looked < count; looked++) {
      if (!this.#hasEnded[index]) {
        const found = this.#channels[index]!.poll();
        if (found === BUFFER) return this.#take(index);
        if (found === END) return this.#endChannel(index);
      }
      index = index + 1 === count ? 0 : index + 1;
    }
    return GATE_EMPTY;
  }

  /** Gives the segment of the last buffer back to its channel. The bytes may change from here on. */
  recycle(): void {
    if (CHECKED) assert(this.#reading !== NO_SEGMENT, 'a buffer is recycled once');
    const index = this.channel;
    this.#channels[index]!.lend(this.#reading); // gate/lend
    this.#reading = NO_SEGMENT;
    const owed = this.#owed[index]! + 1;
    if (owed === 1) this.#owedChannels++;
    this.#owed[index] = owed;
    if (owed >= this.#ringFrom) this.#ring(index); // wait/hysteresis
  }

  /** True if `poll` would find something. For the condition of a parked task: shared words are looked at anew. */
  isInputReady(): boolean {
    if (this.#openChannels === 0) return true;
    for (let index = 0; index < this.channelCount; index++)
      if (!this.#hasEnded[index] && this.#channels[index]!.peek()) return true;
    return false;
  }

  /** Wakes the senders that were lent something and not told yet. Before the task parks, awaits, blocks or exits. */
  ringOwed(): void {
    for (let index = 0; this.#owedChannels > 0 && index < this.channelCount; index++)
      if (this.#owed[index]! > 0) this.#ring(index); // wait/hysteresis
  }

  #take(index: number): number {
    const channel = this.#channels[index]!;
    this.#next = index + 1 === this.channelCount ? 0 : index + 1; // gate/read-all
    this.#reading = channel.segment;
    this.channel = index;
    this.begin = this.#exchange.segmentStart(channel.segment);
    this.end = this.begin + channel.bytes;
    this.buffersIn++;
    this.bytesIn += channel.bytes;
    if (CHECKED) {
      const { segmentBytes } = this.#exchange.spec;
      assert(
        channel.bytes > 0 && channel.bytes <= segmentBytes,
        'a buffer holds something and fits its segment',
      );
      assert((channel.bytes & 7) === 0, 'elements are multiples of 8 bytes');
    }
    return GATE_BUFFER;
  }

  #endChannel(index: number): number {
    const channel = this.#channels[index]!;
    this.#hasEnded[index] = true;
    this.#openChannels--;
    if (this.#owed[index]! > 0) this.#ring(index);
    let reclaimed = 0;
    while (channel.reclaim() !== NO_SEGMENT) reclaimed++; // end/reclaim
    if (CHECKED)
      assert(
        reclaimed === this.#exchange.spec.exclusivePerChannel,
        () => `a channel that ended gives back what it was lent, not ${reclaimed}`,
      );
    this.channel = index;
    return GATE_CHANNEL_ENDED;
  }

  #ring(index: number): void {
    this.#owed[index] = 0;
    this.#owedChannels--;
    this.#bells[index]!.ring(CREDIT);
  }
}
