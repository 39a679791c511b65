/** Query 0: bids as they are, which tells what passing a record on costs. */
import { job } from 'sluice';
import { bids, queryParams, results } from './event-sources.js';

export default job('nexmark-q0', { params: queryParams('q0') }, (flow, params) => {
  flow.from(bids(params)).pick('auction', 'bidder', 'price', 'date_time', 'extra').to(results(params));
});
