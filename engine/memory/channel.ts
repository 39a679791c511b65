/**
 * One channel between a sender and a receiver: two lines of words, a ring of finished buffers, a ring of lent segments.
 *
 *   exchange/swap-by-index  Both rings are indexed by the number of the buffer. Buffer #i and credit #i change
 *                           owner the instant both exist: the receiver consumes #i only below `granted`, the sender
 *                           takes credit #i only below `tail`. Every finished buffer is published at once.
 *   credit/publish          A slot is written before the index passes it, and read only below the index.
 *   credit/demand           The receiver lends while `granted` is below `tail` + E and at no other time. A `tail`
 *                           read long ago asks for too little, never for too much: it only grows.
 *   ring/slots              Slots are at least P + E + F, so no ring can be full: a slot is used again only after what
 *                           was in it came back through the other ring.
 *   ring/wrap               Positions count what has ever happened, mod 2^32; they are compared by `(a - b) | 0`.
 *   credit/ask              Without exclusive credits no credit ever waits in an empty channel, so one buffer may be
 *                           published ahead of credit: it is how the sender asks.
 *   event/position-words    The end and a barrier are positions in words, not slots: no memory, no credit, no bound. Of
 *                           barriers there is one: a newer one takes the place of an older one, which it cancels, and
 *                           its number is 0 while its position changes. The receiver loads `tail` first and the
 *                           barrier second; the sender writes the barrier before a later `tail`.
 *   credit/barrier-clamp    While a barrier at b is not passed, nothing is lent for buffers from b on beyond E: they
 *                           may have to wait, and must not keep what others need to come to theirs.
 *   debloat/fill            The receiver says how much of a segment the sender shall fill; the sender looks when it
 *                           opens a buffer, and fills more only for an element that would not fit otherwise.
 *   end/reclaim             After the end at T the receiver takes the segments lent at [T, granted) back by itself:
 *                           the sender never touches an index at or past `tail`.
 *
 * Runs in: ChannelSender in the upstream thread, ChannelReceiver in the downstream thread.
 */
import { assert } from '../base/assert.js';
import { layout } from './layout.js';
import { GATE_FREE, LENT, type Ledger, OPEN, PUBLISHED, READING, SENDER_FREE } from './ledger.js';
import { ReadyBit } from './ready-words.js';

// biome-ignore format: a table
export const CHANNEL = layout('channel', 256, {
  //          offset  type   writer      meaning
  tail:     [   0,  'i32', 'sender',   'buffers ever finished'],
  endPos:   [   4,  'i32', 'sender',   'position after the last buffer; valid once endKind is not 0'],
  endKind:  [   8,  'i32', 'sender',   '0 while data may follow, 1 after the end of data'],
  taken:    [  12,  'i32', 'sender',   'credits ever taken'],
  barrierPos:[  16,  'i32', 'sender',   'buffers before the barrier; valid while barrierId stays the same'],
  barrierId:[  20,  'i32', 'sender',   'number of the last barrier, from 1; 0: none, or it is being written'],
  open:     [  24,  'i32', 'sender',   '1 while a segment is being filled for this channel'],
  granted:  [ 128,  'i32', 'receiver', 'segments ever lent'],
  head:     [ 132,  'i32', 'receiver', 'buffers ever read'],
  reclaimed:[ 136,  'i32', 'receiver', 'segments taken back after the end'],
  fill:     [ 140,  'i32', 'receiver', 'bytes of a segment that the sender shall fill'],
  reading:  [ 144,  'i32', 'receiver', '1 while the receiver reads a buffer of it'],
});
const { tail: TAIL, endPos: END_POS, endKind: END_KIND, taken: TAKEN, open: OPENED } = CHANNEL;
const { barrierPos: BARRIER_POS, barrierId: BARRIER_ID } = CHANNEL;
const { granted: GRANTED, head: HEAD, reclaimed: RECLAIMED, fill: FILL, reading: READING_NOW } = CHANNEL;

/** Where positions start; checked builds soon pass the sign change. ring/wrap */
export const POSITION_START = CHECKED ? 0x7ffffff0 : 0;

/** A ring has no handle for the caller. */
export const NO_SEGMENT = -1;

/** Flags beside the bytes of a buffer: a piece of an element too large for one segment, and its last piece. */
export const PIECE = 1 << 29;
export const LAST_PIECE = PIECE | (1 << 30);
const BYTES_MASK = PIECE - 1;

