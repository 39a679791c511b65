/**
 * The keyed shuffle as a user would write it: bids, mapped to a declared type, counted and summed by key.
 */
import { count, job, sum } from 'sluice';
import { csv, generate } from 'sluice/connectors';
import { bidMaker, bidMapper, MappedBid, SHUFFLE_PARAMS } from './shuffle-bids.js';

export default job(
  'shuffle-declared',
  { params: SHUFFLE_PARAMS },
  (flow, { records, keys, output, makers, work }) => {
    const bids = flow.from(generate({ schema: MappedBid, count: records, make: bidMaker(keys) }));
    const mapped = bids.map(MappedBid, bidMapper(work));
    if (makers > 0) for (const stream of [bids, mapped]) stream.parallelism(makers);
    mapped
      .keyBy('key')
      .aggregate({ n: count(), total: sum('price') }, { emit: 'final' })
      .to(csv(output));
  },
);
