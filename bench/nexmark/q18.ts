/** Query 18: the last bid of each bidder for each auction. */
import { job } from 'sluice';
import type { Bid } from './event-makers.js';
import { bids, EMIT_PARAM, emitOf, queryParams, results } from './event-sources.js';

/** Of bids of one instant the one with the smallest `extra`, so that the answer is the same in any order. */
const isLater = (a: Bid, b: Bid): boolean =>
  a.date_time > b.date_time || (a.date_time === b.date_time && a.extra < b.extra);

export default job('nexmark-q18', { params: { ...queryParams('q18'), ...EMIT_PARAM } }, (flow, params) => {
  flow
    .from(bids(params))
    .keyBy('bidder', 'auction')
    .reduce((last, bid) => (isLater(bid, last) ? bid : last), emitOf(params))
    .to(results(params));
});
