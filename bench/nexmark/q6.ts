/** Query 6: for each seller, what the last ten auctions were won for on average. */
import { job, type KeyedContext, KeyedProcessFunction, type RowOf, t, valueState } from 'sluice';
import {
  AT_END,
  auctions,
  bids,
  EMIT_PARAM,
  emitOf,
  eventTime,
  queryParams,
  results,
  TIME_PARAM,
} from './event-sources.js';
import { type Won, winningBids } from './winning-bids.js';

const LAST = 10;

const SellerMean = t.record({ seller: t.int64, avg: t.float64, date_time: t.timestamp });
type SellerMean = RowOf<typeof SellerMean>;
type Context = KeyedContext<SellerMean, number>;

const Sold = t.record({ id: t.int64, price: t.int64, date_time: t.timestamp });
type Sold = RowOf<typeof Sold>;

/** By the time of the winning bid; of equal times by the auction, so that the answer is the same in any order. */
const isBefore = (a: Sold, b: Sold): boolean =>
  a.date_time < b.date_time || (a.date_time === b.date_time && a.id < b.id);

/** @param isFinal  gives a row once at the end, else with each auction */
const lastTen = (isFinal: boolean) =>
  class LastTen extends KeyedProcessFunction<Won, SellerMean, number> {
    /** In order, the newest last. */
    readonly sold = valueState(t.list(Sold));

    override processElement({ id, price, bid_date_time: date_time }: Won, ctx: Context): void {
      const won = { id, price, date_time };
      const sold = this.sold.value() ?? [];
      const place = sold.findLastIndex((other) => isBefore(other, won)) + 1;
      this.sold.update(sold.toSpliced(place, 0, won).slice(-LAST));
      if (!isFinal) this.#give(ctx);
      else if (sold.length === 0) ctx.timers.registerEventTime(AT_END);
    }

    override onTimer(_: number, ctx: Context): void {
      this.#give(ctx);
      this.sold.clear();
    }

    #give(ctx: Context): void {
      const sold = this.sold.value()!;
      const avg = sold.reduce((sum, { price }) => sum + price, 0) / sold.length;
      ctx.emit({ seller: ctx.key, avg, date_time: sold.at(-1)!.date_time });
    }
  };

const PARAMS = { ...queryParams('q6'), ...TIME_PARAM, ...EMIT_PARAM };

export default job('nexmark-q6', { params: PARAMS }, (flow, params) => {
  const begun = flow.from(auctions(params)).eventTime(...eventTime(params));
  const made = flow.from(bids(params)).eventTime(...eventTime(params));
  winningBids(begun, made)
    .keyBy('seller')
    .process(SellerMean, lastTen(emitOf(params).emit === 'final'))
    .to(results(params));
});
