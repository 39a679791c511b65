/**
 * The output of one subtask on one exchange: an open buffer per subpartition and the segments to fill next.
 *
 *   partition/available      available is true iff more segments are free than the overdraft and no subpartition
 *                            has its most buffers waiting for credit. If the turn is adaptive it is enough that
 *                            some subpartition is below its most: no record goes to the others meanwhile. One
 *                            whose receiver has left holds nobody back, and lets no record begin for the others.
 *   pool/overdraft           The overdraft is a line in the partition's own pool: above it a record may begin,
 *                            below it a record that has begun may end, at 0 it waits hard.
 *   pool/yield               Before a hard wait the buffers that can swap at once are finished: each yields a
 *                            segment.
 *   flush/only-if-sendable   A flush finishes a buffer only if a credit waits for it, or if it is the one that asks
 *                            for credit, and keeps filling it otherwise. A full buffer and the end always finish.
 *   watermark/pending        A subpartition keeps the newest watermark and idleness as numbers and writes them
 *                            before the next record, at a flush and before the end: taking one never needs a
 *                            segment.
 *   event/atomic             A barrier is posted to all subpartitions at once, after all that was written before it;
 *                            finishing a buffer needs no segment, so posting never waits.
 *   debloat/grow             Where no segment is free, a buffer that was kept small grows back to its whole segment
 *                            rather than that a record waits.
 *
 * Runs in: the thread of the upstream task.
 */
import { assert } from '../base/assert.js';
import { SluiceError } from '../base/errors.js';
import { LAST_PIECE, PIECE } from '../memory/channel.js';
import type { Exchange } from '../memory/exchange-arena.js';
import type { ExchangeSpec } from '../memory/exchange-sizes.js';
import { CONTROL_HEADER_BYTES, controlBytes, TAG_IDLE } from './element.js';
import { cancelled, type HardWaiter } from './hard-waiter.js';
import { OwedRings } from './owed-rings.js';
import { SegmentPool } from './segment-pool.js';
import type { Subpartition } from './subpartition.js';
import type { SubpartitionTurn } from './subpartition-turn.js';

export class ResultPartition {
  readonly subpartitions: readonly Subpartition[];
  readonly exchangeId: number;
  /** For partitioners that leave the choice to the sender. */
  readonly turn: SubpartitionTurn;
  readonly segmentBytes: number;
  /** True if the next record may begin. Kept true to the words by `roll`, `flush` and `refresh`. */
  available = true;
  /** Buffers and bytes finished so far. */
  buffersOut = 0;
  bytesOut = 0;
  readonly #exchange: Exchange;
  readonly #overdraft: number;
  readonly #scratch: number;
  readonly #backlogMax: number;
  readonly #waiter: HardWaiter;
  readonly #isStopped: () => boolean;
  readonly #pool: SegmentPool;
  readonly #rings: OwedRings;
  #isUnflushed = false;
  #isPoisoned = false;
  #hasEnded = false;

  constructor(
    exchange: Exchange,
    sender: number,
    subpartitions: readonly Subpartition[],
    turn: SubpartitionTurn,
    waiter: HardWaiter,
    isStopped: () => boolean,
  ) {
    this.subpartitions = subpartitions;
    this.exchangeId = exchange.spec.id;
    this.turn = turn;
    this.#exchange = exchange;
    this.segmentBytes = exchange.spec.segmentBytes;
    this.#overdraft = exchange.spec.overdraftPerPartition;
    this.#scratch = exchange.scratchOfSender(sender);
    this.#backlogMax = exchange.spec.buffersPerSubpartitionMax;
    this.#rings = new OwedRings(exchange.spec.buffersPerSubpartitionMax);
    this.#waiter = waiter;
    this.#isStopped = isStopped;
    this.#pool = new SegmentPool(exchange, sender);
  }

