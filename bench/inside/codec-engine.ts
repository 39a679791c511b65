/**
 * Bids by the code that the engine generates for a schema: rows one after the other in a segment of shared memory, and
 * from there plain objects with all fields. Its pieces are those that a chain writes and reads rows with, where a chain
 * decodes only the fields that somebody looks at. Values are not checked against the schema, as by no other codec here.
 *
 *   node codec-engine.js <records>
 */
import { t } from '../../engine/index.js';
import { compileCodec } from '../../engine/records/codec.js';
import { rowLayout, rowView } from '../../engine/records/row-layout.js';
import { foldBids, runCodec } from '../baselines/codec-run.js';
import type { NexmarkBid } from '../baselines/nexmark-bids.js';

const SEGMENT_BYTES = 32_768;
/** As many as surely fit into a segment. */
const BATCH = 64;

const Bid = t.record({
  auction: t.int64,
  bidder: t.int64,
  price: t.int64,
  channel: t.string,
  url: t.string,
  dateTime: t.timestamp,
  extra: t.string,
});
const codec = compileCodec<NexmarkBid>(rowLayout(Bid.fields), rowView(new SharedArrayBuffer(SEGMENT_BYTES)));
const positions = new Int32Array(BATCH);

runCodec(BATCH, (bids, digest) => {
  let end = 0;
  for (let i = 0; i < bids.length; i++) {
    positions[i] = end;
    end = codec.encode(bids[i]!, end, SEGMENT_BYTES);
  }
  const decoded: NexmarkBid[] = [];
  for (let i = 0; i < bids.length; i++) decoded.push(codec.decode(positions[i]!));
  return foldBids(decoded, digest);
});
