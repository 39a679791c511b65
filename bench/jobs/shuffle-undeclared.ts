/**
 * The same shuffle with a map whose result is not declared: its shape is learned from the first records.
 */
import { count, job, sum, t } from 'sluice';
import { csv, generate } from 'sluice/connectors';
import { bidMaker, MappedBid, mapBid } from './shuffle-bids.js';

export default job(
  'shuffle-undeclared',
  { params: { records: t.int64, keys: t.int32, output: t.string } },
  (flow, { records, keys, output }) => {
    flow
      .from(generate({ schema: MappedBid, count: records, make: bidMaker(keys) }))
      .map(mapBid)
      .keyBy('key')
      .aggregate({ n: count(), total: sum('price') }, { emit: 'final' })
      .to(csv(output));
  },
);
