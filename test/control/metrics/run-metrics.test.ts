import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { start } from '../../../engine/control/engine.js';
import { metricRow, TASK_METRICS } from '../../../engine/control/metrics/metric-catalogue.js';
import type { Metrics, MetricsWindow } from '../../../engine/control/metrics/metrics.js';
import type { Run } from '../../../engine/control/run.js';
import { jobPath, later } from '../../kit/run-kit.js';

/** The figures of a run over windows of different length. */
const metrics = suite('run metrics');
const ENDLESS = jobPath('endless');

/** Looks again until it holds; the runner ends a test file that takes too long. */
async function until(run: Run, window: MetricsWindow, holds: (of: Metrics) => boolean): Promise<Metrics> {
  for (;;) {
    const now = run.metrics(window);
    if (holds(now)) return now;
    await later(20);
  }
}

metrics('the short window forgets what the long one still has', async () => {
  const run = await start(ENDLESS, { parallelism: 1, params: { sinkRate: 20_000 } });
  await until(
    run,
    '1s',
    ({ tasks }) => tasks[0]!.backpressuredRatio > 0.9 && tasks[1]!.rateLimitedRatio > 0.9,
  );
  const [source] = Object.values(run.sources);
  source!.setRate(100);
  const isCalm = ({ tasks }: Metrics): boolean => tasks[0]!.backpressuredRatio < 0.1;
  const short = await until(run, '1s', isCalm);
  const long = run.metrics('60s');
  assert.ok(short.windowMs < 2_500, `${short.windowMs}`);
  assert.ok(long.windowMs > short.windowMs, `${long.windowMs}`);
  assert.ok(!isCalm(long), 'a minute ago there was no run, so its whole life counts');
  for (const { tasks } of [short, long]) {
    for (const { busyRatio, idleRatio, backpressuredRatio, asyncRatio, rateLimitedRatio } of tasks) {
      const sum = busyRatio + idleRatio + backpressuredRatio + asyncRatio + rateLimitedRatio;
      assert.ok(Math.abs(sum - 1) < 1e-6, `${sum}`);
    }
  }
  await run.cancel();
});

metrics('rates are what was counted over the window', async () => {
  const run = await start(ENDLESS, { parallelism: 1, params: { sourceRate: 5_000 } });
  const { tasks } = await until(run, '1s', (now) => now.windowMs >= 950 && now.elapsedMs > 2_000);
  for (const each of tasks) {
    assert.ok(Math.abs(each.recordsInPerSecond - 5_000) < 1_500, `${each.recordsInPerSecond}`);
    assert.ok(Math.abs(each.recordsOutPerSecond - 5_000) < 1_500, `${each.recordsOutPerSecond}`);
  }
  assert.ok(tasks[0]!.bytesOutPerSecond > 0 && tasks[1]!.buffersInPerSecond > 0);
  await run.cancel();
});

metrics('a thread tells its heap and its collections, and both are in the summary', async () => {
  const run = await start(ENDLESS, { parallelism: 1, params: { mischief: 'garbage' } });
  const busy = await until(run, '1s', ({ tasks }) => tasks[0]!.gcCount > 3);
  assert.ok(busy.tasks[0]!.gcMs > 0 && busy.tasks[0]!.heapBytes > 1e6);
  assert.ok(busy.tasks[0]!.gcMs < busy.elapsedMs);
  const { tasks } = await run.stop();
  assert.ok(tasks[0]!.gcCount >= busy.tasks[0]!.gcCount && tasks[0]!.heapBytes > 1e6);
});

metrics('counters of the catalogue only grow, and shares of time add up to a second', async () => {
  const run = await start(ENDLESS, { parallelism: 2 });
  const first = await until(run, '1s', ({ tasks }) => tasks.every(({ recordsIn }) => recordsIn > 0));
  const second = await until(run, '1s', ({ tasks }) => tasks[0]!.recordsIn > first.tasks[0]!.recordsIn + 1e5);
  const states = ['busy', 'idle', 'backPressured', 'async', 'rateLimited'] as const;
  for (const [task, now] of second.tasks.entries()) {
    for (const [id, { kind, of }] of Object.entries(TASK_METRICS)) {
      const [before, after] = [of(first.tasks[task]!), of(now)];
      assert.ok(after === null || Number.isFinite(after), `${id}: ${after}`);
      if (kind === 'counter' && before !== null)
        assert.ok(after! >= before, `${id}: ${before}, then ${after}`);
    }
    const sum = states.reduce((all, state) => all + metricRow(`${state}TimeMsPerSecond`)!.of(now)!, 0);
    assert.ok(Math.abs(sum - 1_000) < 1e-3, `${sum}`);
  }
  assert.is(metricRow('toString'), null);
  await run.cancel();
});

metrics.run();
