/**
 * The sending end of a channel.
 *
 * Runs in: the thread of the upstream task.
 */
import { assert } from '../base/assert.js';
import { CHANNEL, type ChannelMemory, NO_SEGMENT, POSITION_START } from './channel.js';
import { LENT, type Ledger, OPEN, PUBLISHED, SENDER_FREE } from './ledger.js';
import { ReadyBit } from './ready-words.js';

const { tail: TAIL, endPos: END_POS, endKind: END_KIND, taken: TAKEN, open: OPENED } = CHANNEL;
const { barrierPos: BARRIER_POS, barrierId: BARRIER_ID, discarded: DISCARDED } = CHANNEL;
const { granted: GRANTED, fill: FILL, released: RELEASED } = CHANNEL;

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
  #hasEnded = false;
  #discarded = 0;
  /** The receiver has left: no buffer is published any more. As of the last look. */
  isReleased = false;

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
      assert(!this.isReleased, 'nothing is published for a receiver that has left'); // release/discard
      this.#ledger.move(segment, OPEN, PUBLISHED);
    }
    const slot = this.#data + ((this.#tail & this.#mask) << 1);
    this.#words[slot] = segment;
    this.#words[slot + 1] = bytes | flags;
    this.#tail = (this.#tail + 1) | 0;
    Atomics.store(this.#words, this.#base + TAIL, this.#tail); // credit/publish: slot and bytes are readable from now
    this.#ready.raise();
  }

  /** Notes whether a segment is being filled for the channel, as its table says: a figure for those who watch. */
  noteOpen(opened: number): void {
    this.#words[this.#base + OPENED] = opened;
  }

  /**
   * Looks at how much is lent; the answers below are as of the last look.
   *
   * @returns  true once, when the receiver is seen to have left: what no credit has met is to be taken back
   */
  look(): boolean {
    const wasReleased = this.isReleased;
    this.isReleased = this.peekReleased(); // release/discard: before the credits, which stand still then
    this.#grantedSeen = Atomics.load(this.#words, this.#base + GRANTED); // credit/publish: slots below are readable
    if (CHECKED) assert(((this.#grantedSeen - this.#taken) | 0) >= 0, 'nothing is taken that was not lent');
    return this.isReleased !== wasReleased;
  }

  /** True if the receiver has left, looked at anew. */
  peekReleased(): boolean {
    if (this.isReleased || this.#hasEnded) return this.isReleased; // release/end
    return Atomics.load(this.#words, this.#base + RELEASED) !== 0; // release/discard: all it lent can be seen from now
  }

  /** Takes back the last of the buffers that no credit has met, or NO_SEGMENT; once the receiver has left. */
  takeBack(): number {
    if (CHECKED) assert(this.isReleased, 'a buffer is taken back from a receiver that has left');
    if (this.backlog === 0) return NO_SEGMENT;
    this.#tail = (this.#tail - 1) | 0;
    Atomics.store(this.#words, this.#base + TAIL, this.#tail); // release/discard: no credit will meet what is past it
    this.discard();
    const segment = this.#words[this.#data + ((this.#tail & this.#mask) << 1)]!;
    if (CHECKED) this.#ledger.move(segment, PUBLISHED, SENDER_FREE);
    return segment;
  }

  /** Counts a buffer that was finished and goes to nobody. */
  discard(): void {
    this.#discarded++;
    this.#words[this.#base + DISCARDED] = this.#discarded; // a figure: nothing is decided on it
  }

  /** Buffers ever finished, mod 2^32: published and discarded. */
  get finished(): number {
    return (this.#tail - POSITION_START + this.#discarded) | 0; // release/discard
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

  /**
   * True if a buffer finished now would swap at once, or is the one that asks for credit, or is for nobody. credit/ask,
   * release/discard
   */
  get isSendable(): boolean {
    return this.isReleased || ((this.#grantedSeen - this.#tail) | 0) > -this.#ahead;
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
    this.#hasEnded = true; // release/end: nothing is taken back from here on
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
