/**
 * Question: how fast does a plain loop count bids by key, with no thread, no queue and no bytes?
 * Not asked: what the same work costs once it is divided.
 */
import { pathToFileURL } from 'node:url';
import {
  BidCounts,
  bidConverter,
  bidMaker,
  checksumOf,
  optionsFromArguments,
  type ShuffleOptions,
  type ShuffleResult,
} from './shuffle-records.js';

/** The loop is called for so many records at a time: V8 makes faster code of what is called again than of what goes on. */
const SLICE = 65_536;

export function shuffleOneThread({ records, keys, work }: ShuffleOptions): ShuffleResult {
  const counts = new BidCounts();
  const make = bidMaker(keys);
  const convert = bidConverter(work);
  const startedMs = performance.now();
  const count = (begin: number, end: number): void => {
    for (let i = begin; i < end; i++) {
      const bid = convert(make(i));
      counts.add(bid.key, bid.price);
    }
  };
  for (let begin = 0; begin < records; begin += SLICE) count(begin, Math.min(begin + SLICE, records));
  const seconds = (performance.now() - startedMs) / 1e3;
  return { records, seconds, checksum: checksumOf(counts.rows()) };
}

if (import.meta.url === pathToFileURL(process.argv[1]!).href)
  console.log(JSON.stringify(shuffleOneThread(optionsFromArguments())));
