/**
 * The input of one subtask: the channels from all its senders, read fairly, one buffer at a time, in place.
 *
 *   gate/read-all     Every channel that has a buffer is read in turn; none is left aside, but those that wait at a
 *                     barrier.
 *   gate/align        A channel whose barrier came is not read until the barrier of every other one came, or its end.
 *                     A newer barrier ends the waiting for an older one, which is never told. Whoever posts a newer one
 *                     has said before that the older ones are aborted, and that ends the waiting for them everywhere:
 *                     a task that never saw the older one will not pass it on.
 *   release/drop      A gate that was released tells nothing but the ends of its channels. Buffers that a credit has
 *                     met are read and dropped, whole or pieces, and barriers concern nobody.
 *   record/span       Pieces of an element larger than a segment are copied together, and the segment of each goes
 *                     back before the next is looked for, so the pieces of one element need no more than one segment.
 *   debloat/lent      With a target time, a channel is lent no more segments than what may be on its way fills, and at
 *                     least E. Those that it has beyond that go to the gate as they are read.
 *
 * Runs in: the thread of the downstream task.
 */
import { assert } from '../base/assert.js';
import type { DebloatOptions } from '../base/option-catalogue.js';
import { LAST_PIECE, NO_SEGMENT } from '../memory/channel.js';
import { BARRIER, BUFFER, type ChannelReceiver, END, NOTHING } from '../memory/channel-receiver.js';
import type { ControlArena } from '../memory/control-arena.js';
import type { Exchange } from '../memory/exchange-arena.js';
import { NO_CHANNEL, type ReadyWords } from '../memory/ready-words.js';
import { BufferDebloater } from './buffer-debloater.js';
import { ElementAssembly } from './element-assembly.js';
import { SegmentLender } from './segment-lender.js';

/** Nothing to read now. */
export const GATE_EMPTY = 0;
/** A buffer is at hand: `channel`, `begin`, `end`. Call `recycle` when it is read. */
export const GATE_BUFFER = 1;
/** `channel` has ended; said once per channel. */
export const GATE_CHANNEL_ENDED = 2;
/** All channels have ended, and that was said. */
export const GATE_ENDED = 3;
/** The barrier `barrierId` has come on every channel: all before it was read, and nothing after it. */
export const GATE_BARRIER = 4;

/**
 * @param debloat  null: buffers are always filled whole
 * @param Lender   who lends the segments: another one where somebody watches
 */
export function openGate(
  exchange: Exchange,
  receiver: number,
  control: ControlArena,
  debloat: DebloatOptions | null = null,
  Lender: typeof SegmentLender = SegmentLender,
): InputGate {
  const count = exchange.topology.gateChannelCount(receiver);
  const channels = Array.from({ length: count }, (_, channel) => exchange.receiverEnd(receiver, channel));
  const bells = channels.map((_, channel) => control.doorbell(exchange.taskBefore(receiver, channel)));
  const ready = exchange.readyWords(receiver);
  const lender = new Lender(exchange, receiver, channels, ready, bells);
  return new InputGate(exchange, receiver, channels, ready, lender, debloat);
}

/** Makes ends of rows before their begin, strings that are no UTF-8, and numbers like -1.9e230. */
const POISON = 0xef;

export class InputGate {
  /** Channel of the last buffer or end. */
  channel = 0;
  /** Byte offsets of the last buffer in the exchange's region; `begin` inclusive, `end` exclusive. */
  begin = 0;
  end = 0;
  /** Number of the last barrier that came on all channels. */
  barrierId = 0;
  readonly channelCount: number;
  /** Buffers and bytes taken so far. */
  buffersIn = 0;
  bytesIn = 0;
  readonly #exchange: Exchange;
  readonly #channels: ChannelReceiver[];
  readonly #ready: ReadyWords;
  readonly #lender: SegmentLender;
  readonly #hasEnded: boolean[];
  readonly #assembly: ElementAssembly;
  /** Bytes ever read, by channel. */
  readonly #bytesOf: number[];
  readonly #debloater: BufferDebloater | null = null;
  readonly #debloatPeriodMs: number = Number.POSITIVE_INFINITY;
  #debloatedMs = 0;
  #openChannels: number;
  /** Channels that wait at barrier `#aligningId`; 0: none does. */
  readonly #isBlocked: boolean[];
  #blockedChannels = 0;
  #aligningId = 0;
  /** Barriers up to this are of no interest any more. */
  #abortedId = 0;
  #isReleased = false;
  #next = 0;
  #hasBuffer = false;
  /** Segment of the buffer at hand; NO_SEGMENT for an element put together from pieces. */
  #reading = NO_SEGMENT;

