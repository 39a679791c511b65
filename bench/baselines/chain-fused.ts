/**
 * The steps of `chain-steps.ts` fused by hand: one loop for each number of steps, its fields in locals, no object and no
 * call but those that make a record.
 *
 *   node chain-fused.js <records> <steps>
 */
import { bidderOf, FIRST_MS, keyMaker, priceOf, tsOf } from './shuffle-records.js';

const keyOf = keyMaker(1_000);

/** A loop is called for so many records at a time: V8 makes faster code of what is called again than of what goes on. */
const SLICE = 65_536;

interface Sums {
  rows: number;
  sum: number;
  keys: number;
}

function oneStep(sums: Sums, first: number, end: number): void {
  let { rows, sum, keys } = sums;
  for (let i = first; i < end; i++) {
    rows++;
    sum += priceOf(i) * 0.908 + (tsOf(i) - FIRST_MS);
    keys = (keys + (keyOf(i) ^ bidderOf(i))) | 0;
  }
  Object.assign(sums, { rows, sum, keys });
}

function threeSteps(sums: Sums, first: number, end: number): void {
  let { rows, sum, keys } = sums;
  for (let i = first; i < end; i++) {
    const key = keyOf(i);
    if ((key & 7) === 3) continue;
    const bidder = bidderOf(i);
    rows++;
    sum += priceOf(i) * 0.908 + (tsOf(i) + 1_000 - FIRST_MS);
    keys = (keys + (key ^ bidder ^ bidder)) | 0;
  }
  Object.assign(sums, { rows, sum, keys });
}

function tenSteps(sums: Sums, first: number, end: number): void {
  let { rows, sum, keys } = sums;
  for (let i = first; i < end; i++) {
    let key = keyOf(i);
    if ((key & 7) === 3) continue;
    let price = priceOf(i) * 0.908;
    if (!(price < 1_340)) continue;
    let bidder = bidderOf(i);
    key ^= bidder;
    bidder &= 511;
    if ((bidder & 15) === 5) continue;
    key = (key + bidder) >> 1;
    if ((key & 7) === 6) continue;
    const ts = tsOf(i) + 993;
    price = (price + 0.5) * 1.25 - 2;
    bidder ^= 3;
    rows++;
    sum += price + (ts - FIRST_MS);
    keys = (keys + (key ^ bidder)) | 0;
  }
  Object.assign(sums, { rows, sum, keys });
}

const [records, steps] = process.argv.slice(2).map(Number);
const fused = { 1: oneStep, 3: threeSteps, 10: tenSteps }[steps as 1 | 3 | 10];
const startedMs = performance.now();
const sums: Sums = { rows: 0, sum: 0, keys: 0 };
for (let i = 0; i < records!; i += SLICE) fused(sums, i, Math.min(records!, i + SLICE));
const seconds = (performance.now() - startedMs) / 1e3;
const checksum = `${sums.rows}, ${sums.sum}, ${sums.keys}`;
process.stdout.write(`${JSON.stringify({ records, seconds, checksum })}\n`);
