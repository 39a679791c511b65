import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ManualClock } from '../../engine/base/clock.js';
import { burstOf, TokenBucket } from '../../engine/runtime/token-bucket.js';
import { randomRuns } from '../kit/random-rows.js';

const buckets = suite('token bucket');
const RUNS = randomRuns(200);
const CATCH_UP_MS = 100;

/** Records per second, from one in a quarter of a minute to a million. */
const rates = fc.double({ min: Math.log(0.07), max: Math.log(1e6), noNaN: true }).map(Math.exp);

/** A source that always has records and asks as soon as it is told to. */
function source(rate: number) {
  const clock = new ManualClock(1_000);
  const setting = { rate };
  const bucket = new TokenBucket(clock, () => setting.rate, CATCH_UP_MS);
  /** Each record that passed, by its time. */
  const passed: { readonly atMs: number; readonly count: number }[] = [];
  const runTo = (endMs: number, budget: number): void => {
    for (;;) {
      const allowed = bucket.allow(budget);
      if (allowed > 0) {
        bucket.spend(allowed);
        passed.push({ atMs: clock.monotonicMs(), count: allowed });
      } else if (bucket.waitUntilMs > endMs) {
        clock.advance(endMs - clock.monotonicMs());
        return;
      } else clock.advance(bucket.waitUntilMs - clock.monotonicMs());
    }
  };
  const countIn = (fromMs: number, toMs: number): number =>
    passed.reduce((sum, { atMs, count }) => (atMs >= fromMs && atMs <= toMs ? sum + count : sum), 0);
  return { clock, setting, bucket, passed, runTo, countIn };
}

/** Rounding of times in milliseconds. */
const SLACK = 1e-6;

buckets('rate/bucket: in any time no more than rate x t + burst, and no less than rate x t - burst', () => {
  fc.assert(
    fc.property(
      rates,
      fc.integer({ min: 1, max: 5000 }),
      fc.nat(1000),
      fc.nat(1000),
      (rate, budget, a, b) => {
        const { clock, passed, runTo, countIn } = source(rate);
        const lengthMs = Math.max(500, 20_000 / rate);
        runTo(clock.monotonicMs() + lengthMs, budget);
        const times = passed.map(({ atMs }) => atMs);
        const [from, to] = [times[a % times.length]!, times[b % times.length]!].sort((x, y) => x - y);
        const dueMs = to! - from!;
        const due = (rate * dueMs) / 1000;
        const burst = burstOf(rate, CATCH_UP_MS);
        assert.ok(
          countIn(from!, to!) <= due + burst + SLACK,
          `${countIn(from!, to!)} in ${dueMs} ms at ${rate}`,
        );
        // Waits are of a millisecond at least, and the bucket has room for what comes meanwhile.
        assert.ok(countIn(1_000, to!) >= (rate * (to! - 1_000)) / 1000 - burst - SLACK, 'none are withheld');
      },
    ),
    RUNS,
  );
});

buckets('rate/bucket: who was held back catches up with a burst and no more', () => {
  fc.assert(
    fc.property(rates, fc.integer({ min: 200, max: 60_000 }), (rate, pauseMs) => {
      const { clock, bucket } = source(rate);
      bucket.spend(bucket.allow(1));
      clock.advance(pauseMs);
      let count = 0;
      for (let allowed = bucket.allow(7); allowed > 0; allowed = bucket.allow(7)) {
        bucket.spend(allowed);
        count += allowed;
      }
      const gathered = Math.min(burstOf(rate, CATCH_UP_MS), (rate * pauseMs) / 1000);
      assert.ok(count <= gathered + SLACK && count > gathered - 1 - SLACK, `${count} of ${gathered}`);
    }),
    RUNS,
  );
});

buckets(
  'rate/at-once: a changed rate counts from the moment it is seen, and a waiter sees that it changed',
  () => {
    const { clock, setting, bucket, runTo, countIn } = source(0.07);
    runTo(2_000, 100);
    assert.is(countIn(0, 2_000), 1);
    assert.ok(bucket.waitUntilMs > 15_000, 'the next is a long way off');
    assert.is(bucket.hasChanged(), false);
    setting.rate = 1_000;
    assert.is(bucket.hasChanged(), true);
    runTo(3_000, 100);
    const between = countIn(2_000, 3_000);
    assert.ok(between >= 999 && between <= 1_001, `${between} in a second at 1000`);
    clock.advance(1_000);
    setting.rate = 10;
    runTo(5_000, 100);
    const slowed = countIn(3_000.001, 5_000);
    assert.ok(slowed >= 9 && slowed <= 11, `${slowed} in a second at 10: what gathered at 1000 is gone`);
    setting.rate = Number.POSITIVE_INFINITY;
    assert.is(bucket.allow(1 << 20), 1 << 20);
    bucket.spend(1 << 20);
    assert.is(bucket.hasChanged(), false);
    clock.advance(1_000);
    setting.rate = 10;
    clock.advance(1_000);
    assert.ok(bucket.allow(100) <= 1, 'nothing gathers while there is no limit');
  },
);

buckets.run();
