/**
 * Question: how fast is the keyed shuffle if threads pack their records by hand and transfer the buffers?
 * Not asked: what it does to memory. Nothing holds a maker back: its buffers wait in the message port of a counter,
 * however many they are, which is faster than waiting.
 *
 * Of buffers of 128 to 16,384 records those of 4,096, which are 96 KiB, were fastest.
 */
import { BidPacker, countPacked, type PackedBids } from './packed-bids.js';
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
import { type ShuffleThread, shareOf, shuffleThreads } from './shuffle-threads.js';

const BATCH = 4_096;

function make(thread: ShuffleThread): void {
  const { ports, keys, work, counters, batch } = thread;
  const keyOf = keyMaker(keys);
  const convert = priceConverter(work);
  const packers = ports.map(() => new BidPacker(batch));
  const send = (counter: number): void => {
    const packed = packers[counter]!.take();
    ports[counter]!.postMessage(packed, [packed.buffer]);
  };
  const [first, end] = shareOf(thread);
  for (let i = first; i < end; i++) {
    const key = keyOf(i);
    const counter = counterOf(key, counters);
    const packer = packers[counter]!;
    packer.add(tsOf(i), convert(priceOf(i), bidderOf(i)), key, bidderOf(i));
    if (packer.isFull) send(counter);
  }
  for (const [counter, port] of ports.entries()) {
    send(counter);
    port.postMessage(null);
  }
}

function count({ ports, makers }: ShuffleThread): Promise<Row[]> {
  const counts = new BidCounts();
  let open = makers;
  return new Promise((resolve) => {
    for (const port of ports) {
      port.on('message', (packed: PackedBids | null) => {
        if (packed !== null) countPacked(packed, counts);
        else if (--open === 0) resolve(counts.rows());
      });
    }
  });
}

await shuffleThreads(import.meta.url, () => optionsFromArguments(BATCH), { make, count });
