/**
 * Question: how fast is the keyed shuffle if threads post each other batches of objects, which are cloned?
 * Not asked: what it costs to make the batches smaller, which a consumer that wants its records soon would need.
 *
 * Of batches of 16 to 4,096 records those of 1,024 were fastest, and of 2 to 32 batches ahead 32.
 */
import {
  type Bid,
  BidCounts,
  bidConverter,
  bidMaker,
  counterOf,
  optionsFromArguments,
  type Row,
} from './shuffle-records.js';
import { CreditWindow, grant, type ShuffleThread, shareOf, shuffleThreads } from './shuffle-threads.js';

const BATCH = 1_024;
const BATCHES_AHEAD = 32;

function make(thread: ShuffleThread): void {
  const { ports, keys, work, counters, batch } = thread;
  const makeBid = bidMaker(keys);
  const convert = bidConverter(work);
  const windows = ports.map((_, counter) => new CreditWindow(thread, counter, BATCHES_AHEAD));
  const batches = ports.map((): Bid[] => []);
  const send = (counter: number): void => {
    windows[counter]!.await();
    ports[counter]!.postMessage(batches[counter]);
    batches[counter] = [];
  };
  const [first, end] = shareOf(thread);
  for (let i = first; i < end; i++) {
    const bid = convert(makeBid(i));
    const counter = counterOf(bid.key, counters);
    if (batches[counter]!.push(bid) === batch) send(counter);
  }
  for (const [counter, port] of ports.entries()) {
    send(counter);
    port.postMessage(null);
  }
}

function count(thread: ShuffleThread): Promise<Row[]> {
  const counts = new BidCounts();
  let open = thread.makers;
  return new Promise((resolve) => {
    for (const [maker, port] of thread.ports.entries()) {
      port.on('message', (bids: readonly Bid[] | null) => {
        if (bids === null) {
          if (--open === 0) resolve(counts.rows());
          return;
        }
        for (const bid of bids) counts.add(bid.key, bid.price);
        grant(thread, maker);
      });
    }
  });
}

await shuffleThreads(import.meta.url, () => optionsFromArguments(BATCH), { make, count });
