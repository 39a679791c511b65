/**
 * Question: how fast is the keyed shuffle if makers call counters by comlink, with batches of objects?
 * Not asked: what comlink is made for, which is calls that are answered.
 *
 * A maker holds a proxy of each counter and has several calls under way to each. Of batches of 16 to 4,096 records those
 * of 1,024 were fastest, and of 2 to 32 calls under way 32.
 */
import type { MessagePort } from 'node:worker_threads';
import { type Endpoint, expose, type Remote, wrap } from 'comlink';
import {
  type Bid,
  BidCounts,
  bidConverter,
  bidMaker,
  counterOf,
  optionsFromArguments,
  type Row,
} from './shuffle-records.js';
import { type ShuffleThread, shareOf, shuffleThreads } from './shuffle-threads.js';

const BATCH = 1_024;
const CALLS_AHEAD = 32;

interface Counter {
  add(bids: readonly Bid[]): void;
  end(): void;
}

/** A port of Node's is what comlink asks for, but in its types. */
const endpoint = (port: MessagePort): Endpoint => port as unknown as Endpoint;

async function make(thread: ShuffleThread): Promise<void> {
  const { ports, keys, work, counters, batch } = thread;
  const makeBid = bidMaker(keys);
  const convert = bidConverter(work);
  const remotes: readonly Remote<Counter>[] = ports.map((port) => wrap<Counter>(endpoint(port)));
  const calls = ports.map((): Promise<void>[] => []);
  const batches = ports.map((): Bid[] => []);
  const send = async (counter: number): Promise<void> => {
    const under = calls[counter]!;
    under.push(remotes[counter]!.add(batches[counter]!));
    batches[counter] = [];
    if (under.length === CALLS_AHEAD) await under.shift();
  };
  const [first, end] = shareOf(thread);
  for (let i = first; i < end; i++) {
    const bid = convert(makeBid(i));
    const counter = counterOf(bid.key, counters);
    if (batches[counter]!.push(bid) === batch) await send(counter);
  }
  for (const [counter, remote] of remotes.entries()) {
    await send(counter);
    await Promise.all(calls[counter]!);
    await remote.end();
  }
}

function count({ ports, makers }: ShuffleThread): Promise<Row[]> {
  const counts = new BidCounts();
  let open = makers;
  return new Promise((resolve) => {
    const counter: Counter = {
      add: (bids) => {
        for (const bid of bids) counts.add(bid.key, bid.price);
      },
      end: () => {
        if (--open === 0) resolve(counts.rows());
      },
    };
    for (const port of ports) expose(counter, endpoint(port));
  });
}

await shuffleThreads(import.meta.url, () => optionsFromArguments(BATCH), { make, count });
