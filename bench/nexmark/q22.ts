/** Query 22: bids with the folders of their url. */
import { job, t } from 'sluice';
import { bids, queryParams, results } from './event-sources.js';

const Folders = t.record({
  auction: t.int64,
  bidder: t.int64,
  price: t.int64,
  channel: t.string,
  dir1: t.string,
  dir2: t.string,
  dir3: t.string,
});

export default job('nexmark-q22', { params: queryParams('q22') }, (flow, params) => {
  flow
    .from(bids(params))
    .map(Folders, ({ auction, bidder, price, channel, url }) => {
      const [, , , dir1 = '', dir2 = '', dir3 = ''] = url.split('/');
      return { auction, bidder, price, channel, dir1, dir2, dir3 };
    })
    .to(results(params));
});
