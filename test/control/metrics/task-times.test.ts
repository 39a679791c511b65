import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { job } from '../../../engine/api/job.js';
import { SYSTEM_CLOCK } from '../../../engine/base/clock.js';
import { discard } from '../../../engine/connectors/discard.js';
import { generate } from '../../../engine/connectors/generate.js';
import { start } from '../../../engine/control/engine.js';
import { InlineHost } from '../../../engine/control/inline-host.js';
import type { TaskMetrics } from '../../../engine/control/metrics/metrics.js';
import { AT_REST, timeRatios } from '../../../engine/control/metrics/time-ratios.js';
import { checkEndpoints, OutputCommit, planJob } from '../../../engine/control/prepared-job.js';
import type { Run } from '../../../engine/control/run.js';
import { systemThreadId, threadTimes } from '../../../engine/control/threads/thread-times.js';
import type { TaskTimes } from '../../../engine/memory/task-clock.js';
import { TASK_CLOCK, TASK_TIMES, TaskClock, TaskClockReader } from '../../../engine/memory/task-clock.js';
import { t } from '../../../engine/records/schema.js';
import { jobPath, later } from '../../kit/run-kit.js';

/** Where the time of tasks goes, on threads and on the inline host. */
const times = suite('task times');
const ENDLESS = jobPath('endless');
const Tick = t.record({ n: t.int64 });

/** Cores of a virtual machine tell times up to 0.05 ms apart; threads with clocks of their own would be tens of them. */
const CORES_APART_MS = 1;

const sumOf = (each: TaskTimes): number => TASK_TIMES.reduce((sum, name) => sum + each[`${name}Ms`], 0);
const isWhole = (each: TaskTimes): boolean =>
  Math.abs(sumOf(each) - each.elapsedMs) < 1e-6 && TASK_TIMES.every((name) => each[`${name}Ms`] >= 0);

/** Looks again until it holds, and at every look at the sums; the runner ends a test file that takes too long. */
async function until(run: Run, holds: (tasks: readonly TaskMetrics[]) => boolean): Promise<void> {
  for (;;) {
    const { tasks, elapsedMs } = run.metrics();
    for (const { name, times } of tasks) {
      assert.ok(isWhole(times), `${name}: ${JSON.stringify(times)}`);
      assert.ok(times.elapsedMs <= elapsedMs, 'a task is younger than its run');
    }
    if (holds(tasks)) return;
    await later(5);
  }
}

