/** Query 16: as query 15, by channel and day, with the last minute in which there was a bid. */
import { job, max, t } from 'sluice';
import { dayOf, dayText } from './days.js';
import { bids, EMIT_PARAM, emitOf, queryParams, results } from './event-sources.js';
import { BID_COUNTS, DISTINCT_COUNTS, PRICE_RANKS } from './price-ranks.js';

const COUNTED = Object.keys({ ...BID_COUNTS, ...DISTINCT_COUNTS }) as (
  | keyof typeof BID_COUNTS
  | keyof typeof DISTINCT_COUNTS
)[];

export default job('nexmark-q16', { params: { ...queryParams('q16'), ...EMIT_PARAM } }, (flow, params) => {
  flow
    .from(bids(params))
    .with({ day: [t.int32, (bid) => dayOf(bid.date_time)], ...PRICE_RANKS })
    .keyBy('channel', 'day')
    .aggregate({ newest: max('date_time'), ...BID_COUNTS, ...DISTINCT_COUNTS }, emitOf(params))
    .with({
      day: [t.string, (row) => dayText(row.day)],
      minute: [t.string, (row) => new Date(row.newest).toISOString().slice(11, 16)],
    })
    .pick('channel', 'day', 'minute', ...COUNTED)
    .to(results(params));
});
