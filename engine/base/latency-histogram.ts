/**
 * Counts whole numbers in buckets that are at most 1/32 wide, relative to what is in them, over memory that may be
 * shared: one thread adds, and others may read meanwhile, each count for itself.
 *
 * Source: the layout of Gil Tene's HdrHistogram.
 */

/** Buckets per doubling. */
const STEPS = 32;
const STEP_BITS = 5;
/** Values from here on are counted as this. */
const VALUE_MAX = 2 ** 31 - 1;
const US_PER_MS = 1e3;

export const HISTOGRAM_BUCKETS = STEPS * (32 - STEP_BITS);

export class LatencyHistogram {
  readonly #counts: Float64Array;

  /** @param counts  HISTOGRAM_BUCKETS numbers */
  constructor(counts: Float64Array) {
    this.#counts = counts;
  }

  /** What several have counted together. */
  static of(counts: readonly Float64Array[]): LatencyHistogram {
    const all = new Float64Array(HISTOGRAM_BUCKETS);
    for (const each of counts) for (const [bucket, count] of each.entries()) all[bucket]! += count;
    return new LatencyHistogram(all);
  }

  /** @param value  0 and up; fractions are rounded up */
  add(value: number): void {
    this.#counts[bucketOf(Math.min(Math.max(0, Math.ceil(value)), VALUE_MAX))]!++;
  }

  /** Adds a time, counted in microseconds. */
  addMs(ms: number): void {
    this.add(ms * US_PER_MS);
  }

  clear(): void {
    this.#counts.fill(0);
  }

  get count(): number {
    return this.#counts.reduce((sum, each) => sum + each, 0);
  }

  /**
   * The largest value that the bucket of the quantile may hold, so never less than the truth.
   *
   * @param quantile  0..1
   * @throws Error  nothing was counted
   */
  at(quantile: number): number {
    const { count } = this;
    if (count === 0) throw new Error('nothing was counted');
    const rank = Math.max(1, Math.ceil(quantile * count));
    let seen = 0;
    for (let bucket = 0; ; bucket++) if ((seen += this.#counts[bucket]!) >= rank) return largestIn(bucket);
  }

  /** As `at`, where all was added by `addMs`. */
  atMs(quantile: number): number {
    return this.at(quantile) / US_PER_MS;
  }

  /** About how far times are from their mean: the root of the mean square. */
  deviationMs(meanMs: number): number {
    const squares = this.#counts.reduce(
      (sum, count, bucket) =>
        count === 0 ? sum : sum + count * (largestIn(bucket) / US_PER_MS - meanMs) ** 2,
      0,
    );
    return Math.sqrt(squares / this.count);
  }
}

/** Values below STEPS have a bucket each; every doubling after that has STEPS. */
function bucketOf(value: number): number {
  const shift = Math.max(0, 31 - Math.clz32(value) - STEP_BITS);
  return shift * STEPS + (value >> shift);
}

function largestIn(bucket: number): number {
  const shift = Math.max(0, (bucket >> STEP_BITS) - 1);
  return (bucket - shift * STEPS + 1) * 2 ** shift - 1;
}
