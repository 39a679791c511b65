/** Query 17: by auction and day, how many bids there were in which range of prices, and their prices. */
import { count, job, max, mean, min, sum, t } from 'sluice';
import { dayOf, dayText } from './days.js';
import { bids, EMIT_PARAM, emitOf, queryParams, results } from './event-sources.js';

export default job('nexmark-q17', { params: { ...queryParams('q17'), ...EMIT_PARAM } }, (flow, params) => {
  flow
    .from(bids(params))
    .with({
      day: [t.int32, (bid) => dayOf(bid.date_time)],
      rank1: [t.int32, (bid) => (bid.price < 10_000 ? 1 : 0)],
      rank2: [t.int32, (bid) => (bid.price >= 10_000 && bid.price < 1_000_000 ? 1 : 0)],
      rank3: [t.int32, (bid) => (bid.price >= 1_000_000 ? 1 : 0)],
    })
    .keyBy('auction', 'day')
    .aggregate(
      {
        total_bids: count(),
        rank1_bids: sum('rank1'),
        rank2_bids: sum('rank2'),
        rank3_bids: sum('rank3'),
        min_price: min('price'),
        max_price: max('price'),
        avg_price: mean('price'),
        sum_price: sum('price'),
      },
      emitOf(params),
    )
    .with({ day: [t.string, (row) => dayText(row.day)] })
    .to(results(params));
});
