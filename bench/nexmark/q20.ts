/** Query 20: bids with their auction, if it is of one category; bid and auction may be any time apart. */
import { job, type KeyedContext, KeyedProcessFunction, listState, type RowOf, t, valueState } from 'sluice';
import { auctions, bids, queryParams, results } from './event-sources.js';
import { Auction, Bid } from './records.js';

const CATEGORY = 10;

/** An auction, or a bid for it. */
const AuctionEvent = t.record({ id: t.int64, event: t.union('kind', { auction: Auction, bid: Bid }) });
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

  override processElement({ event }: AuctionEvent, ctx: KeyedContext<BidOnAuction, number>): void {
    if (event.kind === 'bid') {
      const auction = this.auction.value();
      if (auction !== null) ctx.emit(joined(event, auction));
      else if (this.isOther.value() === null) this.early.add(event);
      return;
    }
    if (event.category === CATEGORY) {
      this.auction.update(event);
      for (const bid of this.early.get()) ctx.emit(joined(bid, event));
    } else this.isOther.update(true);
    this.early.clear();
  }
}

function joined(bid: RowOf<typeof Bid>, on: RowOf<typeof Auction>): BidOnAuction {
  const { auction, bidder, price, channel, url, date_time: bid_date_time, extra: bid_extra } = bid;
  const { item_name, description, initial_bid, reserve, expires, seller, category } = on;
  return {
    ...{ auction, bidder, price, channel, url, bid_date_time, bid_extra },
    ...{ item_name, description, initial_bid, reserve, auction_date_time: on.date_time },
    ...{ expires, seller, category, auction_extra: on.extra },
  };
}

export default job('nexmark-q20', { params: queryParams('q20') }, (flow, params) => {
  const begun = flow
    .from(auctions(params))
    .map(AuctionEvent, (auction) => ({ id: auction.id, event: { kind: 'auction' as const, ...auction } }));
  const made = flow
    .from(bids(params))
    .map(AuctionEvent, (bid) => ({ id: bid.auction, event: { kind: 'bid' as const, ...bid } }));
  begun.union(made).keyBy('id').process(BidOnAuction, JoinAuction).to(results(params));
});
