/** Bids at even distances in event time, keys in no order. */
import { t } from 'sluice';
import { FIRST_MS, mix } from './shuffle-bids.js';

export const TimedBid = t.record({ at: t.timestamp, price: t.float64, key: t.int32 });

export type TimedBid = typeof TimedBid.row;

/** Bids of a second of event time. */
export const BIDS_PER_SECOND = 20_000;

export function timedBidMaker(keys: number): (index: number) => TimedBid {
  return (index) => ({
    at: FIRST_MS + Math.floor(index / (BIDS_PER_SECOND / 1_000)),
    price: (index % 1000) * 1.5,
    key: mix(index) % keys,
  });
}

/** Names a row of the result in a digest. */
export function windowedKey(key: number, endMs: number): number {
  return key + 10_007 * ((endMs / 500) % 1_009);
}
