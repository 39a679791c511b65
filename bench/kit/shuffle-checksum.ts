/**
 * Digest of a shuffle's result: keys, records, and the sum of prices in whole units.
 *
 * Prices are summed in another order by every program, so the last digits of a sum differ; rounding the sum of all
 * keys to three digits after the point leaves them out.
 */
export function shuffleChecksum(rows: Iterable<{ key: number; n: number; total: number }>): string {
  let [keys, records, weighted, total] = [0, 0, 0, 0];
  for (const row of rows) {
    keys++;
    records += row.n;
    weighted = (weighted + row.n * (row.key + 1)) % 1_000_000_007;
    total += row.total;
  }
  return `${keys} keys, ${records} records, ${weighted}, ${total.toPrecision(9)}`;
}
