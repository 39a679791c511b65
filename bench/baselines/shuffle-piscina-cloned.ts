/**
 * Question: how fast is the keyed shuffle on piscina, with batches of objects that are cloned?
 * Not asked: what piscina is made for, which is tasks that compute for long.
 *
 * Every batch crosses the main thread. Of batches of 64 to 16,384 records those of 16,384 were fastest, and of 1 to 4
 * tasks under way for each maker no number.
 */
import { isMainThread } from 'node:worker_threads';
import { type MakeTask, piscinaShuffle } from './piscina-shuffle.js';
import {
  type Bid,
  BidCounts,
  bidConverter,
  bidMaker,
  counterOf,
  optionsFromArguments,
  type Row,
} from './shuffle-records.js';

const BATCH = 16_384;
const counts = new BidCounts();

/** A closure each, kept: see `keyMaker`. */
let makeBid: ReturnType<typeof bidMaker> | undefined;
let convert: ReturnType<typeof bidConverter> | undefined;

export function make({ first, end, keys, work, counters }: MakeTask): Bid[][] {
  makeBid ??= bidMaker(keys);
  convert ??= bidConverter(work);
  const batches = Array.from({ length: counters }, (): Bid[] => []);
  for (let i = first; i < end; i++) {
    const bid = convert(makeBid(i));
    batches[counterOf(bid.key, counters)]!.push(bid);
  }
  return batches;
}

export function add(bids: readonly Bid[]): void {
  for (const bid of bids) counts.add(bid.key, bid.price);
}

export const rows = (): Row[] => counts.rows();

export function ready(): void {}

if (isMainThread) {
  const result = await piscinaShuffle<Bid[]>(import.meta.url, optionsFromArguments(BATCH), () => []);
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
