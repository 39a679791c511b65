/** Query 19: the ten highest bids for each auction. */
import { job, type KeyedContext, KeyedProcessFunction, t, valueState } from 'sluice';
import type { Bid as BidRow } from './event-makers.js';
import { AT_END, bids, EMIT_PARAM, queryParams, results } from './event-sources.js';
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

/** @param isFinal  gives the ranks once at the end, else each as it changes */
const topBids = (isFinal: boolean) =>
  class TopBids extends KeyedProcessFunction<BidRow, Ranked, number> {
    /** The highest first. */
    readonly top = valueState(t.list(Bid));

    override processElement(bid: BidRow, ctx: KeyedContext<Ranked, number>): void {
      const top = this.top.value() ?? [];
      if (top.length === 0 && isFinal) ctx.timers.registerEventTime(AT_END);
      if (top.length === TOP && !isHigher(bid, top[TOP - 1]!)) return;
      const found = top.findIndex((other) => isHigher(bid, other));
      const rank = found < 0 ? top.length : found;
      const changed = top.toSpliced(rank, 0, bid).slice(0, TOP);
      this.top.update(changed);
      if (!isFinal) this.#give(changed, rank, ctx);
    }

    override onTimer(_: number, ctx: KeyedContext<Ranked, number>): void {
      this.#give(this.top.value() ?? [], 0, ctx);
      this.top.clear();
    }

    #give(top: readonly BidRow[], from: number, ctx: KeyedContext<Ranked, number>): void {
      for (let i = from; i < top.length; i++) ctx.emit({ ...top[i]!, rank_number: i + 1 });
    }
  };

export default job('nexmark-q19', { params: { ...queryParams('q19'), ...EMIT_PARAM } }, (flow, params) => {
  flow
    .from(bids(params))
    .keyBy('auction')
    .process(Ranked, topBids(params.emit === 'final'))
    .to(results(params));
});
