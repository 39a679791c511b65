/** Bids counted, summed and compared by key in sliding windows, as a user would write it. */
import { count, job, max, sliding, sum, t, windowEnd } from 'sluice';
import { generate } from 'sluice/connectors';
import { digested } from '../kit/digested.js';
import { TimedBid, timedBidMaker, windowedKey } from './sliding-bids.js';

export default job(
  'sliding-counts',
  { params: { records: t.int64, keys: t.int32, sizeMs: t.int64, slideMs: t.int64, output: t.string } },
  (flow, { records, keys, sizeMs, slideMs, output }) => {
    flow
      .from(generate({ schema: TimedBid, count: records, make: timedBidMaker(keys) }))
      .eventTime('at')
      .keyBy('key')
      .window(sliding(`${BigInt(sizeMs)}ms`, `${BigInt(slideMs)}ms`))
      .aggregate({ end: windowEnd(), n: count(), total: sum('price'), most: max('price') })
      .to(
        digested(output, ({ key, end, n, total, most }) => ({
          key: windowedKey(key, end),
          n,
          total: total + most,
        })),
      );
  },
);