/** The parts of a channel as both ends see them. */
export interface ChannelMemory {
  readonly words: Int32Array;
  /** First index of the CHANNEL structure. */
  readonly base: number;
  /** First index of the data ring: two words a slot, segment and bytes. */
  readonly data: number;
  /** First index of the credit ring: one word a slot, segment. */
  readonly credit: number;
  /** Slots of either ring, a power of two. */
  readonly slots: number;
  /** First index of the READY structures of the gate that reads the channel, and the channel's number there. */
  readonly ready: number;
  readonly index: number;
  readonly ledger: Ledger;
}

/**
 * Sets the words of a channel to their start and lends the first segments.
 *
 * @param fill  bytes of a segment
 */
export function initialiseChannel(channel: ChannelMemory, lent: readonly number[], fill: number): void {
  const { words, base, credit, slots } = channel;
  lent.forEach((segment, index) => {
    words[credit + ((POSITION_START + index) & (slots - 1))] = segment;
    channel.ledger.set(segment, LENT);
  });
  for (const word of [TAIL, END_POS, TAKEN, HEAD]) words[base + word] = POSITION_START;
  words[base + GRANTED] = (POSITION_START + lent.length) | 0;
  words[base + FILL] = fill;
}

/** The sending end of a channel. */
export class ChannelSender {
  readonly #words: Int32Array;
  readonly #base: number;
  readonly #data: number;
  readonly #credit: number;
  readonly #mask: number;
  readonly #ready: ReadyBit;
  readonly #ledger: Ledger;
  /** Buffers that may be published ahead of credit to ask for it: 1 if no credit waits in an empty channel, else 0. */
  readonly #ahead: number;
  #tail = POSITION_START | 0;
  #taken = POSITION_START | 0;
  #grantedSeen = POSITION_START | 0;

  /** @param exclusive  segments lent at the start: E */
  constructor(channel: ChannelMemory, exclusive: number) {
    this.#words = channel.words;
    this.#base = channel.base;
    this.#data = channel.data;
    this.#credit = channel.credit;
    this.#mask = channel.slots - 1;
    this.#ready = new ReadyBit(channel.words, channel.ready, channel.index);
    this.#ledger = channel.ledger;
    this.#ahead = exclusive === 0 ? 1 : 0; // credit/ask
  }

