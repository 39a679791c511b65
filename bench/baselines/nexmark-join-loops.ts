/** Queries of Nexmark that bring several kinds of events together, as loops of one thread; see nexmark-loops.ts. */
import type { Auction, Person } from '../nexmark/event-makers.js';
import type { RowDigest } from '../nexmark/row-digest.js';
import type { EventLoop, Events } from './nexmark-loops.js';

const WINDOW_MS = 10_000;
const CATEGORY = 10;

/** Calls one of three functions for each event, by its kind; a kind without one is not made. */
function eachEvent(
  begin: number,
  end: number,
  { person, auction, bid }: Partial<Record<'person' | 'auction' | 'bid', (event: number) => void>>,
): void {
  for (let event = begin; event < end; event++) {
    const place = event % 50;
    if (place === 0) person?.(event);
    else if (place < 4) auction?.(event);
    else bid?.(event);
  }
}

interface Offer {
  readonly bidder: number;
  readonly price: number;
  readonly date_time: number;
  readonly extra: string;
}

interface Sale {
  readonly auction: Auction;
  best: Offer | null;
}

/** In order, so a bid that comes before its auction is before its time. */
class Sales {
  readonly #sales = new Map<number, Sale>();

  run(begin: number, end: number, { auctionAt, bidAt }: Events): void {
    eachEvent(begin, end, {
      auction: (event) => {
        const auction = auctionAt(event);
        this.#sales.set(auction.id, { auction, best: null });
      },
      bid: (event) => {
        const { auction, bidder, price, date_time, extra } = bidAt(event);
        const sale = this.#sales.get(auction);
        if (sale === undefined || date_time < sale.auction.date_time || date_time > sale.auction.expires)
          return;
        const { best } = sale;
        const isBetter =
          best === null ||
          price > best.price ||
          (price === best.price &&
            (date_time < best.date_time || (date_time === best.date_time && extra < best.extra)));
        if (isBetter) sale.best = { bidder, price, date_time, extra };
      },
    });
  }

