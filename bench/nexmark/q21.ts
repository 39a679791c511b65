/** Query 21: bids with the number of their channel, from its name or from the url. */
import { job, t } from 'sluice';
import { bids, queryParams, results } from './event-sources.js';

const HOT = new Map([
  ['apple', '0'],
  ['google', '1'],
  ['facebook', '2'],
  ['baidu', '3'],
]);
const CHANNEL_ID = /(?:&|^)channel_id=([^&]*)/;

/** Null where neither tells. */
const channelId = (channel: string, url: string): string | null =>
  HOT.get(channel.toLowerCase()) ?? CHANNEL_ID.exec(url)?.[1] ?? null;

export default job('nexmark-q21', { params: queryParams('q21') }, (flow, params) => {
  flow
    .from(bids(params))
    .with({ channel_id: [t.nullable(t.string), (bid) => channelId(bid.channel, bid.url)] })
    .filter((bid) => bid.channel_id !== null)
    .pick('auction', 'bidder', 'price', 'channel', 'channel_id')
    .to(results(params));
});
