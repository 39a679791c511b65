/**
 * Question: how fast is the keyed shuffle on piscina, with records packed by hand into buffers that are transferred?
 * Not asked: what piscina is made for, which is tasks that compute for long.
 *
 * Every buffer crosses the main thread. Of batches of 1,365 to 262,144 records those of 65,536 were fastest, and of 1 to 4
 * tasks under way for each maker 4.
 */
import { isMainThread } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { BidPacker, countPacked, type PackedBids } from './packed-bids.js';
import { type MakeTask, piscinaShuffle } from './piscina-shuffle.js';
import {
  BidCounts,
  bidderOf,
  counterOf,
  keyMaker,
  optionsFromArguments,
  priceConverter,
  priceOf,
  type Row,
  tsOf,
} from './shuffle-records.js';

const BATCH = 65_536;
const counts = new BidCounts();

/** A closure each, kept: see `keyMaker`. */
let keyOf: ReturnType<typeof keyMaker> | undefined;
let convert: ReturnType<typeof priceConverter> | undefined;

export function make(task: MakeTask): unknown {
  const { first, end, keys, work, counters } = task;
  keyOf ??= keyMaker(keys);
  convert ??= priceConverter(work);
  // Keys fall unevenly: a counter may get all.
  const packers = Array.from({ length: counters }, () => new BidPacker(end - first));
  for (let i = first; i < end; i++) {
    const key = keyOf(i);
    const packer = packers[counterOf(key, counters)]!;
    packer.add(tsOf(i), convert(priceOf(i), bidderOf(i)), key, bidderOf(i));
  }
  const batches = packers.map((packer) => packer.take());
  return Piscina.move({
    [Piscina.transferableSymbol]: batches.map(({ buffer }) => buffer),
    [Piscina.valueSymbol]: batches,
  } as never);
}

export function add(packed: PackedBids): void {
  countPacked(packed, counts);
}

export const rows = (): Row[] => counts.rows();

export function ready(): void {}

if (isMainThread) {
  const result = await piscinaShuffle<PackedBids>(
    import.meta.url,
    optionsFromArguments(BATCH),
    ({ buffer }) => [buffer],
  );
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
