/**
 * The winning bid of each auction: the highest within its time, of equal ones the first. Queries 4, 6 and 9 begin with it.
 *
 * It is given out when the auction has ended: the watermark has passed its end, so all bids for it are there.
 */
import {
  type KeyedContext,
  KeyedProcessFunction,
  listState,
  outputTag,
  type RowOf,
  type Stream,
  t,
  valueState,
} from 'sluice';
import { Auction, type Bid } from './records.js';

const Offer = t.record({ bidder: t.int64, price: t.int64, date_time: t.timestamp, extra: t.string });
type Offer = RowOf<typeof Offer>;

/** A bid, or where there is an `auction` that auction. */
const AuctionEvent = t.record({
  id: t.int64,
  bidder: t.int64,
  price: t.int64,
  date_time: t.timestamp,
  extra: t.string,
  auction: t.nullable(Auction),
});
type AuctionEvent = RowOf<typeof AuctionEvent>;

export const Won = t.record({
  id: t.int64,
  item_name: t.string,
  description: t.string,
  initial_bid: t.int64,
  reserve: t.int64,
  date_time: t.timestamp,
  expires: t.timestamp,
  seller: t.int64,
  category: t.int64,
  auction: t.int64,
  bidder: t.int64,
  price: t.int64,
  bid_date_time: t.timestamp,
});
export type Won = RowOf<typeof Won>;

/** What came after all that it could have changed had been given out. */
const late = outputTag('late', AuctionEvent);

/** Of equal prices and times that with the smallest `extra`, so that the answer is the same in any order. */
function isBetter(a: Offer, b: Offer): boolean {
  if (a.price !== b.price) return a.price > b.price;
  return a.date_time < b.date_time || (a.date_time === b.date_time && a.extra < b.extra);
}

class WinningBid extends KeyedProcessFunction<AuctionEvent, Won, number> {
  readonly auction = valueState(Auction);
  readonly best = valueState(Offer);
  /** Bids that came before their auction. */
  readonly early = listState(Offer);

  override processElement(row: AuctionEvent, ctx: KeyedContext<Won, number>): void {
    if (row.auction !== null) {
      if (row.auction.expires <= ctx.currentWatermark) ctx.output(late, row);
      else this.#begin(row.auction, ctx);
      return;
    }
    const auction = this.auction.value();
    if (auction !== null) this.#offer(row, auction);
    else if (row.date_time <= ctx.currentWatermark) ctx.output(late, row);
    else this.#keepEarly(row, ctx);
  }

  override onTimer(timestamp: number, ctx: KeyedContext<Won, number>): void {
    const auction = this.auction.value();
    if (auction !== null && auction.expires <= timestamp) {
      const best = this.best.value();
      if (best !== null) ctx.emit(wonBy(best, auction));
      this.auction.clear();
      this.best.clear();
    }
    const early = this.early.get().filter(({ date_time }) => date_time > timestamp);
    this.early.clear();
    for (const offer of early) this.#keepEarly(offer, ctx);
  }

  #begin(auction: RowOf<typeof Auction>, ctx: KeyedContext<Won, number>): void {
    this.auction.update(auction);
    ctx.timers.registerEventTime(auction.expires);
    for (const offer of this.early.get()) this.#offer(offer, auction);
    this.early.clear();
  }

  #offer(offer: Offer, { date_time, expires }: RowOf<typeof Auction>): void {
    if (offer.date_time < date_time || offer.date_time > expires) return;
    const best = this.best.value();
    if (best === null || isBetter(offer, best)) this.best.update(offerOf(offer));
  }

  /** An auction that begins later than a bid is not of its concern: when its time has passed it is forgotten. */
  #keepEarly(offer: Offer, ctx: KeyedContext<Won, number>): void {
    if (this.early.get().length === 0) ctx.timers.registerEventTime(offer.date_time);
    this.early.add(offerOf(offer));
  }
}

const offerOf = ({ bidder, price, date_time, extra }: Offer): Offer => ({ bidder, price, date_time, extra });

const wonBy = (best: Offer, auction: RowOf<typeof Auction>): Won => ({
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

/** @param auctions, bids  with event times */
export function winningBids(
  auctions: Stream<RowOf<typeof Auction>>,
  bids: Stream<RowOf<typeof Bid>>,
): Stream<Won> {
  const begun = auctions.map(AuctionEvent, (auction) => {
    return { id: auction.id, bidder: 0, price: 0, date_time: auction.date_time, extra: '', auction };
  });
  const offered = bids.map(AuctionEvent, ({ auction, bidder, price, date_time, extra }) => {
    return { id: auction, bidder, price, date_time, extra, auction: null };
  });
  return begun.union(offered).keyBy('id').process(Won, WinningBid);
}
