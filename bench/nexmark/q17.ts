/** Query 17: by auction and day, how many bids there were in which range of prices, and their prices. */
import { job, max, mean, min, sum, t } from 'sluice';
import { dayOf, dayText } from './days.js';
import { bids, EMIT_PARAM, emitOf, queryParams, results } from './event-sources.js';
import { BID_COUNTS, PRICE_RANKS } from './price-ranks.js';

const PRICES = {
  min_price: min('price'),
  max_price: max('price'),
  avg_price: mean('price'),
  sum_price: sum('price'),
};

export default job('nexmark-q17', { params: { ...queryParams('q17'), ...EMIT_PARAM } }, (flow, params) => {
  flow
    .from(bids(params))
    .with({ day: [t.int32, (bid) => dayOf(bid.date_time)], ...PRICE_RANKS })
    .keyBy('auction', 'day')
    .aggregate({ ...BID_COUNTS, ...PRICES }, emitOf(params))
    .with({ day: [t.string, (row) => dayText(row.day)] })
    .to(results(params));
});