  constructor(
    exchange: Exchange,
    receiver: number,
    channels: ChannelReceiver[],
    ready: ReadyWords,
    lender: SegmentLender,
    debloat: DebloatOptions | null,
  ) {
    this.#exchange = exchange;
    this.#channels = channels;
    this.channelCount = channels.length;
    this.#ready = ready;
    this.#lender = lender;
    this.#hasEnded = channels.map(() => false);
    this.#isBlocked = channels.map(() => false);
    this.#bytesOf = channels.map(() => 0);
    if (debloat !== null) {
      this.#debloater = new BufferDebloater(debloat, exchange.spec.segmentBytes, channels.length);
      this.#debloatPeriodMs = debloat.periodMs;
    }
    this.#assembly = new ElementAssembly(exchange, exchange.scratchOfReceiver(receiver), channels.length);
    this.#openChannels = channels.length;
  }

  /**
   * Looks for the next buffer, from the channel after the last one on. Never waits. The buffer taken before must have
   * been recycled.
   *
   * @returns  GATE_EMPTY, GATE_BUFFER, GATE_BARRIER, GATE_CHANNEL_ENDED or GATE_ENDED
   * Cost: an atomic load per 32 channels and round, one or two per channel that may have something; no allocation.
   */
  poll(): number {
    if (CHECKED) assert(!this.#hasBuffer, 'a buffer is recycled before the next is taken');
    if (this.#openChannels === 0) return GATE_ENDED;
    if (this.#isAligned()) return this.#endAlignment();
    for (;;) {
      const index = this.#next < this.channelCount ? this.#ready.next(this.#next) : NO_CHANNEL;
      if (index === NO_CHANNEL) {
        this.#next = 0; // gate/read-all: a round is over, and whoever was raised meanwhile is in the next one
        if (this.#ready.gather()) continue;
        if (CHECKED) this.#lender.assertHome();
        return GATE_EMPTY;
      }
      const found = this.#hasEnded[index] || this.#isBlocked[index] ? NOTHING : this.#look(index);
      if (found === BUFFER) {
        this.#next = index + 1; // gate/read-all
        if (this.#take(index)) return GATE_BUFFER;
        continue;
      }
      if (found === BARRIER) {
        this.#arrive(index);
        if (this.#isAligned()) return this.#endAlignment();
        continue;
      }
      this.#ready.clear(index);
      if (found === END) return this.#endChannel(index);
    }
  }

  /**
   * Gives the segment of the last buffer back. The bytes may change from here on; checked builds overwrite them, so
   * that whoever reads on sees it.
   */
  recycle(): void {
    if (CHECKED) assert(this.#hasBuffer, 'a buffer is recycled once');
    this.#hasBuffer = false;
    if (CHECKED) this.#exchange.view.u8.fill(POISON, this.begin, this.end);
    if (this.#reading === NO_SEGMENT) return;
    this.#channels[this.channel]!.noteReading(false);
    this.#lender.giveBack(this.channel, this.#reading);
    this.#reading = NO_SEGMENT;
  }

  /**
   * Leaves all channels, while no buffer is at hand: their senders discard what they write, and from now on only the
   * ends of the channels are told. release/drop
   */
  release(): void {
    if (CHECKED) assert(!this.#hasBuffer, 'a buffer is recycled before its gate is released');
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#blockedChannels = 0; // release/drop: nobody waits at a barrier any more
    this.#isBlocked.fill(false);
    for (const [index, channel] of this.#channels.entries()) {
      if (this.#hasEnded[index]) continue;
      channel.release();
      this.#lender.release(index);
      this.#ready.set(index); // release/drop: what is there is dropped by the next poll
    }
  }

  /**
   * False if `poll` has found nothing and would again. For the condition of a parked task: shared words are looked at
   * anew.
   */
  isInputReady(): boolean {
    return this.#openChannels === 0 || this.#ready.peek();
  }

  /** Wakes the senders that were lent something and not told yet. Before the task parks, awaits, blocks or exits. */
  ringOwed(): void {
    this.#lender.ringOwed();
  }

  /** True if `debloat` should be called. */
  isDebloatDue(nowMs: number): boolean {
    return nowMs - this.#debloatedMs >= this.#debloatPeriodMs && !this.#isReleased;
  }

  /**
   * Fits what may be on the way to the target time; at the end of a period.
   *
   * @param activeMs  time ever spent not waiting for input
   */
  debloat(nowMs: number, activeMs: number): void {
    const debloater = this.#debloater!;
    this.#debloatedMs = nowMs;
    // One that waits at a barrier is clamped by it, and not looked at.
    for (const [index, channel] of this.#channels.entries()) if (!this.#isBlocked[index]) channel.look();
    debloater.endPeriod(
      activeMs,
      this.#bytesOf,
      this.#channels.map(({ queued }) => queued),
      this.#channels.map(({ lastBytes }) => lastBytes),
    );
    for (const [index, channel] of this.#channels.entries()) {
      channel.fillBytes = debloater.bufferBytes(index);
      channel.lentMax = Math.max(1, this.#exchange.spec.exclusivePerChannel, debloater.segments(index)); // debloat/lent
      if (!this.#hasEnded[index]) this.#lender.want(index);
    }
    this.#lender.deal();
  }

  /** Ends the waiting for barriers up to a number. gate/align */
  abortBarriers(upTo: number): void {
    this.#abortedId = upTo;
    if (((this.#aligningId - upTo) | 0) <= 0) this.#unblock();
    for (const [index, channel] of this.#channels.entries()) {
      if (this.#hasEnded[index] || channel.barrierId === 0 || ((channel.barrierId - upTo) | 0) > 0) continue;
      channel.passBarrier(channel.barrierId); // credit/barrier-clamp: it ends here
      this.#ready.set(index);
      this.#lender.want(index);
    }
    this.#lender.deal();
  }

  /** Polls a channel, and lends it what it is seen to want. */
  #look(index: number): number {
    const channel = this.#channels[index]!;
    const found = channel.poll();
    if (!channel.wants) return found;
    this.#lender.want(index);
    this.#lender.deal();
    return found === NOTHING ? channel.poll() : found;
  }

  /** A barrier has come on a channel. gate/align */
  #arrive(index: number): void {
    const channel = this.#channels[index]!;
    const id = channel.barrierId;
    if (((id - this.#aligningId) | 0) < 0 || ((id - this.#abortedId) | 0) <= 0) {
      channel.passBarrier(id); // aborted, or a newer one came on another channel
      return;
    }
    if (id !== this.#aligningId) this.#unblock();
    this.#aligningId = id;
    this.#isBlocked[index] = true;
    this.#blockedChannels++;
    this.#ready.clear(index);
  }

  #isAligned(): boolean {
    return this.#blockedChannels > 0 && this.#blockedChannels === this.#openChannels;
  }

  #endAlignment(): number {
    this.barrierId = this.#aligningId;
    this.#unblock();
    return GATE_BARRIER;
  }

  /** Lets all channels be read again that wait at a barrier. */
  #unblock(): void {
    for (let index = 0; this.#blockedChannels > 0 && index < this.channelCount; index++) {
      if (!this.#isBlocked[index]) continue;
      const channel = this.#channels[index]!;
      this.#isBlocked[index] = false;
      this.#blockedChannels--;
      channel.passBarrier(this.#aligningId);
      this.#ready.set(index);
      this.#lender.want(index);
    }
    this.#lender.deal();
  }

  /** @returns false for a piece after which more will come, and for what is dropped */
  #take(index: number): boolean {
    const { segment, bytes, flags } = this.#channels[index]!;
    const begin = this.#exchange.segmentStart(segment);
    this.buffersIn++;
    this.bytesIn += bytes;
    this.#bytesOf[index]! += bytes;
    if (CHECKED) {
      assert(
        bytes > 0 && bytes <= this.#exchange.spec.segmentBytes,
        'a buffer holds something and fits its segment',
      );
      assert((bytes & 7) === 0, 'elements are multiples of 8 bytes');
    }
    if (this.#isReleased) {
      this.#lender.giveBack(index, segment); // release/drop
      return false;
    }
    if (flags === 0) {
      this.#channels[index]!.noteReading(true);
      this.#reading = segment;
      this.begin = begin;
      this.end = begin + bytes;
    } else {
      this.#assembly.add(index, begin, bytes);
      this.#lender.giveBack(index, segment); // record/span: before the next piece is looked for
      if (flags !== LAST_PIECE) return false;
      this.begin = this.#assembly.begin;
      this.end = this.begin + this.#assembly.finish(index);
    }
    this.channel = index;
    this.#hasBuffer = true;
    return true;
  }

  #endChannel(index: number): number {
    this.#hasEnded[index] = true;
    this.#openChannels--;
    this.#lender.reclaim(index);
    this.channel = index;
    return GATE_CHANNEL_ENDED;
  }
}
