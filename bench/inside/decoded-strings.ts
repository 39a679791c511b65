/**
 * How many strings does a filter decode that looks at one number of a bid?
 *
 *   node decoded-strings.js <size>
 *
 * A job of two tasks in this thread: bids go whole through an exchange, a filter behind it reads the price. Every call that
 * makes a string of bytes is counted. One run in which no bid passes, and one in which some do: those are decoded, since
 * the rows that come out have all fields.
 */
import { job, t } from '../../engine/index.js';
import { StringCodec } from '../../engine/records/strings.js';
import { runInline } from '../../engine/testing/index.js';
import { type NexmarkBid, nexmarkBids } from '../baselines/nexmark-bids.js';
import { reportFigures } from '../probes/probe-report.js';

const Bid = t.record({
  auction: t.int64,
  bidder: t.int64,
  price: t.int64,
  channel: t.string,
  url: t.string,
  dateTime: t.timestamp,
  extra: t.string,
});

const filtered = job(
  'dear-bids',
  { params: { above: t.int64 }, inputs: { bids: Bid } },
  ({ bids }, { above }) => ({ dear: bids.rebalance().filter((bid) => bid.price > above) }),
);

let decoded = 0;
const { read } = StringCodec.prototype;
StringCodec.prototype.read = function (at, word) {
  decoded++;
  return read.call(this, at, word);
};

const { ofRun } = StringCodec.prototype;
StringCodec.prototype.ofRun = function (run, runAt, at, word) {
  const before = decoded;
  const text = ofRun.call(this, run, runAt, at, word);
  decoded = before + 1; // however it was read
  return text;
};

/** @returns strings decoded, and bids that passed */
async function stringsOf(bids: readonly NexmarkBid[], above: number): Promise<readonly [number, number]> {
  decoded = 0;
  const { dear } = await runInline(filtered, { params: { above }, inputs: { bids } });
  return [decoded, dear.length];
}

const bids = nexmarkBids();
const prices = bids.map(({ price }) => price).sort((a, b) => a - b);
const [ofNone, none] = await stringsOf(bids, prices.at(-1)!);
const [ofSome, some] = await stringsOf(bids, prices[Math.floor(prices.length * 0.9)]!);
if (none !== 0 || some === 0) throw new Error(`${none} and ${some} bids passed`);
reportFigures({
  'bid-filter-strings-dropped': ofNone / bids.length,
  'bid-filter-strings-passed': ofSome / some,
});
