/**
 * The queries of Nexmark as one would write them without an engine: a loop in one thread, over objects from the same
 * generator as the job's.
 *
 *   node nexmark-loops.js <query> <events>
 *
 * They know nothing of event time or lateness: all events are there when they give results, which is right only because
 * the input ends.
 */
import { pathToFileURL } from 'node:url';
import { type Bid, bidMaker } from '../nexmark/event-makers.js';
import { EventOrder } from '../nexmark/event-order.js';
import { RowDigest } from '../nexmark/row-digest.js';
import { type BidLoop, KEYED_LOOPS } from './nexmark-keyed-loops.js';

/** What `event-sources.ts` has by default. */
const STYLE = { seed: 1, rate: 10_000, startMs: Date.UTC(2015, 6, 15) };
const HOUR_MS = 3_600_000;
const HOT = new Map([
  ['apple', '0'],
  ['google', '1'],
  ['facebook', '2'],
  ['baidu', '3'],
]);
const CHANNEL_ID = /(?:&|^)channel_id=([^&]*)/;
const KEYS = 10_000;

/** A query of bids one by one. */
type EachBid = (bid: Bid, digest: RowDigest) => void;

const each =
  (make: () => EachBid): (() => BidLoop) =>
  () => {
    const one = make();
    return {
      bids: (begin, end, bidOf, digest) => {
        for (let i = begin; i < end; i++) one(bidOf(i), digest);
      },
    };
  };

const LOOPS: Readonly<Record<string, () => BidLoop>> = {
  q0: each(() => ({ auction, bidder, price, date_time, extra }, digest) => {
    digest.add({ auction, bidder, price, date_time, extra });
  }),

  q1: each(() => ({ auction, bidder, price, date_time, extra }, digest) => {
    digest.add({ auction, bidder, price: price * 0.908, date_time, extra });
  }),

  q2: each(() => ({ auction, price }, digest) => {
    if (auction % 123 === 0) digest.add({ auction, price });
  }),

  q13: each(() => {
    const table = new Map(Array.from({ length: KEYS }, (_, key) => [key, String(key)]));
    return ({ auction, bidder, price, date_time }, digest) => {
      const value = table.get(auction % KEYS);
      if (value !== undefined) digest.add({ auction, bidder, price, date_time, value });
    };
  }),

  q14: each(() => (bid, digest) => {
    const price = bid.price * 0.908;
    if (!(price > 1_000_000 && price < 50_000_000)) return;
    const { auction, bidder, date_time, extra } = bid;
    const hour = Math.floor(date_time / HOUR_MS) % 24;
    const bid_time_type =
      hour >= 8 && hour <= 18 ? 'dayTime' : hour <= 6 || hour >= 20 ? 'nightTime' : 'otherTime';
    let c_counts = 0;
    for (let at = extra.indexOf('c'); at >= 0; at = extra.indexOf('c', at + 1)) c_counts++;
    digest.add({ auction, bidder, price, bid_time_type, date_time, extra, c_counts });
  }),

  q21: each(() => ({ auction, bidder, price, channel, url }, digest) => {
    const channel_id = HOT.get(channel.toLowerCase()) ?? CHANNEL_ID.exec(url)?.[1];
    if (channel_id !== undefined) digest.add({ auction, bidder, price, channel, channel_id });
  }),

  q22: each(() => ({ auction, bidder, price, channel, url }, digest) => {
    const [, , , dir1 = '', dir2 = '', dir3 = ''] = url.split('/');
    digest.add({ auction, bidder, price, channel, dir1, dir2, dir3 });
  }),

  ...KEYED_LOOPS,
};

/** A loop is called for so many records at a time: V8 makes faster code of what is called again than of what goes on. */
const SLICE = 65_536;

function run(query: string, events: number): { records: number; seconds: number; checksum: string } {
  const loop = LOOPS[query]!();
  const order = new EventOrder({ events, outOfOrderGroup: 1 }, 'bid');
  const make = bidMaker(STYLE);
  const bidOf = (index: number): Bid => make(order.eventAt(index));
  const digest = new RowDigest();
  const startedMs = performance.now();
  for (let begin = 0; begin < order.count; begin += SLICE)
    loop.bids(begin, Math.min(begin + SLICE, order.count), bidOf, digest);
  loop.end?.(digest);
  const seconds = (performance.now() - startedMs) / 1e3;
  return { records: order.count, seconds, checksum: digest.toString() };
}

if (import.meta.url === pathToFileURL(process.argv[1]!).href) {
  const [query, events] = process.argv.slice(2);
  console.log(JSON.stringify(run(query!, Number(events))));
}
