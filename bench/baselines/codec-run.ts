/**
 * What all codec programs share: `node codec-<name>.js <records> [<batch>]` encodes bids and decodes them again, a batch
 * after the other, all fields of every one. A codec that needs no batches takes those that suit it best.
 */
import { BIDS, foldBid, type NexmarkBid, nexmarkBids } from './nexmark-bids.js';

/** @returns the digest, with all decoded bids of the batch folded in */
export type RoundTrip = (bids: readonly NexmarkBid[], digest: number) => number;

/** @param defaultBatch  divides the number of distinct bids */
export function runCodec(defaultBatch: number, roundTrip: RoundTrip): void {
  const [records = '1000000', batch = `${defaultBatch}`] = process.argv.slice(2);
  const size = Number(batch);
  const bids = nexmarkBids();
  const batches = Array.from({ length: BIDS / size }, (_, i) => bids.slice(i * size, (i + 1) * size));
  const rounds = Math.ceil(Number(records) / size);
  const startedMs = performance.now();
  let digest = 0;
  for (let i = 0; i < rounds; i++) digest = roundTrip(batches[i % batches.length]!, digest);
  const seconds = (performance.now() - startedMs) / 1e3;
  process.stdout.write(`${JSON.stringify({ records: rounds * size, seconds, checksum: `${digest}` })}\n`);
}

export function foldBids(bids: readonly NexmarkBid[], digest: number): number {
  for (const bid of bids) digest = foldBid(digest, bid);
  return digest;
}
