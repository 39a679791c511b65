import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { count, max, mean, sum, windowEnd, windowStart } from '../../engine/api/aggregates.js';
import { job } from '../../engine/api/job.js';
import { sliding } from '../../engine/api/windows.js';
import { Prng } from '../../engine/base/prng.js';
import { t } from '../../engine/records/schema.js';
import { runInline } from '../../engine/testing/run-inline.js';
import { WindowOracle } from '../kit/window-oracle.js';

/** Whole jobs with windows that overlap, over tiny segments, against a plain loop over the same rows. */
const windows = suite('sliding windows');

const Event = t.record({ at: t.timestamp, user: t.string, amount: t.int32 });
type Event = typeof Event.row;

const OUT_OF_ORDER_MS = 300;
const shape = { sizeMs: 1_000, slideMs: 300, offsetMs: 100, latenessMs: 0 };

function events(seed: number, length: number): Event[] {
  const prng = new Prng(seed);
  return Array.from({ length }, (_, i) => ({
    at: -2_000 + i * 5 + prng.below(OUT_OF_ORDER_MS),
    user: `user-${prng.below(9)}`,
    amount: prng.below(1_000) - 500,
  }));
}

const sorted = (rows: readonly object[]): string[] => rows.map((row) => JSON.stringify(row)).sort();

windows('no row within the bound is late, and every window is a plain loop over its rows', async () => {
  const rows = events(11, 900);
  const subject = job('sliding', { inputs: { events: Event } }, ({ events }) => {
    const windowed = events
      .eventTime('at', { outOfOrderness: `${BigInt(OUT_OF_ORDER_MS)}ms` })
      .keyBy('user')
      .window(sliding('1s', '300ms', { offset: '100ms' }));
    return {
      aggregated: windowed.aggregate({
        ...{ start: windowStart(), end: windowEnd(), n: count() },
        ...{ total: sum('amount'), most: max('amount'), average: mean('amount') },
      }),
      reduced: windowed.reduce((a, b) => ({ ...b, amount: a.amount + b.amount, at: Math.min(a.at, b.at) })),
    };
  });
  const oracle = new WindowOracle<Event>(
    shape,
    ({ at }) => at,
    ({ user }) => user,
  );
  for (const row of rows) oracle.add(row);
  const contents = oracle.watermark(Number.POSITIVE_INFINITY);
  const total = (all: readonly Event[]): number => all.reduce((sum, { amount }) => sum + amount, 0);
  const aggregated = contents.map(({ startMs, endMs, rows: all }) => ({
    ...{ user: all[0]!.user, start: startMs, end: endMs, n: all.length, total: total(all) },
    ...{ most: Math.max(...all.map(({ amount }) => amount)), average: total(all) / all.length },
  }));
  const reduced = contents.map(({ rows: all }) => ({
    ...{ at: Math.min(...all.map(({ at }) => at)), user: all[0]!.user, amount: total(all) },
  }));
  for (const parallelism of [1, 2, 3]) {
    const options = { 'taskmanager.memory.segment-size': '512 bytes' };
    const inputs = { events: rows };
    const got = await runInline(subject, { inputs, parallelism, seed: parallelism * 7, options });
    const where = `parallelism ${parallelism}`;
    assert.equal(sorted(got.aggregated), sorted(aggregated), where);
    assert.equal(sorted(got.reduced), sorted(reduced), where);
  }
});

windows('windows of so many keys that slices are flipped in parts count each row once', async () => {
  const [keys, seconds] = [6_000, 10];
  const Tick = t.record({ at: t.timestamp, key: t.int32 });
  const rows = Array.from({ length: keys * seconds }, (_, i) => ({
    at: Math.floor(i / keys) * 1_000,
    key: i % keys,
  }));
  const subject = job('ticks', { inputs: { ticks: Tick } }, ({ ticks }) => ({
    counts: ticks
      .eventTime('at')
      .keyBy('key')
      .window(sliding('7s', '1s'))
      .aggregate({ end: windowEnd(), n: count() }),
  }));
  const { counts } = await runInline(subject, { inputs: { ticks: rows } });
  const wrong = counts.filter(({ end, n }) => n !== Math.min(end / 1_000, 7, seconds - end / 1_000 + 7));
  assert.equal(wrong.slice(0, 3), []);
  assert.is(counts.length, keys * (seconds + 6));
});

windows.run();
