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
        const day = dateOf(number * DAY_MS);
        for (const [auction, { bids, rank1, rank2, rank3, min, max, sum }] of auctions) {
          digest.add({
            auction,
            day,
            total_bids: bids,
            rank1_bids: rank1,
            rank2_bids: rank2,
            rank3_bids: rank3,
            min_price: min,
            max_price: max,
            avg_price: sum / bids,
            sum_price: sum,
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

/** Numbers of bids, bidders and auctions: in all, and in each of three ranges of prices. */
class RankCounts {
  readonly counts = new Array<number>(12).fill(0);
  readonly #bidders = new Map<number, number>();
  readonly #auctions = new Map<number, number>();
  newestMs = 0;

  add({ auction, bidder, price, date_time }: Bid): void {
    const rank = price < 10_000 ? 1 : price < 1_000_000 ? 2 : 3;
    this.counts[0]!++;
    this.counts[rank]!++;
    this.#addTo(this.#bidders, bidder, rank, 4);
    this.#addTo(this.#auctions, auction, rank, 8);
    if (date_time > this.newestMs) this.newestMs = date_time;
  }

  columns(): Record<string, number> {
    const names = ['bids', 'bidders', 'auctions'].flatMap((what) =>
      ['total', 'rank1', 'rank2', 'rank3'].map((which) => `${which}_${what}`),
    );
    return Object.fromEntries(names.map((name, i) => [name, this.counts[i]!]));
  }

  #addTo(seen: Map<number, number>, id: number, rank: number, at: number): void {
    const ranks = seen.get(id) ?? 0;
    if ((ranks & (1 << rank)) !== 0) return;
    if (ranks === 0) this.counts[at]!++;
    this.counts[at + rank]!++;
    seen.set(id, ranks | (1 << rank));
  }
}

function countsByDay(): BidLoop {
  const days = new Map<number, RankCounts>();
  return {
    bids: (begin, end, bidOf) => {
      for (let i = begin; i < end; i++) {
        const bid = bidOf(i);
        const day = Math.floor(bid.date_time / DAY_MS);
        let counts = days.get(day);
        if (counts === undefined) days.set(day, (counts = new RankCounts()));
        counts.add(bid);
      }
    },
    end: (digest) => {
      for (const [day, counts] of days) digest.add({ day: dateOf(day * DAY_MS), ...counts.columns() });
    },
  };
}

function countsByChannelAndDay(): BidLoop {
  const channels = new Map<string, Map<number, RankCounts>>();
  return {
    bids: (begin, end, bidOf) => {
      for (let i = begin; i < end; i++) {
        const bid = bidOf(i);
        let days = channels.get(bid.channel);
        if (days === undefined) channels.set(bid.channel, (days = new Map()));
        const day = Math.floor(bid.date_time / DAY_MS);
        let counts = days.get(day);
        if (counts === undefined) days.set(day, (counts = new RankCounts()));
        counts.add(bid);
      }
    },
    end: (digest) => {
      for (const [channel, days] of channels) {
        for (const [day, counts] of days) {
          const minute = new Date(counts.newestMs).toISOString().slice(11, 16);
          digest.add({ channel, day: dateOf(day * DAY_MS), minute, ...counts.columns() });
        }
      }
    },
  };
}

const dateOf = (atMs: number): string => new Date(atMs).toISOString().slice(0, 10);

function topTen(): BidLoop {
  const isHigher = (a: Bid, b: Bid): boolean =>
    a.price > b.price || (a.price === b.price && a.extra < b.extra);
  const auctions = new Map<number, Bid[]>();
  return {
    bids: (begin, end, bidOf) => {
      for (let i = begin; i < end; i++) {
        const bid = bidOf(i);
        let top = auctions.get(bid.auction);
        if (top === undefined) auctions.set(bid.auction, (top = []));
        let place = top.length;
        while (place > 0 && isHigher(bid, top[place - 1]!)) place--;
        if (place === 10) continue;
        top.splice(place, 0, bid);
        if (top.length > 10) top.pop();
      }
    },
    end: (digest) => {
      for (const top of auctions.values()) {
        for (let i = 0; i < top.length; i++) {
          const { auction, bidder, price, channel, url, date_time, extra } = top[i]!;
          digest.add({ auction, bidder, price, channel, url, date_time, extra, rank_number: i + 1 });
        }
      }
    },
  };
}

export const KEYED_LOOPS = {
  q15: countsByDay,
  q16: countsByChannelAndDay,
  q17: pricesByAuctionAndDay,
  q18: lastBids,
  q19: topTen,
};
