/** Query 4: by category, what auctions were won for on average. */
import { job, mean } from 'sluice';
import {
  auctions,
  bids,
  EMIT_PARAM,
  emitOf,
  eventTime,
  queryParams,
  results,
  TIME_PARAM,
} from './event-sources.js';
import { winningBids } from './winning-bids.js';

const PARAMS = { ...queryParams('q4'), ...TIME_PARAM, ...EMIT_PARAM };

export default job('nexmark-q4', { params: PARAMS }, (flow, params) => {
  const begun = flow.from(auctions(params)).eventTime(...eventTime(params));
  const made = flow.from(bids(params)).eventTime(...eventTime(params));
  winningBids(begun, made)
    .keyBy('category')
    .aggregate({ avg: mean('price') }, emitOf(params))
    .to(results(params));
});
