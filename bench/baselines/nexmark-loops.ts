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
import {
  type Auction,
  auctionMaker,
  type Bid,
  bidMaker,
  type Person,
  personMaker,
} from '../nexmark/event-makers.js';
import { type EventKind, EventOrder } from '../nexmark/event-order.js';
import { RowDigest } from '../nexmark/row-digest.js';
import { JOIN_LOOPS } from './nexmark-join-loops.js';
import { type BidLoop, KEYED_LOOPS } from './nexmark-keyed-loops.js';
import { WINDOW_LOOPS } from './nexmark-window-loops.js';

/** Makes events by their number among all events. */
export interface Events {
  personAt(event: number): Person;
  auctionAt(event: number): Auction;
  bidAt(event: number): Bid;
}

/** A loop over events of several kinds, in order, that is called for a slice of them at a time. */
export interface EventLoop {
  readonly kinds: readonly EventKind[];
  run(begin: number, end: number, events: Events, digest: RowDigest): void;
  /** Gives out what it has kept. */
  end?(digest: RowDigest): void;
}

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

const BID_LOOPS: Readonly<Record<string, () => BidLoop>> = {
  q0: each(() => ({ auction, bidder, price, date_time, extra }, digest) => {
    digest.add({ auction, bidder, price, date_time, extra });
  }),

  q1: each(() => ({ auction, bidder, price, date_time, extra }, digest) => {
    digest.add({ auction, bidder, price: price * 0.908, date_time, extra });
  }),

  q2: each(() => ({ auction, price }, digest) => {
    if (auction % 123 === 0) digest.add({ auction, price });
  }),

  q10: each(() => ({ auction, bidder, price, date_time }, digest) => {
    const [date, time] = [new Date(date_time).toISOString(), new Date(date_time).toISOString()];
    digest.add({ auction, bidder, price, date_time, date: date.slice(0, 10), time: time.slice(11, 16) });
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
  ...WINDOW_LOOPS,
};

/** A loop is called for so many records at a time: V8 makes faster code of what is called again than of what goes on. */
const SLICE = 65_536;

function slices(count: number, loop: (begin: number, end: number) => void): void {
  for (let begin = 0; begin < count; begin += SLICE) loop(begin, Math.min(begin + SLICE, count));
}

function countOf(events: number, kinds: readonly EventKind[]): number {
  const counts = kinds.map((kind) => new EventOrder({ events, outOfOrderGroup: 1 }, kind).count);
  return counts.reduce((sum, count) => sum + count, 0);
}

function run(query: string, count: number): { records: number; seconds: number; checksum: string } {
  const digest = new RowDigest();
  const events = { personAt: personMaker(STYLE), auctionAt: auctionMaker(STYLE), bidAt: bidMaker(STYLE) };
  const several = (JOIN_LOOPS as Readonly<Record<string, () => EventLoop>>)[query]?.();
  const loop = several ?? BID_LOOPS[query]!();
  const order = new EventOrder({ events: count, outOfOrderGroup: 1 }, 'bid');
  const bidOf = (index: number): Bid => events.bidAt(order.eventAt(index));
  const startedMs = performance.now();
  if ('run' in loop) slices(count, (begin, end) => loop.run(begin, end, events, digest));
  else slices(order.count, (begin, end) => loop.bids(begin, end, bidOf, digest));
  loop.end?.(digest);
  const seconds = (performance.now() - startedMs) / 1e3;
  return { records: countOf(count, several?.kinds ?? ['bid']), seconds, checksum: digest.toString() };
}

if (import.meta.url === pathToFileURL(process.argv[1]!).href) {
  const [query, events] = process.argv.slice(2);
  console.log(JSON.stringify(run(query!, Number(events))));
}
