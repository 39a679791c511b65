/**
 * Query 13: bids with what a table that does not change says of their auction.
 *
 * `sideInput` is a file of lines `key,value`; without it the value of each key below 10,000 is its own text.
 */
import { readFileSync } from 'node:fs';
import { job, t } from 'sluice';
import { bids, queryParams, results } from './event-sources.js';

const KEYS = 10_000;

function sideTable(path: string | null): ReadonlyMap<number, string> {
  if (path === null) return new Map(Array.from({ length: KEYS }, (_, key) => [key, String(key)]));
  const lines = readFileSync(path, 'utf8').split(/\r?\n/);
  return new Map(
    lines.flatMap((line) => {
      const comma = line.indexOf(',');
      return comma > 0 ? [[Number(line.slice(0, comma)), line.slice(comma + 1)] as const] : [];
    }),
  );
}

export default job(
  'nexmark-q13',
  { params: { ...queryParams('q13'), sideInput: t.nullable(t.string) } },
  (flow, params) => {
    const table = sideTable(params.sideInput);
    flow
      .from(bids(params))
      .with({ value: [t.nullable(t.string), (bid) => table.get(bid.auction % KEYS) ?? null] })
      .filter((bid) => bid.value !== null)
      .pick('auction', 'bidder', 'price', 'date_time', 'value')
      .to(results(params));
  },
);
