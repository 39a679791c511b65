/** Query 15: by day, how many bids, bidders and auctions there were, in all and by ranges of prices. */
import { job, type KeyedContext, t } from 'sluice';
import { dayOf, dayText } from './days.js';
import type { Bid } from './event-makers.js';
import { AT_END, bids, EMIT_PARAM, queryParams, results } from './event-sources.js';
import { RANK_COLUMNS, RankCounter } from './price-ranks.js';

const Day = t.record({ day: t.string, ...RANK_COLUMNS });
type Day = typeof Day.row;
type Context = KeyedContext<Day, number>;

/** @param isFinal  gives a row once at the end, else with each bid */
const countDay = (isFinal: boolean) =>
  class CountDay extends RankCounter<Bid, Day, number> {
    override processElement(bid: Bid, ctx: Context): void {
      const isFirst = this.count(bid);
      if (!isFinal) this.#give(ctx);
      else if (isFirst) ctx.timers.registerEventTime(AT_END);
    }

    override onTimer(_: number, ctx: Context): void {
      this.#give(ctx);
      this.clear();
    }

    #give(ctx: Context): void {
      ctx.emit({ day: dayText(ctx.key), ...this.columns() });
    }
  };

export default job('nexmark-q15', { params: { ...queryParams('q15'), ...EMIT_PARAM } }, (flow, params) => {
  flow
    .from(bids(params))
    .with({ day: [t.int32, (bid) => dayOf(bid.date_time)] })
    .keyBy('day')
    .process(Day, countDay(params.emit === 'final'))
    .to(results(params));
});
