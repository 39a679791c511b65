/**
 * Seeded generator for tests, benches and the inline host: equal seeds give equal sequences on every machine.
 *
 * Source: Sebastiano Vigna and others, "splitmix32" finaliser; period 2^32.
 */
export class Prng {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** Next integer, 0..2^32 - 1. */
  nextUint32(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    let z = this.#state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  }

  /** Next integer, 0..bound - 1; bound 1..2^32. */
  below(bound: number): number {
    return Math.floor((this.nextUint32() / 0x1_0000_0000) * bound);
  }
}
