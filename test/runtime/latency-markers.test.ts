import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ManualClock } from '../../engine/base/clock.js';
import { launch } from '../../engine/control/engine.js';
import type { LatencyMetrics, TaskMetrics } from '../../engine/control/metrics/metrics.js';
import { LatencyMarkers, SourceMarkers } from '../../engine/runtime/latency-markers.js';
import { TokenBucket } from '../../engine/runtime/token-bucket.js';
import { ofSource } from '../kit/latency-kit.js';
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
        const passing = new LatencyMarkers(ofSource(line), [], clock);
        const source = new SourceMarkers(passing, 0, bucket, intervalMs);
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
  const source = new SourceMarkers(new LatencyMarkers(ofSource(line), [], clock), 0, bucket, 10);
  for (let k = 0; k < 5; k++) {
    assert.is(source.limit(bucket.allow(64)), 64);
    source.follow();
    clock.advance(5);
  }
  assert.equal(seen, [500, 500, 510, 510, 520, 520]);
});

markers(
  'latency/residence: a marker is in the exchange until its buffer is read, and then in the chain',
  () => {
    const clock = new ManualClock(100);
    const noted: string[] = [];
    const names = ['exchange', 'chain', 'source 0', 'source 1'];
    const lines = names.map((name) => ({
      note: (fromMs: number, toMs: number) => noted.push(`${name} ${fromMs}..${toMs}`),
    }));
    const sent: (readonly number[])[] = [];
    const emitter = { emit: (...marker: readonly number[]) => sent.push(marker) };
    const passing = new LatencyMarkers(lines as never, [emitter as never, emitter as never], clock);
    passing.reads();
    clock.advance(7);
    passing.pass(1, 60, 90);
    clock.advance(1);
    passing.begin(0, 80);
    assert.equal(noted, [
      ...['exchange 90..100', 'chain 100..107', 'source 1 60..107'],
      ...['chain 80..108', 'source 0 80..108'],
    ]);
    assert.equal(sent, [[1, 60, 107], [1, 60, 107], [0, 80, 108], [0, 80, 108]]); // biome-ignore format: rows
  },
);

markers(
  'latency/in-band, latency/residence: all parts of the way add up to the whole, over all markers of a run',
  async () => {
    for (const interval of [1, 0]) {
      const { run, planned } = await launch(
        jobPath('endless'),
        {
          parallelism: 2,
          params: { sourceRate: 20_000 },
          options: { 'metrics.latency.interval': `${interval} ms` },
        },
        null,
      );
      const sinks = () => run.metrics().tasks.filter(({ output }) => output === null);
      await until(() => sinks().every(({ recordsIn }) => recordsIn > 2_000));
      if (interval === 0) assert.ok(run.metrics().tasks.every(({ latency }) => latency === undefined));
      else await until(() => sinks().every(({ latency }) => (latency?.markers ?? 0) > 20));
      await run.stop();
      if (interval === 0) continue;
      const { tasks } = run.metrics();
      const total = (of: (task: TaskMetrics) => LatencyMetrics | null | undefined): number =>
        tasks.reduce((sum, task) => sum + (of(task)?.markers ?? 0) * (of(task)?.meanMs ?? 0), 0);
      const whole = total(({ latency, output }) => (output === null ? latency : null));
      const parts = total((task) => task.residence?.chain) + total((task) => task.residence?.exchange);
      assert.ok(Math.abs(parts - whole) < 1e-6 * whole, `${parts} ms of ${whole} ms`);
      const [source] = planned.blueprint.readerVertices;
      for (const { latency, latencies, residence, input } of tasks) {
        assert.equal(
          latencies!.map((each) => each.source),
          [source!.id],
        );
        assert.is(residence!.exchange === null, input === null, 'a source has no exchange before it');
        const { minMs, p50Ms, p99Ms, p999Ms, maxMs, meanMs } = latency!;
        assert.ok(0 <= minMs && minMs <= p50Ms && p50Ms <= p99Ms && p99Ms <= p999Ms && p999Ms <= maxMs);
        assert.ok(minMs <= meanMs && meanMs <= maxMs && maxMs > 0);
      }
    }
  },
);

markers.run();