  *won(): Iterable<{ readonly auction: Auction; readonly best: Offer }> {
    for (const { auction, best } of this.#sales.values()) if (best !== null) yield { auction, best };
  }
}

function salesLoop(end: (sales: Sales, digest: RowDigest) => void): EventLoop {
  const sales = new Sales();
  return {
    kinds: ['auction', 'bid'],
    run: (begin, until, events) => sales.run(begin, until, events),
    end: (digest) => end(sales, digest),
  };
}

const meanByCategory = (): EventLoop =>
  salesLoop((sales, digest) => {
    const categories = new Map<number, { sum: number; count: number }>();
    for (const { auction, best } of sales.won()) {
      const total = categories.get(auction.category) ?? { sum: 0, count: 0 };
      total.sum += best.price;
      total.count++;
      categories.set(auction.category, total);
    }
    for (const [category, { sum, count }] of categories) digest.add({ category, avg: sum / count });
  });

const lastTenOfSeller = (): EventLoop =>
  salesLoop((sales, digest) => {
    const sellers = new Map<number, { id: number; price: number; date_time: number }[]>();
    for (const { auction, best } of sales.won()) {
      const sold = sellers.get(auction.seller) ?? [];
      sold.push({ id: auction.id, price: best.price, date_time: best.date_time });
      sellers.set(auction.seller, sold);
    }
    for (const [seller, sold] of sellers) {
      const last = sold.sort((a, b) => a.date_time - b.date_time || a.id - b.id).slice(-10);
      const avg = last.reduce((sum, { price }) => sum + price, 0) / last.length;
      digest.add({ seller, avg, date_time: last.at(-1)!.date_time });
    }
  });

const wonAuctions = (): EventLoop =>
  salesLoop((sales, digest) => {
    for (const { auction, best } of sales.won()) {
      digest.add({
        id: auction.id,
        item_name: auction.item_name,
        description: auction.description,
        initial_bid: auction.initial_bid,
        reserve: auction.reserve,
        date_time: auction.date_time,
        expires: auction.expires,
        seller: auction.seller,
        category: auction.category,
        auction: auction.id,
        bidder: best.bidder,
        price: best.price,
        bid_date_time: best.date_time,
      });
    }
  });

function sellersOfCategory(): EventLoop {
  const states = new Set(['OR', 'ID', 'CA']);
  const persons = new Map<number, Person>();
  const early = new Map<number, number[]>();
  return {
    kinds: ['person', 'auction'],
    run: (begin, end, { personAt, auctionAt }, digest) => {
      const give = ({ name, city, state }: Person, id: number): void => digest.add({ name, city, state, id });
      eachEvent(begin, end, {
        person: (event) => {
          const person = personAt(event);
          if (!states.has(person.state.toUpperCase())) return;
          persons.set(person.id, person);
          for (const id of early.get(person.id) ?? []) give(person, id);
          early.delete(person.id);
        },
        auction: (event) => {
          const { id, seller, category } = auctionAt(event);
          if (category !== CATEGORY) return;
          const person = persons.get(seller);
          if (person !== undefined) give(person, id);
          else if (!early.has(seller)) early.set(seller, [id]);
          else early.get(seller)!.push(id);
        },
      });
    },
  };
}

function newSellers(): EventLoop {
  let windowStart = Number.NaN;
  let names = new Map<number, string>();
  let sellers = new Set<number>();
  const close = (digest: RowDigest): void => {
    for (const [id, name] of names) if (sellers.has(id)) digest.add({ id, name, window_start: windowStart });
    names = new Map();
    sellers = new Set();
  };
  const open = (atMs: number, digest: RowDigest): void => {
    const start = Math.floor(atMs / WINDOW_MS) * WINDOW_MS;
    if (start === windowStart) return;
    close(digest);
    windowStart = start;
  };
  return {
    kinds: ['person', 'auction'],
    run: (begin, end, { personAt, auctionAt }, digest) =>
      eachEvent(begin, end, {
        person: (event) => {
          const { id, name, date_time } = personAt(event);
          open(date_time, digest);
          names.set(id, name);
        },
        auction: (event) => {
          const { seller, date_time } = auctionAt(event);
          open(date_time, digest);
          sellers.add(seller);
        },
      }),
    end: close,
  };
}

function bidsOnCategory(): EventLoop {
  const auctions = new Map<number, Auction | null>();
  const early = new Map<number, ReturnType<Events['bidAt']>[]>();
  const give = (bid: ReturnType<Events['bidAt']>, on: Auction, digest: RowDigest): void => {
    digest.add({
      auction: bid.auction,
      bidder: bid.bidder,
      price: bid.price,
      channel: bid.channel,
      url: bid.url,
      bid_date_time: bid.date_time,
      bid_extra: bid.extra,
      item_name: on.item_name,
      description: on.description,
      initial_bid: on.initial_bid,
      reserve: on.reserve,
      auction_date_time: on.date_time,
      expires: on.expires,
      seller: on.seller,
      category: on.category,
      auction_extra: on.extra,
    });
  };
  return {
    kinds: ['auction', 'bid'],
    run: (begin, end, { auctionAt, bidAt }, digest) =>
      eachEvent(begin, end, {
        auction: (event) => {
          const auction = auctionAt(event);
          const isWanted = auction.category === CATEGORY;
          auctions.set(auction.id, isWanted ? auction : null);
          if (isWanted) for (const bid of early.get(auction.id) ?? []) give(bid, auction, digest);
          early.delete(auction.id);
        },
        bid: (event) => {
          const bid = bidAt(event);
          const auction = auctions.get(bid.auction);
          if (auction) give(bid, auction, digest);
          else if (auction === null) return;
          else if (!early.has(bid.auction)) early.set(bid.auction, [bid]);
          else early.get(bid.auction)!.push(bid);
        },
      }),
  };
}

export const JOIN_LOOPS = {
  q3: sellersOfCategory,
  q4: meanByCategory,
  q6: lastTenOfSeller,
  q8: newSellers,
  q9: wonAuctions,
  q20: bidsOnCategory,
};
