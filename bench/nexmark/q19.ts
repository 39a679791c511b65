/** Query 19: the ten highest bids for each auction. */
import { job, type KeyedContext, KeyedProcessFunction, t, valueState } from 'sluice';
import type { Bid as BidRow } from './event-makers.js';
import { AT_END, bids, EMIT_PARAM, emitOf, queryParams, results } from './event-sources.js';
import { Bid } from './records.js';

const TOP = 10;

const Ranked = t.record({
  auction: t.int64,
  bidder: t.int64,
  price: t.int64,
  channel: t.string,
  url: t.string,
  date_time: t.timestamp,
  extra: t.string,
  rank_number: t.int64,
});
type Ranked = typeof Ranked.row;

/** Of equal prices that with the smallest `extra` is first, so that the answer is the same in any order. */
const isHigher = (a: BidRow, b: BidRow): boolean =>
  a.price > b.price || (a.price === b.price && a.extra < b.extra);

const rankedBid = (bid: BidRow, rank_number: number): Ranked => ({
  auction: bid.auction,
  bidder: bid.bidder,
  price: bid.price,
  channel: bid.channel,
  url: bid.url,
  date_time: bid.date_time,
  extra: bid.extra,
  rank_number,
});

/** @param isFinal  gives the ranks once at the end, else each as it changes */
const topBids = (isFinal: boolean) =>
  class TopBids extends KeyedProcessFunction<BidRow, Ranked, number> {
    /** The highest first. */
    readonly top = valueState(t.list(Bid));

    override processElement(bid: BidRow, ctx: KeyedContext<Ranked, number>): void {
      const top = this.top.value() ?? [];
      if (top.length === 0 && isFinal) ctx.timers.registerEventTime(AT_END);
      if (top.length === TOP && !isHigher(bid, top[TOP - 1]!)) return;
      let rank = top.length;
      while (rank > 0 && isHigher(bid, top[rank - 1]!)) rank--;
      top.splice(rank, 0, bid);
      if (top.length > TOP) top.pop();
      this.top.update(top);
      if (!isFinal) this.#give(top, rank, ctx);
    }

    override onTimer(_: number, ctx: KeyedContext<Ranked, number>): void {
      this.#give(this.top.value() ?? [], 0, ctx);
      this.top.clear();
    }

    #give(top: readonly BidRow[], from: number, ctx: KeyedContext<Ranked, number>): void {
      for (let i = from; i < top.length; i++) ctx.emit(rankedBid(top[i]!, i + 1));
    }
  };

export default job('nexmark-q19', { params: { ...queryParams('q19'), ...EMIT_PARAM } }, (flow, params) => {
  flow
    .from(bids(params))
    .keyBy('auction')
    .process(Ranked, topBids(emitOf(params).emit === 'final'))
    .to(results(params));
});
