import type { ValueAccumulator } from './value-lists.js';

/** Registers are 2 to this; the standard error of a count is 1.04 / sqrt(registers). */
const INDEX_BITS = 12;
const REGISTERS = 2 ** INDEX_BITS;
/** Bits of a hash behind those of its register. */
const RANK_BITS = 20;
/** Until there are more, all hashes are kept, and counted. */
const HASHES_MAX = 100;

const f64 = new Float64Array(1);
const u32 = new Uint32Array(f64.buffer);

/**
 * About how many different values there were, by HyperLogLog with 4,096 registers: a standard error of 1.6 %, and
 * exact up to 100. Of the same values it is the same, whatever their order and however they were put together.
 *
 * Takes 4 KiB once it has more than 100 values, and less until then. Estimates by O. Ertl, "New cardinality estimation
 * algorithms for HyperLogLog sketches" (2017), without thresholds or tables.
 */
export class HyperLogLog implements ValueAccumulator<unknown, number> {
  #hashes: Set<number> | null = new Set();
  #registers: Uint8Array | null = null;

  add(value: unknown): void {
    this.#take(hashOf(value));
  }

  absorb(other: this): void {
    if (other.#hashes !== null) {
      for (const hash of other.#hashes) this.#take(hash);
      return;
    }
    const mine = this.#spread();
    const theirs = other.#registers!;
    for (let i = 0; i < REGISTERS; i++) if (theirs[i]! > mine[i]!) mine[i] = theirs[i]!;
  }

  result(): number {
    if (this.#hashes !== null) return this.#hashes.size;
    const counts = new Array<number>(RANK_BITS + 2).fill(0);
    for (const rank of this.#registers!) counts[rank]!++;
    let z = REGISTERS * tau(1 - counts[RANK_BITS + 1]! / REGISTERS);
    for (let rank = RANK_BITS; rank >= 1; rank--) z = (z + counts[rank]!) / 2;
    z += REGISTERS * sigma(counts[0]! / REGISTERS);
    return Math.round((REGISTERS * REGISTERS) / (2 * Math.LN2 * z));
  }

  #take(hash: number): void {
    if (this.#hashes === null) {
      this.#count(hash);
      return;
    }
    this.#hashes.add(hash);
    if (this.#hashes.size > HASHES_MAX) this.#spread();
  }

  /** From hashes to registers. */
  #spread(): Uint8Array {
    if (this.#registers !== null) return this.#registers;
    this.#registers = new Uint8Array(REGISTERS);
    const hashes = this.#hashes!;
    this.#hashes = null;
    for (const hash of hashes) this.#count(hash);
    return this.#registers;
  }

  #count(hash: number): void {
    const index = Math.floor(hash / 2 ** RANK_BITS);
    const rank = Math.clz32(hash % 2 ** RANK_BITS) - (32 - RANK_BITS) + 1;
    if (rank > this.#registers![index]!) this.#registers![index] = rank;
  }
}

/** 32 bits that are well mixed: the index of a register, then the bits that are ranked. Equal for equal values. */
function hashOf(value: unknown): number {
  let high = 0x9e37_79b9;
  let low = 0x5bd1_e995;
  const word = (bits: number): void => {
    high = Math.imul(high ^ bits, 0x85eb_ca77);
    low = Math.imul(low ^ bits, 0xc2b2_ae3d);
    high ^= high >>> 15;
    low ^= low >>> 13;
  };
  if (typeof value === 'number') {
    f64[0] = Number.isNaN(value) ? Number.NaN : value + 0; // a 0 of -0
    word(u32[0]!);
    word(u32[1]!);
  } else if (typeof value === 'bigint') {
    word(Number(BigInt.asUintN(32, value)));
    word(Number(BigInt.asUintN(32, value >> 32n)));
    word(1);
  } else {
    const text = String(value); // of a boolean: 'true', which is another type's value in no field that has both
    for (let i = 0; i < text.length; i++) word(text.charCodeAt(i));
    word(text.length);
  }
  const index = mixed(high ^ (low >>> 5)) >>> (32 - INDEX_BITS);
  return index * 2 ** RANK_BITS + (mixed(low ^ Math.imul(high, 5)) >>> (32 - RANK_BITS));
}

/** The finaliser of murmur3. */
function mixed(bits: number): number {
  let hash = Math.imul(bits ^ (bits >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return hash ^ (hash >>> 16);
}

function sigma(share: number): number {
  if (share === 1) return Number.POSITIVE_INFINITY;
  let [x, y, z] = [share, 1, share];
  for (let before = Number.NaN; z !== before; y += y) {
    x *= x;
    before = z;
    z += x * y;
  }
  return z;
}

function tau(share: number): number {
  if (share === 0 || share === 1) return 0;
  let [x, y, z] = [share, 1, 1 - share];
  for (let before = Number.NaN; z !== before; ) {
    x = Math.sqrt(x);
    before = z;
    y /= 2;
    z -= (1 - x) ** 2 * y;
  }
  return z / 3;
}
