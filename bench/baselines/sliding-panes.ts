/**
 * Question: how fast does a plain loop count, sum and compare bids by key in sliding windows, if windows share panes?
 * Not asked: order of events, rows that are late, more than one core.
 *
 *   node sliding-panes.js <records> <keys> <size, ms> <slide, ms>
 *
 * A Map per pane of a slide; when a window ends its panes are put together, key by key.
 */
import { timedBidMaker, windowedKey } from '../jobs/sliding-bids.js';
import { ShuffleDigest } from '../kit/shuffle-checksum.js';

interface Sums {
  n: number;
  total: number;
  most: number;
}

/** The loop is called for so many records at a time: V8 makes faster code of what is called again than of what goes on. */
const SLICE = 65_536;

const [records, keys, sizeMs, slideMs] = process.argv.slice(2).map(Number) as [
  number,
  number,
  number,
  number,
];
const make = timedBidMaker(keys);
const digest = new ShuffleDigest();
const panes: Map<number, Sums>[] = [];
let current = new Map<number, Sums>();
let endMs = (Math.floor(make(0).at / slideMs) + 1) * slideMs;

function closePane(): void {
  panes.push(current);
  current = new Map();
  if (panes.length > sizeMs / slideMs) panes.shift();
  const window = new Map<number, Sums>();
  for (const pane of panes) {
    for (const [key, { n, total, most }] of pane) {
      const sums = window.get(key);
      if (sums === undefined) window.set(key, { n, total, most });
      else {
        sums.n += n;
        sums.total += total;
        if (most > sums.most) sums.most = most;
      }
    }
  }
  for (const [key, { n, total, most }] of window) digest.add(windowedKey(key, endMs), n, total + most);
  endMs += slideMs;
}

function take(begin: number, end: number): void {
  for (let i = begin; i < end; i++) {
    const { at, key, price } = make(i);
    while (at >= endMs) closePane();
    const sums = current.get(key);
    if (sums === undefined) current.set(key, { n: 1, total: price, most: price });
    else {
      sums.n++;
      sums.total += price;
      if (price > sums.most) sums.most = price;
    }
  }
}

const startedMs = performance.now();
for (let begin = 0; begin < records; begin += SLICE) take(begin, Math.min(begin + SLICE, records));
for (let left = sizeMs / slideMs; left > 0; left--) closePane();
const seconds = (performance.now() - startedMs) / 1e3;
console.log(JSON.stringify({ records, seconds, checksum: digest.toString() }));
