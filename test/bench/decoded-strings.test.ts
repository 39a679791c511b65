import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BIDS, digestOf, foldBid, nexmarkBids } from '../../bench/baselines/nexmark-bids.js';

const codecs = suite('bench of codecs');
const PROGRAM = fileURLToPath(new URL('../../bench/inside/decoded-strings.js', import.meta.url));

codecs(
  'a filter that reads a number decodes no string of a bid it drops, and the three of one it passes',
  () => {
    const { stdout, stderr } = spawnSync(process.execPath, [PROGRAM, 'smoke'], { encoding: 'utf8' });
    assert.equal(
      JSON.parse(stdout.trim().split('\n').at(-1)!),
      { figures: { 'bid-filter-strings-dropped': 0, 'bid-filter-strings-passed': 3 } },
      stderr,
    );
  },
);

codecs('the bids are the same every time, and of the sizes that Nexmark has', () => {
  const bids = nexmarkBids();
  assert.equal(bids, nexmarkBids());
  assert.is(bids.length, BIDS);
  const mean = (of: (bid: (typeof bids)[number]) => number): number =>
    bids.reduce((sum, bid) => sum + of(bid), 0) / BIDS;
  assert.ok(Math.abs(mean(({ extra }) => extra.length) - 68) < 1);
  assert.ok(Math.abs(mean(({ channel }) => (channel.startsWith('channel-') ? 1 : 0)) - 0.5) < 0.03);
  assert.ok(bids.every(({ price }) => price >= 100 && price <= 1e8));
});

codecs('a digest sees every field, and the order of bids', () => {
  const [bid, other] = nexmarkBids() as [
    ReturnType<typeof nexmarkBids>[0],
    ReturnType<typeof nexmarkBids>[0],
  ];
  const digest = foldBid(7, bid);
  for (const [field, value] of Object.entries(bid)) {
    const changed = typeof value === 'number' ? value + 1 : `${value}x`;
    assert.is.not(foldBid(7, { ...bid, [field]: changed }), digest, field);
  }
  assert.is.not(foldBid(foldBid(0, bid), other), foldBid(foldBid(0, other), bid));
  assert.is(digestOf(2), `${foldBid(foldBid(0, bid), other)}`);
});

codecs.run();
