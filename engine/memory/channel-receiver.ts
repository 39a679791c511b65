/**
 * The receiving end of a channel.
 *
 * Runs in: the thread of the downstream task.
 */
import { assert } from '../base/assert.js';
import { BYTES_MASK, CHANNEL, type ChannelMemory, NO_SEGMENT, POSITION_START } from './channel.js';
import { GATE_FREE, LENT, type Ledger, PUBLISHED, READING } from './ledger.js';

const {
  tail: TAIL,
  endPos: END_POS,
  endKind: END_KIND,
  barrierPos: BARRIER_POS,
  barrierId: BARRIER_ID,
} = CHANNEL;
const { granted: GRANTED, head: HEAD, reclaimed: RECLAIMED } = CHANNEL;
const { fill: FILL, reading: READING_NOW, released: RELEASED } = CHANNEL;

/** What `ChannelReceiver.poll` found. */
export const NOTHING = 0;
export const BUFFER = 1;
export const END = 2;
export const BARRIER = 3;

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
  #isReleased = false;
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
   * Cost: at most three atomic loads; a few more once, at the end.
   */
  poll(): number {
    if (this.#head === this.#tailSeen) this.look();
    if (this.barrierId !== 0 && this.#head === this.#barrierPos) return BARRIER;
    if (this.#head === this.#tailSeen) return this.#atEnd();
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
    if (this.#isReleased) {
      this.#lookReleased();
      return;
    }
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

  /** Leaves the channel: what was lent stays lent, and nothing more is, before the end. */
  release(): void {
    this.#isReleased = true;
    this.barrierId = 0;
    Atomics.store(this.#words, this.#base + RELEASED, 1); // release/discard: after all that was lent
    this.#lookReleased();
  }

  /** Puts a barrier behind us: the next poll goes on after it. */
  passBarrier(id: number): void {
    this.#passedId = id;
    if (this.barrierId === id) this.barrierId = 0;
  }

  /** True if one more segment may be lent. */
  get wants(): boolean {
    let demand = this.#tailSeen;
    if (this.#isReleased) return ((demand - this.#granted) | 0) > 0; // release/end
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

  /** Of a channel that was left, only what has met a credit is here to be read; behind the end, all of it. */
  #lookReleased(): void {
    const hasEnded = Atomics.load(this.#words, this.#base + END_KIND) !== 0; // release/end: before the tail
    const tail = Atomics.load(this.#words, this.#base + TAIL); // credit/publish: slots below are readable
    const isTakenBack = !hasEnded && ((tail - this.#granted) | 0) > 0; // release/discard: it is, or will be
    this.#tailSeen = isTakenBack ? this.#granted : tail;
  }

  /** All that was seen to be published was read. */
  #atEnd(): number {
    if (!this.#isAtEnd()) return NOTHING;
    this.look(); // event/position-words: a barrier before the end was posted before the end was said
    return this.barrierId === 0 ? END : BARRIER;
  }

  #isAtEnd(): boolean {
    if (Atomics.load(this.#words, this.#base + END_KIND) === 0) return false; // event/position-words: then it is valid
    return this.#words[this.#base + END_POS] === this.#head;
  }
}
