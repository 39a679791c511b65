/** Query 14: bids in a range of prices, with the time of day and a count of letters. */
import { job, t } from 'sluice';
import { bids, queryParams, results } from './event-sources.js';

const HOUR_MS = 3_600_000;

function timeOfDay(atMs: number): string {
  const hour = Math.floor(atMs / HOUR_MS) % 24;
  if (hour >= 8 && hour <= 18) return 'dayTime';
  return hour <= 6 || hour >= 20 ? 'nightTime' : 'otherTime';
}

function countOf(letter: string, text: string): number {
  let count = 0;
  for (let at = text.indexOf(letter); at >= 0; at = text.indexOf(letter, at + 1)) count++;
  return count;
}

export default job('nexmark-q14', { params: queryParams('q14') }, (flow, params) => {
  flow
    .from(bids(params))
    .with({ price: [t.float64, (bid) => bid.price * 0.908] })
    .filter((bid) => bid.price > 1_000_000 && bid.price < 50_000_000)
    .with({
      bid_time_type: [t.string, (bid) => timeOfDay(bid.date_time)],
      c_counts: [t.int64, (bid) => countOf('c', bid.extra)],
    })
    .pick('auction', 'bidder', 'price', 'bid_time_type', 'date_time', 'extra', 'c_counts')
    .to(results(params));
});
