import type { ValueAccumulator } from './value-lists.js';

/** A quantile is off by this share of itself at most. */
export const QUANTILE_ERROR = 0.01;
const GAMMA = (1 + QUANTILE_ERROR) / (1 - QUANTILE_ERROR);
const LOG_GAMMA = Math.log(GAMMA);
/** From the end of an interval to what is near to all of it. */
const LOG_MIDDLE = Math.log(2 / (GAMMA + 1));
/** Values nearer to 0 count as 0: below, floats are no longer as exact as the sketch. */
const LEAST = 1e-300;

/**
 * Quantiles of numbers to within 1 % of their value, by a DDSketch: a count of values for each interval in which all
 * are within 1 % of one. Of the same values it is the same, whatever their order and however they were put together.
 *
 * -Infinity is less, and Infinity and then NaN are larger than all other numbers. Takes some 100 bytes for each
 * interval that has values: 116 intervals are a factor of ten.
 */
export class QuantileSketch implements ValueAccumulator<number | bigint, number> {
  readonly #rank: number;
  readonly #positive = new Map<number, number>();
  readonly #negative = new Map<number, number>();
  #zeros = 0;
  #notNumbers = 0;
  #count = 0;

  /** @param rank  from 0, the smallest, to 1, the largest */
  constructor(rank: number) {
    this.#rank = rank;
  }

  add(given: number | bigint): void {
    const value = Number(given);
    this.#count++;
    if (value >= LEAST) count(this.#positive, indexOf(value), 1);
    else if (value <= -LEAST) count(this.#negative, indexOf(-value), 1);
    else if (Number.isNaN(value)) this.#notNumbers++;
    else this.#zeros++;
  }

  absorb(other: this): void {
    for (const [index, many] of other.#positive) count(this.#positive, index, many);
    for (const [index, many] of other.#negative) count(this.#negative, index, many);
    this.#zeros += other.#zeros;
    this.#notNumbers += other.#notNumbers;
    this.#count += other.#count;
  }

  /** Near the value that has as many before it, in order, as the rank's share of all others, rounded down. */
  result(): number {
    let left = Math.floor(this.#rank * (this.#count - 1));
    for (const index of [...this.#negative.keys()].sort((a, b) => b - a)) {
      left -= this.#negative.get(index)!;
      if (left < 0) return -middleOf(index);
    }
    left -= this.#zeros;
    if (left < 0) return 0;
    for (const index of [...this.#positive.keys()].sort((a, b) => a - b)) {
      left -= this.#positive.get(index)!;
      if (left < 0) return middleOf(index);
    }
    return Number.NaN;
  }
}

function indexOf(value: number): number {
  return Math.ceil(Math.log(value) / LOG_GAMMA);
}

/** What all values of an interval are near to. */
function middleOf(index: number): number {
  return Math.exp(index * LOG_GAMMA + LOG_MIDDLE);
}

function count(counts: Map<number, number>, index: number, many: number): void {
  counts.set(index, (counts.get(index) ?? 0) + many);
}
