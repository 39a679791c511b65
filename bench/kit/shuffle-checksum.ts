/**
 * Digest of a shuffle's result: keys, records, and the sum of prices in whole units.
 *
 * Prices are summed in another order by every program, so the last digits of a sum differ; rounding the sum of all
 * keys to nine digits leaves them out. Digests of parts of the keys add up.
 */
export class ShuffleDigest {
  readonly #sums: ShuffleSums = { keys: 0, records: 0, weighted: 0, total: 0 };

  add(key: number, n: number, total: number): void {
    this.addSums({ keys: 1, records: n, weighted: n * (key + 1), total });
  }

  addSums({ keys, records, weighted, total }: ShuffleSums): void {
    const sums = this.#sums;
    sums.keys += keys;
    sums.records += records;
    sums.weighted = (sums.weighted + weighted) % 1_000_000_007;
    sums.total += total;
  }

  /** Plain data, which may be posted. */
  get sums(): ShuffleSums {
    return { ...this.#sums };
  }

  toString(): string {
    const { keys, records, weighted, total } = this.#sums;
    return `${keys} keys, ${records} records, ${weighted}, ${total.toPrecision(9)}`;
  }
}

export interface ShuffleSums {
  keys: number;
  records: number;
  weighted: number;
  total: number;
}

export function shuffleChecksum(rows: Iterable<{ key: number; n: number; total: number }>): string {
  const digest = new ShuffleDigest();
  for (const { key, n, total } of rows) digest.add(key, n, total);
  return digest.toString();
}
