import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ManualClock } from '../../engine/base/clock.js';
import { start } from '../../engine/control/engine.js';
import { LatencyMarkers, SourceMarkers } from '../../engine/runtime/latency-markers.js';
import { TokenBucket } from '../../engine/runtime/token-bucket.js';
import { randomRuns } from '../kit/random-rows.js';
import { jobPath, until } from '../kit/run-kit.js';

const markers = suite('latency markers');
const RUNS = randomRuns(200);

markers(
  'latency/scheduled: the markers of a source are those of its schedule, however it was held back',
  () => {
    const given = fc.record({
      rate: fc.integer({ min: 1, max: 50_000 }),
      intervalMs: fc.integer({ min: 1, max: 50 }),
      // How long nobody asks, and how many records are then wanted at most.
      turns: fc.array(
        fc.tuple(fc.double({ min: 0, max: 400, noNaN: true }), fc.integer({ min: 1, max: 5_000 })),
        {
          minLength: 1,
          maxLength: 60,
        },
      ),
    });
    fc.assert(
      fc.property(given, ({ rate, intervalMs, turns }) => {
        const clock = new ManualClock(1_000);
        const bucket = new TokenBucket(clock, () => rate, 3_600_000);
        const seen: number[] = [];
        const line = { note: (dueMs: number) => seen.push(dueMs) };
        const source = new SourceMarkers(new LatencyMarkers(line as never, [], clock), bucket, intervalMs);
        let passed = 0;
        for (const [pauseMs, wanted] of turns) {
          clock.advance(pauseMs);
          for (let allowed = bucket.allow(wanted); allowed > 0; allowed = bucket.allow(wanted)) {
            const piece = source.limit(allowed);
            assert.ok(piece >= 1 && piece <= allowed);
            bucket.spend(piece);
            passed += piece;
            source.follow();
          }
        }
        const expected: number[] = [];
        const beganMs = 1_000 + turns[0]![0]; // the first record is due when somebody first asks
        let slotMs = Number.NEGATIVE_INFINITY;
        for (let i = 0; i < passed; i++) {
          const dueMs = beganMs + (i * 1_000) / rate;
          if (dueMs < slotMs - TIE_MS) continue;
          expected.push(dueMs);
          slotMs = slotMs + intervalMs > dueMs ? slotMs + intervalMs : dueMs + intervalMs;
        }
        assert.ok(
          Math.abs(seen.length - expected.length) <= 1,
          `${seen.length} markers for ${expected.length}`,
        );
        const worst = Math.max(
          ...expected.map((dueMs) => Math.min(...seen.map((at) => Math.abs(at - dueMs)))),
        );
        assert.ok(worst <= 1_000 / rate + TIE_MS, `a marker is ${worst} ms off at ${rate} a second`);
      }),
      RUNS,
    );
  },
);

/** Rounding decides whether a record is due at a slot or just before it. */
const TIE_MS = 1e-6;

markers('latency/scheduled: without a rate a record is due when it passes', () => {
  const clock = new ManualClock(500);
  const bucket = new TokenBucket(clock, () => Number.POSITIVE_INFINITY, 100);
  const seen: number[] = [];
  const line = { note: (dueMs: number, nowMs: number) => seen.push(dueMs, nowMs) };
  const source = new SourceMarkers(new LatencyMarkers(line as never, [], clock), bucket, 10);
  for (let k = 0; k < 5; k++) {
    assert.is(source.limit(bucket.allow(64)), 64);
    source.follow();
    clock.advance(5);
  }
  assert.equal(seen, [500, 500, 510, 510, 520, 520]);
});

markers(
  'latency/in-band: markers come to the sinks of a run that asks for them, and of no other',
  async () => {
    for (const interval of [1, 0]) {
      const run = await start(jobPath('endless'), {
        parallelism: 2,
        params: { sourceRate: 20_000 },
        options: { 'metrics.latency.interval': `${interval} ms` },
      });
      const sinks = () => run.metrics().tasks.filter(({ output }) => output === null);
      await until(() => sinks().every(({ recordsIn }) => recordsIn > 2_000));
      if (interval === 0) assert.ok(run.metrics().tasks.every(({ latency }) => latency === undefined));
      else await until(() => sinks().every(({ latency }) => (latency?.markers ?? 0) > 20));
      for (const { latency, output } of run.metrics().tasks) {
        assert.ok(latency === undefined || (latency.p50Ms <= latency.p99Ms && latency.maxMs > 0));
        assert.ok(latency === undefined || output === null, 'only where they end markers count');
      }
      await run.cancel();
    }
  },
);

markers.run();
