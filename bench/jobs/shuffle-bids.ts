/** The 24-byte record of the shuffle: two float64 and two int32. */
import { t } from 'sluice';
import { burn } from '../probes/burn.js';

export const MappedBid = t.record({ ts: t.float64, price: t.float64, key: t.int32, bidder: t.int32 });

export type Bid = typeof MappedBid.row;

/** `makers` and `work` are 0 where a shuffle has as many sources as counters, and a record no cost of its own. */
export const SHUFFLE_PARAMS = {
  records: t.int64,
  keys: t.int32,
  output: t.string,
  makers: t.int32.default(0),
  work: t.int32.default(0),
};

export const FIRST_MS = 1.7e12;

/** Spreads an index over all 32 bits (the finaliser of murmur3), so that keys come in no order. */
export function mix(index: number): number {
  let hash = Math.imul(index ^ (index >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

export function bidMaker(keys: number): (index: number) => Bid {
  return (index) => ({
    ts: FIRST_MS + index,
    price: (index % 1000) * 1.5,
    key: mix(index) % keys,
    bidder: index & 1023,
  });
}

/** @param work  rounds of hashing per record */
export function bidMapper(work: number): (bid: Bid) => Bid {
  if (work === 0) return mapBid;
  return (bid) => ({
    ts: bid.ts,
    price: bid.price * 0.908 + (burn(bid.bidder, work) & 1),
    key: bid.key,
    bidder: bid.bidder,
  });
}

const mapBid = (bid: Bid): Bid => ({
  ts: bid.ts,
  price: bid.price * 0.908,
  key: bid.key,
  bidder: bid.bidder,
});
