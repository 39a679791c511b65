/** The declared shuffle, with a sink that adds its rows up instead of writing them: of millions of keys. */
import { count, job, sum } from 'sluice';
import { generate } from 'sluice/connectors';
import { digested } from '../kit/digested.js';
import { bidMaker, bidMapper, MappedBid, SHUFFLE_PARAMS } from './shuffle-bids.js';

export default job(
  'shuffle-many-keys',
  { params: SHUFFLE_PARAMS },
  (flow, { records, keys, output, makers, work }) => {
    const bids = flow.from(generate({ schema: MappedBid, count: records, make: bidMaker(keys) }));
    const mapped = bids.map(MappedBid, bidMapper(work));
    if (makers > 0) for (const stream of [bids, mapped]) stream.parallelism(makers);
    mapped
      .keyBy('key')
      .aggregate({ n: count(), total: sum('price') }, { emit: 'final' })
      .to(digested(output, (row) => row));
  },
);
