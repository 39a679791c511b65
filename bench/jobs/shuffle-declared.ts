/**
 * The keyed shuffle as a user would write it: bids, mapped to a declared type, counted and summed by key.
 */
import { count, job, sum, t } from 'sluice';
import { csv, generate } from 'sluice/connectors';
import { bidMaker, MappedBid, mapBid } from './shuffle-bids.js';

export default job(
  'shuffle-declared',
  { params: { records: t.int64, keys: t.int32, output: t.string } },
  (flow, { records, keys, output }) => {
    flow
      .from(generate({ schema: MappedBid, count: records, make: bidMaker(keys) }))
      .map(MappedBid, mapBid)
      .keyBy('key')
      .aggregate({ n: count(), total: sum('price') }, { emit: 'final' })
      .to(csv(output));
  },
);