  /**
   * Makes room in subpartition k, on the slow path of a writer: writes what is pending, finishes a full buffer, opens
   * the next. May wait hard.
   *
   * @param bytes  size of the element to be written, a multiple of 8
   * @returns      byte offset with at least that much room; the caller writes there and moves `pos` past it, or calls
   *               `span` if the element is larger than a segment
   * @throws SluiceError RECORD_TOO_LARGE, TASK_CANCELLED
   */
  roll(k: number, bytes: number): number {
    if (CHECKED) assert(bytes > 0 && (bytes & 7) === 0, 'an element is a positive multiple of 8 bytes');
    if (CHECKED) assert(!this.#hasEnded, 'nothing is written after the end');
    const sub = this.subpartitions[k]!;
    if (this.#isPoisoned) throw cancelled();
    if (bytes > this.#exchange.spec.elementBytesMax) throw tooLarge(bytes, this.#exchange.spec);
    if (sub.pendingBytes > 0) this.#writePending(sub, bytes);
    if (bytes > this.segmentBytes) return this.#scratch; // record/span
    if (sub.pos === 0) this.#open(sub, bytes);
    else if (sub.pos + bytes > sub.end && !this.#grow(sub, bytes)) {
      this.#finishBuffer(sub, 0);
      this.#open(sub, bytes);
    }
    sub.limit = sub.end;
    return sub.pos;
  }

  /**
   * Sends an element larger than a segment that was written where `roll` said: record/span. May wait hard.
   *
   * @throws SluiceError TASK_CANCELLED
   */
  span(k: number, bytes: number): void {
    const { u8 } = this.#exchange.view;
    const sub = this.subpartitions[k]!;
    if (sub.pos > sub.start) this.#finishBuffer(sub, 0);
    for (let done = 0; done < bytes; done += this.segmentBytes) {
      if (sub.pos === 0) this.#open(sub, this.segmentBytes);
      const size = Math.min(this.segmentBytes, bytes - done);
      u8.copyWithin(sub.start, this.#scratch + done, this.#scratch + done + size);
      sub.pos = sub.start + size;
      this.#finishBuffer(sub, done + size < bytes ? PIECE : LAST_PIECE);
    }
  }

  /**
   * Finds a subpartition for a record that may go to any, before `roll`: one whose buffer is full is left for the next
   * in the turn if that is less behind. Never waits.
   *
   * @param k  the subpartition whose turn it is
   */
  yieldTurn(k: number, bytes: number): number {
    if (this.#isPoisoned) throw cancelled();
    for (let target = k; ; ) {
      if (!this.available) this.refresh(); // buffers may have been finished since the last look
      if (!this.turn.has(target)) target = this.turn.next(); // partition/turn
      const sub = this.subpartitions[target]!;
      const needed = sub.pendingBytes + bytes;
      if (sub.pos === sub.start || sub.pos + needed <= sub.end || this.#grow(sub, needed)) return target;
      this.#finishBuffer(sub, 0);
      this.refresh();
    }
  }

  /** Remembers a watermark for every subpartition, in place of an older one not written yet. Needs no segment. */
  emitWatermark(timestampMs: number): void {
    for (const sub of this.subpartitions) {
      sub.watermark = timestampMs;
      sub.limit = 0; // watermark/pending: the next record goes through roll
    }
  }

  /** Remembers that no watermark will come for a while, or that they come again. Needs no segment. */
  emitIdle(isIdle: boolean): void {
    for (const sub of this.subpartitions) {
      sub.idleness = isIdle ? 1 : 0;
      sub.limit = 0; // watermark/pending: the next record goes through roll
    }
  }

  /**
   * Writes a control element into subpartition k, before its next record. May wait hard.
   *
   * @param tag  below TAG_IDLE
   */
  writeControl(k: number, tag: number, payload: Uint8Array): void {
    if (CHECKED) assert(tag < TAG_IDLE, 'watermarks and idleness have their own ways in');
    const { i32, u8 } = this.#exchange.view;
    const sub = this.subpartitions[k]!;
    const bytes = controlBytes(payload.byteLength);
    const p = sub.pos + bytes > sub.limit ? this.roll(k, bytes) : sub.pos;
    i32[p >> 2] = tag;
    i32[(p >> 2) + 1] = payload.byteLength;
    u8.set(payload, p + CONTROL_HEADER_BYTES);
    if (bytes > this.segmentBytes) this.span(k, bytes);
    else sub.pos = p + bytes;
  }

  /** Takes the segments whose swaps have happened. @returns `available` */
  refresh(): boolean {
    let atCap = 0;
    let released = 0;
    for (const sub of this.subpartitions) {
      this.#collect(sub);
      if (sub.channel.isReleased) released++;
      else if (sub.channel.backlog >= this.#backlogMax) atCap++;
    }
    this.available = this.#isRoom(atCap, released, this.#pool.free);
    if (this.turn.isAdaptive) this.turn.follow(this.subpartitions); // partition/turn
    return this.available;
  }

  /**
   * Finishes the buffers that a credit waits for. Never waits.
   *
   * @returns  true when nothing is left unsent; else CREDIT is rung when another flush can do more
   * @throws SluiceError TASK_CANCELLED  the task was asked to stop
   */
  flush(): boolean {
    if (this.#isPoisoned) return true;
    let isUnflushed = false;
    for (const sub of this.subpartitions) {
      if (!sub.hasUnsent) continue;
      this.#collect(sub);
      if (sub.hasUnsent && !this.#flushOne(sub)) isUnflushed = true; // its receiver may have left: release/discard
    }
    this.#isUnflushed = isUnflushed;
    this.refresh();
    this.ringOwed();
    return !isUnflushed;
  }

  /** Wakes the receivers that have buffers to read and were not told yet. Before the task's step ends. */
  ringOwed(): void {
    this.#rings.ringAll(this.subpartitions); // wait/coalesce
  }

  /**
   * Puts a barrier after all that was written, on every subpartition. Never waits. event/atomic
   *
   * @param id  larger than all before
   */
  emitBarrier(id: number): void {
    if (this.#isPoisoned) throw cancelled();
    for (const sub of this.subpartitions) {
      if (sub.pos > sub.start) this.#finishBuffer(sub, 0);
      sub.channel.postBarrier(id);
      this.#rings.ring(sub);
    }
  }

  /** Writes the end of data on every subpartition, after all that was written before. May wait hard. */
  finish(): void {
    if (this.#isPoisoned) throw cancelled();
    for (const sub of this.subpartitions) {
      if (sub.pendingBytes > 0) this.#writePending(sub, 0); // watermark/pending: before the end
      if (sub.pos > sub.start) this.#finishBuffer(sub, 0);
      else if (sub.pos > 0) this.#putBack(sub);
      sub.channel.end();
      this.#rings.ring(sub);
    }
    this.#hasEnded = true;
    this.refresh();
    if (CHECKED) this.assertConserved();
  }

  /**
   * True if CREDIT is what the task waits for and it came: the partition would be available again, or an unfinished
   * flush could do more. For the condition of a parked task: shared words are looked at anew, nothing changes.
   */
  isCreditReady(): boolean {
    let free = this.#pool.free;
    let atCap = 0;
    let released = 0;
    let isAnySendable = false;
    let isAnyPendingSendable = false;
    for (const sub of this.subpartitions) {
      const isReleased = sub.channel.peekReleased(); // release/discard: before the credits
      const backlog = sub.channel.peekBacklog();
      free += isReleased ? sub.channel.outstanding : sub.channel.peekTakeable();
      if (isReleased) released++;
      else if (backlog >= this.#backlogMax) atCap++;
      if (!sub.hasUnsent || !(isReleased || sub.channel.isSendableAt(backlog))) continue;
      if (sub.pos > 0) isAnySendable = true;
      else isAnyPendingSendable = true;
    }
    if (!this.available && this.#isRoom(atCap, released, free)) return true;
    return this.#isUnflushed && (isAnySendable || (isAnyPendingSendable && free > 0));
  }

  /** True if a record that waits hard can go on. For the condition of a parked task: words are looked at anew. */
  isSegmentReady(): boolean {
    for (const { channel, pos, start } of this.subpartitions) {
      const isReleased = channel.peekReleased();
      if (isReleased ? channel.outstanding > 0 : channel.peekTakeable() > 0) return true; // release/discard
      if (pos > start && (isReleased || channel.isSendableAt(channel.peekBacklog()))) return true;
    }
    return false;
  }

  /** Segments that can be filled now. */
  get freeSegments(): number {
    return this.#pool.free;
  }

  /** Finished buffers that no credit has met yet, over all subpartitions, as of the last look. */
  get backlog(): number {
    return this.subpartitions.reduce((sum, sub) => sum + sub.channel.backlog, 0);
  }

  /** Checks that no segment and no buffer is lost. */
  assertConserved(): void {
    this.#pool.assertConserved(this.subpartitions, this.buffersOut);
  }

  /** @param atCap  subpartitions with as many buffers waiting for credit as they may have */
  #isRoom(atCap: number, released: number, free: number): boolean {
    const isAnyBelow = atCap + released < this.subpartitions.length;
    const isBelowCap = atCap === 0 || (this.turn.isAdaptive && isAnyBelow); // partition/available
    return isBelowCap && free > this.#overdraft; // pool/overdraft
  }

  #flushOne(sub: Subpartition): boolean {
    if (!sub.channel.isSendable) return false; // flush/only-if-sendable
    if (sub.pendingBytes > 0) {
      const hasRoom = sub.pos > 0 && sub.pos + sub.pendingBytes <= sub.end;
      if (!hasRoom && sub.pos > 0) this.#finishBuffer(sub, 0); // yields a segment at once
      if (!hasRoom && this.#pool.free === 0) return false;
      this.#writePending(sub, 0);
      if (!sub.channel.isSendable) return false; // the credit went to the records before the watermark
    }
    this.#finishBuffer(sub, 0);
    return true;
  }

  /** @param ahead  bytes of the element that will follow */
  #writePending(sub: Subpartition, ahead: number): void {
    if (sub.pos === 0 || sub.pos + sub.pendingBytes > sub.end) {
      if (sub.pos > 0) this.#finishBuffer(sub, 0);
      this.#open(sub, sub.pendingBytes + ahead);
    }
    sub.writePending(this.#exchange.view);
  }

  /** Publishes the open buffer and takes what its swap and earlier ones gave. One for nobody is only counted. */
  #finishBuffer(sub: Subpartition, flags: number): void {
    const bytes = sub.pos - sub.start;
    if (CHECKED)
      assert(bytes > 0 && sub.pos <= sub.end, 'a finished buffer holds something and fits its segment');
    this.buffersOut++;
    this.bytesOut += bytes;
    if (sub.channel.isReleased) {
      sub.channel.discard(); // release/discard
      this.#putBack(sub);
      return;
    }
    sub.channel.publish(sub.segment, bytes, flags);
    this.#rings.owe(sub);
    sub.close();
    this.#collect(sub);
    if (sub.channel.backlog >= this.#backlogMax) this.available = false; // partition/available
  }

  #putBack(sub: Subpartition): void {
    this.#pool.putBack(sub.segment);
    sub.close();
  }

  #collect({ channel }: Subpartition): void {
    if (this.#pool.collect(channel)) this.turn.follow(this.subpartitions); // partition/turn: it leaves the turn
  }

  /** debloat/grow: a record that would wait for a segment goes into the buffer that was kept small. */
  #grow(sub: Subpartition, bytes: number): boolean {
    if (this.#pool.free > 0 || sub.pos + bytes > sub.start + this.segmentBytes) return false;
    sub.end = sub.start + this.segmentBytes;
    return true;
  }

  /** @param bytes  of what will be written first: the buffer is made to hold at least that */
  #open(sub: Subpartition, bytes: number): void {
    if (this.#isStopped()) this.#poison(cancelled());
    if (this.#pool.free === 0) this.#waitHard();
    const segment = this.#pool.take();
    const fill = Math.min(Math.max(sub.channel.fillBytes, bytes), this.segmentBytes); // debloat/fill
    sub.open(segment, this.#exchange.segmentStart(segment), fill);
    if (!this.available || this.#pool.free <= this.#overdraft) this.refresh();
    if (CHECKED) this.assertConserved();
  }

  #waitHard(): void {
    for (;;) {
      this.refresh();
      for (const sub of this.subpartitions)
        if (sub.pos > sub.start && sub.channel.isSendable) this.#finishBuffer(sub, 0); // pool/yield: a segment comes back
      if (this.#pool.free > 0) return;
      this.ringOwed(); // wait/coalesce: nobody sleeps while buffers for him lie here
      for (const sub of this.subpartitions) sub.noteBegun();
      try {
        this.#waiter.awaitCredit(this);
      } catch (error) {
        this.#poison(error);
      }
    }
  }

  #poison(error: unknown): never {
    this.#isPoisoned = true;
    for (const sub of this.subpartitions) sub.limit = 0; // wait/hard: every later record comes to roll and throws
    throw error;
  }
}

function tooLarge(bytes: number, { elementBytesMax, id }: ExchangeSpec): SluiceError {
  return new SluiceError(
    'RECORD_TOO_LARGE',
    `a record of ${bytes} bytes is larger than the largest that may be sent, ${elementBytesMax} bytes`,
    { detail: { recordBytes: bytes, recordBytesMax: elementBytesMax, exchange: id } },
  );
}