times(
  'clock/one-base: what another thread reads lies between what this one reads before and after',
  async () => {
    const words = new Int32Array(new SharedArrayBuffer(16));
    const read = new Float64Array(words.buffer, 8, 1);
    const clock = new URL('../../../engine/base/clock.js', import.meta.url).href;
    const code = `const { workerData } = require('node:worker_threads');
    globalThis.CHECKED = true;
    import(${JSON.stringify(clock)}).then(({ SYSTEM_CLOCK }) => {
      const words = new Int32Array(workerData), read = new Float64Array(workerData, 8, 1);
      for (let round = 1; ; round++) {
        Atomics.wait(words, 0, round - 1);
        if (Atomics.load(words, 0) < 0) return;
        read[0] = SYSTEM_CLOCK.monotonicMs();
        Atomics.store(words, 1, round);
        Atomics.notify(words, 1);
      }
    });`;
    const worker = new Worker(code, { eval: true, workerData: words.buffer });
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    for (let round = 1; round <= 100; round++) {
      const before = SYSTEM_CLOCK.monotonicMs();
      Atomics.store(words, 0, round);
      Atomics.notify(words, 0);
      if (round === 1)
        while (Atomics.load(words, 1) === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      Atomics.wait(words, 1, round - 1);
      const after = SYSTEM_CLOCK.monotonicMs();
      const isBetween = before - CORES_APART_MS <= read[0]! && read[0]! <= after + CORES_APART_MS;
      assert.ok(isBetween, `${before} <= ${read[0]} <= ${after}`);
    }
    Atomics.store(words, 0, -1);
    Atomics.notify(words, 0);
    await ended;
  },
);

times(
  'clock/sum: a function that never comes back is seen to be busy, and who waits for it idle',
  async () => {
    const run = await start(ENDLESS, { parallelism: 1, params: { mischief: 'loop' } });
    await until(run, ([source]) => source!.times.state === 'busy' && source!.recordsIn > 0);
    let stuckAt = -1;
    await until(run, ([source, sink]) => {
      if (source!.loops !== stuckAt) {
        stuckAt = source!.loops;
        return false;
      }
      return source!.times.busyMs > 500 && source!.times.state === 'busy' && sink!.times.idleMs > 300;
    });
    const [before] = run.metrics().tasks;
    await until(run, ([source]) => source!.times.busyMs > before!.times.busyMs + 50);
    const [source, sink] = run.metrics().tasks;
    assert.is(source!.loops, before!.loops, 'its loop has not turned');
    assert.equal([source!.times.state, sink!.times.state], ['busy', 'idle']);
    await run.cancel();
  },
);

times('a sink with a rate is held back by it, and what feeds the sink is backpressured', async () => {
  const run = await start(ENDLESS, { parallelism: 1, params: { sinkRate: 20_000 } });
  await until(run, ([source, sink]) => source!.softBackpressuredRatio > 0.6 && sink!.rateLimitedRatio > 0.6);
  await until(run, ([source]) => source!.times.longestSoftMs < source!.times.softBackpressuredMs);
  const [feeder, fed] = run.metrics().tasks;
  assert.equal([feeder!.input, fed!.output], [null, null]);
  // Those of one moment, which may be that after the sink took a buffer.
  await until(run, ([source]) => source!.output!.queuedBuffers > 0 && source!.output!.poolUsage > 0.5);
  await until(run, ([, sink]) => sink!.input!.queuedBuffers > 0 && sink!.input!.poolUsage > 0.5);
  const { tasks, vertices } = run.metrics(); // of one look: the next may be over another time
  assert.is(vertices[0]!.backpressuredRatioMax, tasks[0]!.backpressuredRatio);
  const summary = await run.stop();
  for (const task of summary.tasks) {
    assert.ok(task.busyMs > 0);
    assert.is(task.backpressuredMs, task.softBackpressuredMs + task.hardBackpressuredMs);
    assert.ok(task.longestSoftMs <= task.softBackpressuredMs);
  }
});

times('a source with a rate is held back by it, and what it feeds is idle', async () => {
  const run = await start(ENDLESS, { parallelism: 1, params: { sourceRate: 100 } });
  await until(run, ([source, sink]) => source!.rateLimitedRatio > 0.6 && sink!.idleRatio > 0.6);
  await run.stop();
});

times(
  'clock/sum: on the inline host the time of every task is that of its clock, whatever the rates',
  async () => {
    const settings = fc.record({
      seed: fc.nat({ max: 1e6 }),
      parallelism: fc.integer({ min: 1, max: 3 }),
      count: fc.integer({ min: 0, max: 80 }),
      sourceRate: fc.constantFrom(0, 1, 7, 50, 1e6),
      sinkRate: fc.constantFrom(0, 3, 40),
    });
    const property = fc.asyncProperty(
      settings,
      async ({ seed, parallelism, count, sourceRate, sinkRate }) => {
        const subject = job('paced', (flow) => {
          const pace = sourceRate > 0 ? { ratePerSecond: sourceRate } : {};
          flow
            .from(generate({ schema: Tick, count, make: (n) => ({ n }), ...pace }))
            .keyBy('n')
            .reduce((_, b) => b)
            .to(discard(sinkRate > 0 ? { ratePerSecond: sinkRate } : {}));
        });
        const values = {
          'parallelism.default': parallelism,
          'taskmanager.memory.segment-size': '256 bytes',
          'taskmanager.network.memory.max-buffers-per-channel': 1,
        };
        const planned = planJob(subject, {
          params: {},
          inputs: {},
          optionLayers: [{ origin: 'test', values }],
        });
        const prepared = await checkEndpoints(planned);
        const host = new InlineHost(prepared, seed, 'paced');
        await host.run(new OutputCommit(prepared.sinks, 'paced'));
        const all = Array.from({ length: 2 * parallelism }, (_, task) => host.timesOf(task));
        const sources = all.slice(0, parallelism);
        const sinks = all.slice(parallelism);
        for (const each of all) {
          assert.ok(isWhole(each), JSON.stringify(each));
          assert.equal(
            [each.busyMs, each.hardBackpressuredMs, each.state],
            [0, 0, null],
            'nobody works while time passes',
          );
        }
        const last = sourceRate > 0 && count > 0 ? ((count - 1) / sourceRate) * 1000 : 0;
        if (sinkRate === 0)
          for (const each of sources) {
            assert.is(each.softBackpressuredMs, 0);
            assert.ok(each.rateLimitedMs <= last + 2 + 1e-6, `${each.rateLimitedMs} of ${last}`);
          }
        if (sinkRate === 0)
          assert.ok(Math.max(...sources.map(({ rateLimitedMs }) => rateLimitedMs)) >= last - 1e-6);
        if (sinkRate === 0)
          for (const each of sinks) assert.ok(Math.abs(each.idleMs - each.elapsedMs) < 1e-6);
        if (sourceRate === 0) for (const each of sources) assert.is(each.rateLimitedMs, 0);
      },
    );
    await fc.assert(property, { numRuns: 40, verbose: 1 });
  },
);

times('ratios are of the time between two samples, and of the whole life without one', () => {
  const words = new Int32Array(new SharedArrayBuffer(TASK_CLOCK.BYTES));
  const [clock, reader] = [new TaskClock(words, 0), new TaskClockReader(words, 0)];
  const at = (ms: number, onCoreMs: number, awaitingCoreMs: number) => ({
    times: reader.read(ms),
    thread: { onCoreMs, awaitingCoreMs },
  });
  assert.equal(timeRatios(at(0, 0, 0), at(0, 0, 0)), AT_REST);
  clock.begin(0);
  clock.waitHard(60);
  const then = at(100, 50, 10);
  clock.work(125);
  const now = at(200, 100, 30);
  const expected = { ...AT_REST, busyRatio: 0.75, backpressuredRatio: 0.25, hardBackpressuredRatio: 0.25 };
  assert.equal(timeRatios(now, then), { ...expected, onCoreRatio: 0.5, awaitingCoreRatio: 0.2 });
  assert.equal(
    timeRatios({ ...now, thread: null }, then),
    expected,
    'no split where the system does not tell',
  );
  assert.is(timeRatios(now, now).busyRatio, (60 + 75) / 200);
});

const isLinux = process.platform === 'linux';

times('on Linux a thread knows its number, and what it was on a core is told; elsewhere nothing is', () => {
  const id = systemThreadId();
  if (!isLinux) return assert.equal([id, threadTimes(id)], [0, null]);
  assert.is(id, process.pid, 'the first thread of a process has its number');
  const before = threadTimes(id)!;
  const spunFrom = process.cpuUsage();
  while (threadTimes(id)!.onCoreMs - before.onCoreMs < 20);
  const spun = process.cpuUsage(spunFrom);
  assert.ok((spun.user + spun.system) / 1000 > 10, 'the process counts that time too');
  assert.equal([threadTimes(0), threadTimes(2 ** 30)], [null, null]);
  assert.match(readFileSync('/proc/self/task/' + id + '/schedstat', 'latin1'), /^\d+ \d+ \d+/);
});

times('on Linux busy is split into being on a core and waiting for one', async () => {
  const run = await start(ENDLESS, { parallelism: 1 });
  await until(run, (tasks) => tasks.every(({ onCoreRatio }) => isLinux === (onCoreRatio !== undefined)));
  await until(run, ([source]) => !isLinux || source!.onCoreRatio! + source!.awaitingCoreRatio! > 0.2);
  await run.cancel();
  assert.ok(
    run.metrics().tasks.every(({ onCoreRatio }) => onCoreRatio === undefined),
    'their threads are gone',
  );
});

times.run();
