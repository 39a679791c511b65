/**
 * The winning bid of each auction: the highest within its time, of equal ones the first. Queries 4, 6 and 9 begin with it.
 *
 * It is given out when the auction has ended: the watermark has passed its end, so all bids for it are there.
 */
import {
  type KeyedContext,
  KeyedCoProcessFunction,
  listState,
  outputTag,
  type RowOf,
  type Stream,
  t,
  valueState,
} from 'sluice';
import { Auction, type Bid } from './records.js';

type AuctionRow = RowOf<typeof Auction>;
type BidRow = RowOf<typeof Bid>;

const Offer = t.record({ bidder: t.int64, price: t.int64, date_time: t.timestamp, extra: t.string });
type Offer = RowOf<typeof Offer>;

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
const lateAuction = outputTag('late-auction', Auction);
const lateOffer = outputTag('late-offer', Offer);

/** Of equal prices and times that with the smallest `extra`, so that the answer is the same in any order. */
function isBetter(a: Offer, b: Offer): boolean {
  if (a.price !== b.price) return a.price > b.price;
  return a.date_time < b.date_time || (a.date_time === b.date_time && a.extra < b.extra);
}

class WinningBid extends KeyedCoProcessFunction<AuctionRow, BidRow, Won, number> {
  readonly auction = valueState(Auction);
  readonly best = valueState(Offer);
  /** Bids that came before their auction. */
  readonly early = listState(Offer);

  override processElement1(auction: AuctionRow, ctx: KeyedContext<Won, number>): void {
    if (auction.expires <= ctx.currentWatermark) {
      ctx.output(lateAuction, auction);
      return;
    }
    this.auction.update(auction);
    ctx.timers.registerEventTime(auction.expires);
    for (const offer of this.early.get()) this.#offer(offer, auction);
    this.early.clear();
  }

  override processElement2(
    { bidder, price, date_time, extra }: BidRow,
    ctx: KeyedContext<Won, number>,
  ): void {
    const offer = { bidder, price, date_time, extra };
    const auction = this.auction.value();
    if (auction !== null) this.#offer(offer, auction);
    else if (date_time <= ctx.currentWatermark) ctx.output(lateOffer, offer);
    else this.#keepEarly(offer, ctx);
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

  #offer(offer: Offer, { date_time, expires }: AuctionRow): void {
    if (offer.date_time < date_time || offer.date_time > expires) return;
    const best = this.best.value();
    if (best === null || isBetter(offer, best)) this.best.update(offer);
  }

  /** An auction that begins later than a bid is not of its concern: when its time has passed it is forgotten. */
  #keepEarly(offer: Offer, ctx: KeyedContext<Won, number>): void {
    if (this.early.get().length === 0) ctx.timers.registerEventTime(offer.date_time);
    this.early.add(offer);
  }
}

const wonBy = (best: Offer, auction: AuctionRow): Won => ({
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
export const winningBids = (auctions: Stream<AuctionRow>, bids: Stream<BidRow>): Stream<Won> =>
  auctions.keyBy('id').connect(bids.keyBy('auction')).process(Won, WinningBid);
