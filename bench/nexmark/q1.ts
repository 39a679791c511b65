/** Query 1: bids with their price in euro. */
import { job, t } from 'sluice';
import { bids, queryParams, results } from './event-sources.js';

export default job('nexmark-q1', { params: queryParams('q1') }, (flow, params) => {
  flow
    .from(bids(params))
    .with({ price: [t.float64, (bid) => bid.price * 0.908] })
    .pick('auction', 'bidder', 'price', 'date_time', 'extra')
    .to(results(params));
});
