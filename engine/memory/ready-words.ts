/**
 * Which channels of a gate may have something to read: a bit each, so that a gate of many channels looks at few words.
 *
 *   gate/ready  A sender raises its bit after it published; the receiver takes all bits of a word at once, and only
 *               then looks at the channels. So a buffer is either seen in that look, or its bit is raised again. The
 *               word changes only by read-modify-write, and bits of different senders never meet.
 *
 * Runs in: ReadyBit in the thread of the sender, ReadyWords in the thread of the receiver.
 */
import { layout } from './layout.js';

// biome-ignore format: a table
export const READY = layout('ready-word', 128, {
  //         offset  type   writer  meaning
  bits:    [   0,  'i32', 'any',  'bit i: channel i of the 32 of this word may have something to read'],
});

/** No channel is ready. */
export const NO_CHANNEL = -1;

/** Channels of one word. */
const CHANNELS_PER_WORD = 32;

/** Ready words of a gate. */
export function readyWordCount(channels: number): number {
  return Math.ceil(channels / CHANNELS_PER_WORD);
}

/** The bit of one channel, as its sender has it. */
export class ReadyBit {
  readonly #words: Int32Array;
  readonly #index: number;
  readonly #bit: number;

  /** @param base  index in int32 of the first ready word of the gate */
  constructor(words: Int32Array, base: number, channel: number) {
    this.#words = words;
    this.#index = base + (((channel >> 5) * READY.BYTES) >> 2) + READY.bits;
    this.#bit = 1 << (channel & 31);
  }

  /** Says that there is something to read. The caller has published it. */
  raise(): void {
    Atomics.or(this.#words, this.#index, this.#bit); // gate/ready: published before, so whoever takes the bit sees it
  }
}

/** All ready words of a gate, as its receiver has them, with the bits taken and not looked into yet. */
export class ReadyWords {
  readonly #words: Int32Array;
  readonly #base: number;
  /** Bits taken: channels that may have something to read. */
  readonly #taken: Int32Array;

  /** @param base  index in int32 of the first ready word of the gate */
  constructor(words: Int32Array, base: number, channels: number) {
    this.#words = words;
    this.#base = base;
    this.#taken = new Int32Array(readyWordCount(channels));
  }

  /** Takes what was raised. @returns true if any channel may have something to read */
  gather(): boolean {
    let any = 0;
    for (let word = 0; word < this.#taken.length; word++) {
      if (this.#raised(word) !== 0) this.#taken[word]! |= Atomics.exchange(this.#words, this.#index(word), 0); // gate/ready: before any look
      any |= this.#taken[word]!;
    }
    return any !== 0;
  }

  /** The first channel from `from` on that may have something to read, or NO_CHANNEL. */
  next(from: number): number {
    let word = from >> 5;
    let bits = this.#taken[word]! & (-1 << (from & 31));
    while (bits === 0) {
      if (++word === this.#taken.length) return NO_CHANNEL;
      bits = this.#taken[word]!;
    }
    return (word << 5) + 31 - Math.clz32(bits & -bits);
  }

  /** The receiver itself made something readable, or found nothing to read. */
  set(channel: number): void {
    this.#taken[channel >> 5]! |= 1 << (channel & 31);
  }

  clear(channel: number): void {
    this.#taken[channel >> 5]! &= ~(1 << (channel & 31));
  }

  /** True if `gather` would find anything. For the condition of a parked task. */
  peek(): boolean {
    for (let word = 0; word < this.#taken.length; word++)
      if (this.#taken[word] !== 0 || this.#raised(word) !== 0) return true;
    return false;
  }

  #raised(word: number): number {
    return Atomics.load(this.#words, this.#index(word)); // gate/ready, wait/park: looked at anew
  }

  #index(word: number): number {
    return this.#base + ((word * READY.BYTES) >> 2) + READY.bits;
  }
}
