/** Query 9: each auction with its winning bid. */
import { job } from 'sluice';
import { auctions, bids, eventTime, queryParams, results, TIME_PARAM } from './event-sources.js';
import { winningBids } from './winning-bids.js';

export default job('nexmark-q9', { params: { ...queryParams('q9'), ...TIME_PARAM } }, (flow, params) => {
  const begun = flow.from(auctions(params)).eventTime(...eventTime(params));
  const made = flow.from(bids(params)).eventTime(...eventTime(params));
  winningBids(begun, made).to(results(params));
});
