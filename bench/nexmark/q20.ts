/** Query 20: bids with their auction, if it is of one category; bid and auction may be any time apart. */
import { job, type KeyedContext, KeyedCoProcessFunction, listState, type RowOf, t, valueState } from 'sluice';
import { auctions, bids, queryParams, results } from './event-sources.js';
import { Auction, Bid } from './records.js';

const CATEGORY = 10;

type AuctionRow = RowOf<typeof Auction>;
type BidRow = RowOf<typeof Bid>;

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

class JoinAuction extends KeyedCoProcessFunction<AuctionRow, BidRow, BidOnAuction, number> {
  readonly auction = valueState(Auction);
  /** The auction is of another category. */
  readonly isOther = valueState(t.bool);
  /** Bids that came before their auction. */
  readonly early = listState(Bid);

  override processElement1(auction: AuctionRow, ctx: KeyedContext<BidOnAuction, number>): void {
    if (auction.category === CATEGORY) {
      this.auction.update(auction);
      for (const bid of this.early.get()) ctx.emit(joined(bid, auction));
    } else this.isOther.update(true);
    this.early.clear();
  }

  override processElement2(bid: BidRow, ctx: KeyedContext<BidOnAuction, number>): void {
    const auction = this.auction.value();
    if (auction !== null) ctx.emit(joined(bid, auction));
    else if (this.isOther.value() === null) this.early.add(bid);
  }
}

const joined = (bid: BidRow, on: AuctionRow): BidOnAuction => ({
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
  flow
    .from(auctions(params))
    .keyBy('id')
    .connect(flow.from(bids(params)).keyBy('auction'))
    .process(BidOnAuction, JoinAuction)
    .to(results(params));
});
