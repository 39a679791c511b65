/** Query 15: by day, how many bids, bidders and auctions there were, in all and by ranges of prices. */
import { job, t } from 'sluice';
import { dayOf, dayText } from './days.js';
import { bids, EMIT_PARAM, emitOf, queryParams, results } from './event-sources.js';
import { BID_COUNTS, DISTINCT_COUNTS, PRICE_RANKS } from './price-ranks.js';

export default job('nexmark-q15', { params: { ...queryParams('q15'), ...EMIT_PARAM } }, (flow, params) => {
  flow
    .from(bids(params))
    .with({ day: [t.int32, (bid) => dayOf(bid.date_time)], ...PRICE_RANKS })
    .keyBy('day')
    .aggregate({ ...BID_COUNTS, ...DISTINCT_COUNTS }, emitOf(params))
    .with({ day: [t.string, (row) => dayText(row.day)] })
    .to(results(params));
});
