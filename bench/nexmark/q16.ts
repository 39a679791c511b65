/** Query 16: as query 15, by channel and day, with the last minute in which there was a bid. */
import { job, type KeyedContext, t, valueState } from 'sluice';
import { dayOf, dayText } from './days.js';
import type { Bid } from './event-makers.js';
import { AT_END, bids, EMIT_PARAM, queryParams, results } from './event-sources.js';
import { RANK_COLUMNS, RankCounter } from './price-ranks.js';

const ChannelDay = t.record({ channel: t.string, day: t.string, minute: t.string, ...RANK_COLUMNS });
type ChannelDay = typeof ChannelDay.row;
type Key = { channel: string; day: number };
type Context = KeyedContext<ChannelDay, Key>;

/** @param isFinal  gives a row once at the end, else with each bid */
const countChannelDay = (isFinal: boolean) =>
  class CountChannelDay extends RankCounter<Bid & { readonly day: number }, ChannelDay, Key> {
    readonly newestMs = valueState(t.timestamp);

    override processElement(bid: Bid & { readonly day: number }, ctx: Context): void {
      const isFirst = this.count(bid);
      if (bid.date_time > (this.newestMs.value() ?? Number.NEGATIVE_INFINITY))
        this.newestMs.update(bid.date_time);
      if (!isFinal) this.#give(ctx);
      else if (isFirst) ctx.timers.registerEventTime(AT_END);
    }

    override onTimer(_: number, ctx: Context): void {
      this.#give(ctx);
      this.clear();
      this.newestMs.clear();
    }

    #give(ctx: Context): void {
      const { channel, day } = ctx.key;
      const minute = new Date(this.newestMs.value()!).toISOString().slice(11, 16);
      ctx.emit({ channel, day: dayText(day), minute, ...this.columns() });
    }
  };

export default job('nexmark-q16', { params: { ...queryParams('q16'), ...EMIT_PARAM } }, (flow, params) => {
  flow
    .from(bids(params))
    .with({ day: [t.int32, (bid) => dayOf(bid.date_time)] })
    .keyBy('channel', 'day')
    .process(ChannelDay, countChannelDay(params.emit === 'final'))
    .to(results(params));
});
