/** Query 2: bids for some auctions. */
import { job } from 'sluice';
import { bids, queryParams, results } from './event-sources.js';

export default job('nexmark-q2', { params: queryParams('q2') }, (flow, params) => {
  flow
    .from(bids(params))
    .filter((bid) => bid.auction % 123 === 0)
    .pick('auction', 'price')
    .to(results(params));
});
