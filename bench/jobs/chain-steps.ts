/** Bids through one, three or ten steps of functions, all in one task, into a sink that adds up what comes. */
import { writeFileSync } from 'node:fs';
import { job, type Stream, t } from 'sluice';
import { generate, type Sink, type SinkWriter } from 'sluice/connectors';
import { type Bid, bidMaker, FIRST_MS, MappedBid } from './shuffle-bids.js';

type Step = (bids: Stream<Bid>) => Stream<Bid>;

const mapping =
  (fn: (bid: Bid) => Bid): Step =>
  (bids) =>
    bids.map(MappedBid, fn);
const filtering =
  (fn: (bid: Bid) => boolean): Step =>
  (bids) =>
    bids.filter(fn);

/** `chain-fused.ts` does the same in one loop. */
const STEPS: readonly Step[] = [
  mapping((bid) => ({ ts: bid.ts, price: bid.price * 0.908, key: bid.key, bidder: bid.bidder })),
  filtering((bid) => (bid.key & 7) !== 3),
  mapping((bid) => ({ ts: bid.ts + 1_000, price: bid.price, key: bid.key ^ bid.bidder, bidder: bid.bidder })),
  filtering((bid) => bid.price < 1_340),
  mapping((bid) => ({ ts: bid.ts, price: bid.price + 0.5, key: bid.key, bidder: bid.bidder & 511 })),
  mapping((bid) => ({ ts: bid.ts, price: bid.price, key: bid.key + bid.bidder, bidder: bid.bidder })),
  filtering((bid) => (bid.bidder & 15) !== 5),
  mapping((bid) => ({ ts: bid.ts - 7, price: bid.price * 1.25, key: bid.key, bidder: bid.bidder })),
  mapping((bid) => ({ ts: bid.ts, price: bid.price - 2, key: bid.key >> 1, bidder: bid.bidder ^ 3 })),
  filtering((bid) => (bid.key & 7) !== 6),
];

export default job(
  'chain-steps',
  { params: { records: t.int64, steps: t.int32, output: t.string } },
  (flow, { records, steps, output }) => {
    const bids: Stream<Bid> = flow.from(
      generate({ schema: MappedBid, count: records, make: bidMaker(1_000) }),
    );
    STEPS.slice(0, steps)
      .reduce((stream, step) => step(stream), bids)
      .to(summed(output));
  },
);

/** Every field of every row is looked at; the digest is written when the run commits. */
function summed(output: string): Sink<Bid> {
  return {
    urn: 'bench:summed',
    label: 'summed',
    options: null,
    path: null,
    check: async () => {},
    createWriter: () => new SummedWriter(),
    createCommitter: () => ({
      commit: async ([digest]) => writeFileSync(output, `${digest as string}`),
      abort: async () => {},
    }),
  };
}

/** A class, since a float64 that a closure adds to is a new object with every row, and one that a field holds is not. */
class SummedWriter implements SinkWriter {
  #rows = 0;
  #sum = 0;
  #keys = 0;

  write(row: object): void {
    const { ts, price, key, bidder } = row as Bid;
    this.#rows++;
    this.#sum += price + (ts - FIRST_MS);
    this.#keys = (this.#keys + (key ^ bidder)) | 0;
  }

  flush(): void {}

  prepareCommit(): string {
    return `${this.#rows}, ${this.#sum}, ${this.#keys}`;
  }

  close(): void {}
}