  /**
   * Publishes a buffer; its bytes are the receiver's as soon as there is a credit for it. Never waits.
   *
   * @param flags  0, PIECE or LAST_PIECE
   */
  publish(segment: number, bytes: number, flags: number): void {
    if (CHECKED) {
      const outstanding = (this.#tail - this.#taken) | 0;
      assert(outstanding >= 0 && outstanding <= this.#mask, 'a ring with P + E + F slots is never full'); // ring/slots
      this.#ledger.move(segment, OPEN, PUBLISHED);
    }
    const slot = this.#data + ((this.#tail & this.#mask) << 1);
    this.#words[slot] = segment;
    this.#words[slot + 1] = bytes | flags;
    this.#tail = (this.#tail + 1) | 0;
    Atomics.store(this.#words, this.#base + TAIL, this.#tail); // credit/publish: slot and bytes are readable from now
    this.#ready.raise();
  }

  /** Notes whether a segment is being filled for the channel: a figure for those who watch. */
  noteOpen(isOpen: boolean): void {
    this.#words[this.#base + OPENED] = isOpen ? 1 : 0;
  }

  /** Looks at how much is lent; the answers below are as of the last look. */
  look(): void {
    this.#grantedSeen = Atomics.load(this.#words, this.#base + GRANTED); // credit/publish: slots below are readable
    if (CHECKED) assert(((this.#grantedSeen - this.#taken) | 0) >= 0, 'nothing is taken that was not lent');
  }

  /** Takes one segment whose swap has happened, or NO_SEGMENT. */
  take(): number {
    if (this.#taken === this.#swapped(this.#grantedSeen)) return NO_SEGMENT;
    const segment = this.#words[this.#credit + (this.#taken & this.#mask)]!; // exchange/swap-by-index: below both
    this.#taken = (this.#taken + 1) | 0;
    this.#words[this.#base + TAKEN] = this.#taken; // a figure: nothing is decided on it
    if (CHECKED) this.#ledger.move(segment, LENT, SENDER_FREE);
    return segment;
  }

  /** Finished buffers that no credit has met yet. */
  get backlog(): number {
    return Math.max((this.#tail - this.#grantedSeen) | 0, 0);
  }

  /** True if a buffer finished now would swap at once, or is the one that asks for credit. credit/ask */
  get isSendable(): boolean {
    return ((this.#grantedSeen - this.#tail) | 0) > -this.#ahead;
  }

  /** Swaps not taken yet, looked at anew; changes nothing. For conditions of a parked task. */
  peekTakeable(): number {
    const granted = Atomics.load(this.#words, this.#base + GRANTED); // wait/park: the condition is looked at anew
    return (this.#swapped(granted) - this.#taken) | 0;
  }

  /** Bytes of a segment to fill, looked at anew. */
  get fillBytes(): number {
    return Atomics.load(this.#words, this.#base + FILL); // debloat/fill
  }

  /** `tail - granted`, looked at anew: above 0 the backlog, below 0 credits. For conditions of a parked task. */
  peekBacklog(): number {
    return (this.#tail - Atomics.load(this.#words, this.#base + GRANTED)) | 0; // wait/park: looked at anew
  }

  /** `isSendable` for an answer of `peekBacklog`. */
  isSendableAt(backlog: number): boolean {
    return backlog < this.#ahead; // credit/ask
  }

  /**
   * Puts a barrier after all that was published, in place of an older one.
   *
   * @param id  larger than all before
   */
  postBarrier(id: number): void {
    Atomics.store(this.#words, this.#base + BARRIER_ID, 0); // event/position-words: the older one is no more
    this.#words[this.#base + BARRIER_POS] = this.#tail;
    Atomics.store(this.#words, this.#base + BARRIER_ID, id); // event/position-words: the position is valid from now
    this.#ready.raise();
  }

  /** Says that no buffer will follow. */
  end(): void {
    this.#words[this.#base + END_POS] = this.#tail;
    Atomics.store(this.#words, this.#base + END_KIND, 1); // event/position-words: the position is valid from now
    this.#ready.raise();
  }

  /** Segments given and not got back: one law with the pool, `free + open + outstanding = P`. */
  get outstanding(): number {
    return (this.#tail - this.#taken) | 0;
  }

  #swapped(granted: number): number {
    return ((granted - this.#tail) | 0) < 0 ? granted : this.#tail;
  }
}

/** What `ChannelReceiver.poll` found. */
export const NOTHING = 0;
export const BUFFER = 1;
export const END = 2;
export const BARRIER = 3;

/** The receiving end of a channel. */
export class ChannelReceiver {
  readonly #words: Int32Array;
  readonly #base: number;
  readonly #data: number;
  readonly #credit: number;
  readonly #mask: number;
  readonly #ledger: Ledger;
  #head = POSITION_START | 0;
  #tailSeen = POSITION_START | 0;
  readonly #exclusive: number;
  #granted: number;
  #reclaimed = 0;
  /** Number of the barrier that was seen and not passed; 0: none. */
  barrierId = 0;
  #barrierPos = 0;
  #passedId = 0;
  /** Segments that may be lent at once; at least E. */
  lentMax = Number.MAX_SAFE_INTEGER;
  /** The buffer taken by the last poll that found one. */
  segment = NO_SEGMENT;
  bytes = 0;
  /** 0, PIECE or LAST_PIECE. */
  flags = 0;

  /** @param exclusive  segments lent at the start: E */
  constructor(channel: ChannelMemory, exclusive: number) {
    this.#words = channel.words;
    this.#base = channel.base;
    this.#data = channel.data;
    this.#credit = channel.credit;
    this.#mask = channel.slots - 1;
    this.#ledger = channel.ledger;
    this.#exclusive = exclusive;
    this.#granted = (POSITION_START + exclusive) | 0;
  }

  /**
   * Takes the next buffer if there is one and a credit has met it. A barrier is found until it is passed.
   *
   * Cost: at most three atomic loads.
   */
  poll(): number {
    if (this.#head === this.#tailSeen) this.look();
    if (this.barrierId !== 0 && this.#head === this.#barrierPos) return BARRIER;
    if (this.#head === this.#tailSeen) return this.#isAtEnd() ? END : NOTHING;
    if (this.#head === this.#granted) return NOTHING; // exchange/swap-by-index: no credit has met it
    const slot = this.#data + ((this.#head & this.#mask) << 1);
    this.segment = this.#words[slot]!;
    const bytes = this.#words[slot + 1]!;
    this.bytes = bytes & BYTES_MASK;
    this.flags = bytes & ~BYTES_MASK;
    this.#head = (this.#head + 1) | 0;
    this.#words[this.#base + HEAD] = this.#head; // a figure: nothing is decided on it
    if (CHECKED) this.#ledger.move(this.segment, PUBLISHED, READING);
    return BUFFER;
  }

  /** Looks at how much was published; `wants` is as of the last look. */
  look(): void {
    this.#tailSeen = Atomics.load(this.#words, this.#base + TAIL); // credit/publish: slots below are readable
    const id = Atomics.load(this.#words, this.#base + BARRIER_ID); // event/position-words: after the tail
    if (id === this.barrierId) return;
    this.barrierId = 0;
    if (id === 0 || id === this.#passedId) return;
    this.#barrierPos = this.#words[this.#base + BARRIER_POS]!;
    const isSame = Atomics.load(this.#words, this.#base + BARRIER_ID) === id; // event/position-words: it was valid
    if (isSame) this.barrierId = id;
    if (CHECKED)
      assert(
        !isSame || ((this.#barrierPos - this.#head) | 0) >= 0,
        'nothing after a barrier was read before it was seen',
      );
  }

  /** Notes whether a buffer of the channel is being read: a figure for those who watch. */
  noteReading(isReading: boolean): void {
    this.#words[this.#base + READING_NOW] = isReading ? 1 : 0;
  }

  /** Puts a barrier behind us: the next poll goes on after it. */
  passBarrier(id: number): void {
    this.#passedId = id;
    if (this.barrierId === id) this.barrierId = 0;
  }

  /** True if one more segment may be lent. */
  get wants(): boolean {
    let demand = this.#tailSeen;
    if (this.barrierId !== 0 && ((this.#barrierPos - demand) | 0) < 0) demand = this.#barrierPos; // credit/barrier-clamp
    const isAsked = ((demand + this.#exclusive - this.#granted) | 0) > 0; // credit/demand
    return isAsked && this.lent < this.lentMax; // debloat/lent
  }

  /** Buffers published and not read, as of the last look. */
  get queued(): number {
    return (this.#tailSeen - this.#head) | 0;
  }

  /** Bytes of the buffer published last, as of the last look. */
  get lastBytes(): number {
    const slot = this.#data + (((this.#tailSeen - 1) & this.#mask) << 1);
    return this.#words[slot + 1]! & BYTES_MASK; // credit/publish: it is below the tail, and not used again yet
  }

  /** Says how much of a segment the sender shall fill from now on. */
  set fillBytes(bytes: number) {
    Atomics.store(this.#words, this.#base + FILL, bytes); // debloat/fill: the next buffer opened is of this size
  }

  /**
   * Lends a segment: the credit for buffer #granted.
   *
   * @param from  what the ledger says of the segment now: READING or GATE_FREE
   */
  lend(segment: number, from: number): void {
    if (CHECKED) {
      assert(this.wants, 'nothing beyond E is lent without a buffer to use it'); // credit/demand
      this.#ledger.move(segment, from, LENT);
    }
    this.#words[this.#credit + (this.#granted & this.#mask)] = segment;
    this.#granted = (this.#granted + 1) | 0;
    Atomics.store(this.#words, this.#base + GRANTED, this.#granted); // credit/publish: the slot is readable from now
  }

  /** Takes back a segment lent past the end, or NO_SEGMENT; after the end only. */
  reclaim(): number {
    if (CHECKED) assert(this.#isAtEnd(), 'segments are taken back after the end');
    if (this.lent === 0) return NO_SEGMENT;
    this.#reclaimed++; // end/reclaim: the sender never looks at or past its tail
    this.#words[this.#base + RECLAIMED] = this.#reclaimed;
    const segment = this.#words[this.#credit + ((this.#granted - this.#reclaimed) & this.#mask)]!;
    if (CHECKED) this.#ledger.move(segment, LENT, GATE_FREE);
    return segment;
  }

  /** Segments lent, not met by a buffer that was read, and not taken back. */
  get lent(): number {
    return (this.#granted - this.#reclaimed - this.#head) | 0;
  }

  #isAtEnd(): boolean {
    if (Atomics.load(this.#words, this.#base + END_KIND) === 0) return false; // event/position-words: then it is valid
    return this.#words[this.#base + END_POS] === this.#head;
  }
}
