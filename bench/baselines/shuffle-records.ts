/** The records that every program of the keyed shuffle makes: 24 bytes each as ts f64, price f64, key i32, bidder i32. */
import { shuffleChecksum } from '../kit/shuffle-checksum.js';

export interface Bid {
  readonly ts: number;
  readonly price: number;
  readonly key: number;
  readonly bidder: number;
}

export interface ShuffleOptions {
  readonly records: number;
  /** Distinct keys, at least 1. */
  readonly keys: number;
  /** Rounds of hashing per record, to give a record a cost of its own; 0 for none. */
  readonly work: number;
  readonly makers: number;
  /** A power of two. */
  readonly counters: number;
  /** Records that are handed over at once, where a program chooses that. */
  readonly batch: number;
}

export interface ShuffleResult {
  readonly records: number;
  /** From "all are ready" to "all are done". */
  readonly seconds: number;
  readonly checksum: string;
}

export type Row = readonly [key: number, n: number, total: number];

export const FIRST_MS = 1.7e12;

/** The source, as a program with objects has it. */
export function bidMaker(keys: number): (i: number) => Bid {
  const keyOf = keyMaker(keys);
  return (i) => ({ ts: tsOf(i), price: priceOf(i), key: keyOf(i), bidder: bidderOf(i) });
}

/** The map of the job: converts the price. */
export function bidConverter(work: number): (bid: Bid) => Bid {
  const convert = priceConverter(work);
  return (bid) => ({
    ts: bid.ts,
    price: convert(bid.price, bid.bidder),
    key: bid.key,
    bidder: bid.bidder,
  });
}

/** The same field by field, for a program that makes no object. */
export const tsOf = (i: number): number => FIRST_MS + i;
export const priceOf = (i: number): number => (i % 1000) * 1.5;
export const bidderOf = (i: number): number => i & 1023;

/**
 * A closure made once, so that the compiler sees the number of keys as a constant: the remainder by a number it does
 * not know costs more than the rest of a record.
 */
export function keyMaker(keys: number): (i: number) => number {
  return (i) => mix(i) % keys;
}

export function priceConverter(work: number): (price: number, bidder: number) => number {
  return (price, bidder) => price * 0.908 + (work === 0 ? 0 : burn(bidder, work) & 1);
}

export function mix(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

export function checksumOf(rows: readonly Row[]): string {
  return shuffleChecksum(rows.map(([key, n, total]) => ({ key, n, total })));
}

/** Counts bids by key, as a program with objects does. */
export class BidCounts {
  readonly #counts = new Map<number, { n: number; sum: number }>();

  add(key: number, price: number): void {
    let count = this.#counts.get(key);
    if (count === undefined) {
      count = { n: 0, sum: 0 };
      this.#counts.set(key, count);
    }
    count.n++;
    count.sum += price;
  }

  rows(): Row[] {
    return Array.from(this.#counts, ([key, { n, sum }]): Row => [key, n, sum]);
  }
}

/** Which counter keeps a key. */
export const counterOf = (key: number, counters: number): number => mix(key) & (counters - 1);

/** `<records> <keys> [<work> [<makers>x<counters> [<batch>]]]`, when a program is run by itself. */
export function optionsFromArguments(defaultBatch = 0): ShuffleOptions {
  const [records = '20000000', keys = '1000', work = '0', threads = '2x2', batch] = process.argv.slice(2);
  const [makers, counters] = threads.split('x').map(Number);
  return {
    ...{ records: Number(records), keys: Number(keys), work: Number(work) },
    ...{ makers: makers!, counters: counters!, batch: batch === undefined ? defaultBatch : Number(batch) },
  };
}

/** Times a program of one thread. */
export async function timed(
  { records }: ShuffleOptions,
  run: () => Row[] | Promise<Row[]>,
): Promise<ShuffleResult> {
  const startedMs = performance.now();
  const rows = await run();
  const seconds = (performance.now() - startedMs) / 1e3;
  return { records, seconds, checksum: checksumOf(rows) };
}

function burn(x: number, rounds: number): number {
  let h = x | 0;
  for (let i = 0; i < rounds; i++) h = (Math.imul(h ^ (h >>> 15), 0x2c1b3c6d) + i) | 0;
  return h;
}
