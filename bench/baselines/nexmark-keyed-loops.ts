/** Queries of Nexmark that keep something by key, as loops of one thread; see nexmark-loops.ts. */
import type { Bid } from '../nexmark/event-makers.js';
import type { RowDigest } from '../nexmark/row-digest.js';

/** A loop over bids that is called for a slice of them at a time. */
export interface BidLoop {
  bids(begin: number, end: number, bidOf: (index: number) => Bid, digest: RowDigest): void;
  /** Gives out what it has kept. */
  end?(digest: RowDigest): void;
}

const DAY_MS = 86_400_000;

interface Prices {
  bids: number;
  rank1: number;
  rank2: number;
  rank3: number;
  min: number;
  max: number;
  sum: number;
}

function pricesByAuctionAndDay(): BidLoop {
  const days = new Map<number, Map<number, Prices>>();
  const auctionsOf = (day: number): Map<number, Prices> => {
    let auctions = days.get(day);
    if (auctions === undefined) days.set(day, (auctions = new Map()));
    return auctions;
  };
  return {
    bids: (begin, end, bidOf) => {
      let [dayKnown, auctions] = [Number.NaN, new Map<number, Prices>()];
      for (let i = begin; i < end; i++) {
        const { auction, price, date_time } = bidOf(i);
        const day = Math.floor(date_time / DAY_MS);
        if (day !== dayKnown) [dayKnown, auctions] = [day, auctionsOf(day)];
        let prices = auctions.get(auction);
        if (prices === undefined) {
          prices = { bids: 0, rank1: 0, rank2: 0, rank3: 0, min: price, max: price, sum: 0 };
          auctions.set(auction, prices);
        }
        prices.bids++;
        if (price < 10_000) prices.rank1++;
        else if (price < 1_000_000) prices.rank2++;
        else prices.rank3++;
        if (price < prices.min) prices.min = price;
        if (price > prices.max) prices.max = price;
        prices.sum += price;
      }
    },
    end: (digest) => {
      for (const [number, auctions] of days) {
        const day = new Date(number * DAY_MS).toISOString().slice(0, 10);
        for (const [auction, { bids, rank1, rank2, rank3, min, max, sum }] of auctions) {
          digest.add({
            ...{ auction, day, total_bids: bids, rank1_bids: rank1, rank2_bids: rank2, rank3_bids: rank3 },
            ...{ min_price: min, max_price: max, avg_price: sum / bids, sum_price: sum },
          });
        }
      }
    },
  };
}

function lastBids(): BidLoop {
  const bidders = new Map<number, Map<number, Bid>>();
  return {
    bids: (begin, end, bidOf) => {
      for (let i = begin; i < end; i++) {
        const bid = bidOf(i);
        let auctions = bidders.get(bid.bidder);
        if (auctions === undefined) bidders.set(bid.bidder, (auctions = new Map()));
        const last = auctions.get(bid.auction);
        const isLater =
          last === undefined ||
          bid.date_time > last.date_time ||
          (bid.date_time === last.date_time && bid.extra < last.extra);
        if (isLater) auctions.set(bid.auction, bid);
      }
    },
    end: (digest) => {
      for (const auctions of bidders.values()) for (const bid of auctions.values()) digest.add(bid);
    },
  };
}

export const KEYED_LOOPS = { q17: pricesByAuctionAndDay, q18: lastBids };
