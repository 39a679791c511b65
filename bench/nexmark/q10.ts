/**
 * Query 10: bids as files, by day and minute, where `output` ends in a slash; else as one file.
 */
import { job, t } from 'sluice';
import { ndjson } from 'sluice/connectors';
import { bids, queryParams, results } from './event-sources.js';

/** `2015-07-15T08:05:00.000Z` */
const isoOf = (atMs: number): string => new Date(atMs).toISOString();

export default job('nexmark-q10', { params: queryParams('q10') }, (flow, params) => {
  const { output, digest } = params;
  flow
    .from(bids(params))
    .with({
      date: [t.string, (bid) => isoOf(bid.date_time).slice(0, 10)],
      time: [t.string, (bid) => isoOf(bid.date_time).slice(11, 16)],
    })
    .pick('auction', 'bidder', 'price', 'date_time', 'date', 'time')
    .to(
      output.endsWith('/') && !digest
        ? ndjson(output, { createFolder: true, partitionBy: ['date', 'time'] })
        : results(params),
    );
});
