/**
 * Question: how fast does a plain loop count bids by key, with no thread, no queue and no bytes?
 * Not asked: what the same work costs once it is divided.
 */
import { pathToFileURL } from 'node:url';
import {
  bidConverter,
  bidMaker,
  type Count,
  checksumOf,
  optionsFromArguments,
  rowsOf,
  type ShuffleOptions,
  type ShuffleResult,
} from './shuffle-records.js';

export function shuffleOneThread({ records, keys, work }: ShuffleOptions): ShuffleResult {
  const counts = new Map<number, Count>();
  const make = bidMaker(keys);
  const convert = bidConverter(work);
  const startedMs = performance.now();
  for (let i = 0; i < records; i++) {
    const bid = convert(make(i));
    let count = counts.get(bid.key);
    if (count === undefined) {
      count = { n: 0, sum: 0 };
      counts.set(bid.key, count);
    }
    count.n++;
    count.sum += bid.price;
  }
  const seconds = (performance.now() - startedMs) / 1e3;
  return { records, seconds, checksum: checksumOf(rowsOf(counts)) };
}

if (import.meta.url === pathToFileURL(process.argv[1]!).href)
  console.log(JSON.stringify(shuffleOneThread(optionsFromArguments())));
