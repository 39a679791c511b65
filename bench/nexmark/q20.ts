/** Query 20: bids with their auction, if it is of one category; bid and auction may be any time apart. */
import { job, type KeyedContext, KeyedProcessFunction, listState, type RowOf, t, valueState } from 'sluice';
import { auctions, bids, queryParams, results } from './event-sources.js';
import { Auction, Bid } from './records.js';

const CATEGORY = 10;

/** A bid, or where there is an `on` that auction. */
const AuctionEvent = t.record({
  auction: t.int64,
  bidder: t.int64,
  price: t.int64,
  channel: t.string,
  url: t.string,
  date_time: t.timestamp,
  extra: t.string,
  on: t.nullable(Auction),
});
type AuctionEvent = RowOf<typeof AuctionEvent>;

const BidOnAuction = t.record({
  auction: t.int64,
  bidder: t.int64,
  price: t.int64,
  channel: t.string,
  url: t.string,
  bid_date_time: t.timestamp,
  bid_extra: t.string,
  item_name: t.string,
  description: t.string,
  initial_bid: t.int64,
  reserve: t.int64,
  auction_date_time: t.timestamp,
  expires: t.timestamp,
  seller: t.int64,
  category: t.int64,
  auction_extra: t.string,
});
type BidOnAuction = RowOf<typeof BidOnAuction>;

class JoinAuction extends KeyedProcessFunction<AuctionEvent, BidOnAuction, number> {
  readonly auction = valueState(Auction);
  /** The auction is of another category. */
  readonly isOther = valueState(t.bool);
  /** Bids that came before their auction. */
  readonly early = listState(Bid);

  override processElement(row: AuctionEvent, ctx: KeyedContext<BidOnAuction, number>): void {
    const { on } = row;
    if (on === null) {
      const auction = this.auction.value();
      if (auction !== null) ctx.emit(joined(row, auction));
      else if (this.isOther.value() === null) this.early.add(row);
      return;
    }
    if (on.category === CATEGORY) {
      this.auction.update(on);
      for (const bid of this.early.get()) ctx.emit(joined(bid, on));
    } else this.isOther.update(true);
    this.early.clear();
  }
}

const joined = (bid: RowOf<typeof Bid>, on: RowOf<typeof Auction>): BidOnAuction => ({
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

export default job('nexmark-q20', { params: queryParams('q20') }, (flow, params) => {
  const begun = flow.from(auctions(params)).map(AuctionEvent, (on) => ({
    auction: on.id,
    bidder: 0,
    price: 0,
    channel: '',
    url: '',
    date_time: on.date_time,
    extra: '',
    on,
  }));
  const made = flow.from(bids(params)).with({ on: [t.nullable(Auction), () => null] });
  begun.union(made).keyBy('auction').process(BidOnAuction, JoinAuction).to(results(params));
});
