/**
 * The draws of one event. They depend on the seed and on the number of the event alone, so any event can be made
 * anywhere, and two of fewer than 2^32 events never have the same.
 *
 * Numbers that follow each other must not give draws that do: a generator seeded with them as they are has its first
 * draws in long runs. So they are mixed first (the finaliser of murmur3), each into two words, from which
 * xoroshiro64** (Blackman and Vigna) goes on.
 */
export class EventRandom {
  readonly #seedLow: number;
  readonly #seedHigh: number;
  #a = 1;
  #b = 1;

  /** @param seed  a safe integer */
  constructor(seed: number) {
    const high = Math.imul(Math.floor(seed / TWO_32), 0x27d4eb2f);
    this.#seedLow = mix(mix(seed) ^ high);
    this.#seedHigh = mix(this.#seedLow ^ 0x5bd1e995);
  }

  /** Goes to the first draw of an event. */
  begin(event: number): void {
    const high = Math.imul(Math.floor(event / TWO_32), 0x27d4eb2f);
    this.#a = mix(event ^ this.#seedLow);
    this.#b = mix((event + 0x9e3779b9) ^ high ^ this.#seedHigh) || 1;
  }

  /** A whole number of 32 bits, signed. */
  next(): number {
    const a = this.#a;
    const b = this.#b ^ a;
    this.#a = rotate(a, 26) ^ b ^ (b << 9);
    this.#b = rotate(b, 13);
    return Math.imul(rotate(Math.imul(a, 0x9e3779bb), 5), 5);
  }

  /** A whole number from 0 to below a bound of at most 2^32. */
  below(bound: number): number {
    return Math.floor((this.next() >>> 0) * bound * TWO_TO_MINUS_32);
  }

  /** A number from 0 to below 1. */
  unit(): number {
    return (this.next() >>> 0) * TWO_TO_MINUS_32;
  }
}

const TWO_32 = 2 ** 32;
const TWO_TO_MINUS_32 = 2 ** -32;

function mix(word: number): number {
  let hash = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

const rotate = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits));
