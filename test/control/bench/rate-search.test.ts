import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { searchRate } from '../../../engine/control/bench/rate-search.js';
import { isHeld, type LagSample } from '../../../engine/control/bench/schedule-lag.js';
import { spreadOf } from '../../../engine/control/bench/spread.js';
import { randomRuns } from '../../kit/random-rows.js';

const searches = suite('rate search');
const RUNS = randomRuns(300);

/** Records per second, from few to very many. */
const rates = fc.double({ min: Math.log(1), max: Math.log(1e8), noNaN: true }).map(Math.exp);

/**
 * A system of known capacity before which records queue, stepped a millisecond at a time by a plain loop. It pauses now
 * and then, and after a pause works off what has queued at its capacity.
 */
function lagOf(rate: number, capacity: number, windowMs: number, pauses: ReadonlySet<number>): LagSample[] {
  const samples: LagSample[] = [];
  let queued = 0;
  for (let ms = 0; ms < windowMs; ms++) {
    queued += rate / 1_000;
    if (!pauses.has(ms)) queued -= Math.min(queued, capacity / 1_000);
    if (ms % 25 === 0) samples.push({ atMs: 5_000 + ms, lagMs: (queued * 1_000) / rate });
  }
  return samples;
}

const NO_PAUSE: ReadonlySet<number> = new Set();

searches('what is below the capacity is held, and what is above is not, whatever the units', () => {
  fc.assert(
    fc.property(rates, fc.double({ min: 0.01, max: 0.999, noNaN: true }), (capacity, share) => {
      assert.ok(isHeld(lagOf(capacity * share, capacity, 2_000, NO_PAUSE)), 'below');
      assert.not.ok(isHeld(lagOf(capacity * (1.03 + share), capacity, 2_000, NO_PAUSE)), 'above');
    }),
    RUNS,
  );
});

searches('one pause that is made up for does not matter, and a lag that falls is held', () => {
  const pause = new Set(Array.from({ length: 60 }, (_, k) => 900 + k));
  assert.ok(isHeld(lagOf(900, 1_000, 2_000, pause)));
  const falling = lagOf(900, 1_000, 2_000, NO_PAUSE).map(({ atMs }, k) => ({ atMs, lagMs: 500 - k }));
  assert.ok(isHeld(falling));
  const growing = falling.map(({ atMs, lagMs }) => ({ atMs, lagMs: 1_000 - lagMs }));
  assert.not.ok(isHeld(growing));
});

searches('a lag of a few milliseconds is none: no thread wakes at once', () => {
  assert.ok(isHeld([0, 1, 2, 3, 4, 5].map((lagMs) => ({ atMs: 10 * lagMs, lagMs }))));
});

searches('the search comes within a few percent below the capacity, from any guess near it', async () => {
  await fc.assert(
    fc.asyncProperty(rates, fc.double({ min: 0.3, max: 3, noNaN: true }), async (capacity, share) => {
      const tried: number[] = [];
      const { heldPerSecond, trials } = await searchRate(capacity * share, async (perSecond) => {
        tried.push(perSecond);
        return isHeld(lagOf(perSecond, capacity, 1_000, NO_PAUSE));
      });
      assert.equal(
        trials.map(({ perSecond }) => perSecond),
        tried,
      );
      assert.ok(
        heldPerSecond !== null && heldPerSecond <= capacity * 1.02,
        `${heldPerSecond} of ${capacity}`,
      );
      assert.ok(heldPerSecond >= capacity * 0.96, `${heldPerSecond} of ${capacity}`);
      assert.ok(tried.length <= 14, `${tried.length} trials`);
    }),
    RUNS,
  );
});

searches('the search ends where nothing is held, and where everything is', async () => {
  const none = await searchRate(1_000, async () => false);
  assert.equal([none.heldPerSecond, none.trials.length], [null, 14]);
  assert.ok(none.trials.every(({ perSecond }, k, all) => k === 0 || perSecond < all[k - 1]!.perSecond));
  const all = await searchRate(1_000, async () => true);
  assert.is(all.heldPerSecond, all.trials.at(-1)!.perSecond);
});

searches('answers that contradict each other end the search too, at a rate that was held', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.boolean(), { minLength: 14, maxLength: 14 }), async (answers) => {
      const left = [...answers];
      const { heldPerSecond, trials } = await searchRate(500, async () => left.shift()!);
      const held = trials.filter(({ isHeld: was }) => was).map(({ perSecond }) => perSecond);
      assert.is(heldPerSecond, held.length === 0 ? null : Math.max(...held));
    }),
    RUNS,
  );
});

searches('the spread is median, lowest and highest', () => {
  assert.equal(spreadOf([3, 1, 2]), { median: 2, low: 1, high: 3 });
  assert.equal(spreadOf([4, 1, 2, 3]), { median: 2.5, low: 1, high: 4 });
  assert.throws(() => spreadOf([]));
});

searches.run();
