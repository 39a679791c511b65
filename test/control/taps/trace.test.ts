import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { SYSTEM_CLOCK } from '../../../engine/base/clock.js';
import { start } from '../../../engine/control/engine.js';
import { RunTrace } from '../../../engine/control/taps/run-trace.js';
import { openTaskTaps } from '../../../engine/control/taps/task-taps.js';
import { CHANNELS_MAX, COLLECTED, READ, SENT } from '../../../engine/control/taps/trace-entries.js';
import { TraceEvents } from '../../../engine/control/taps/trace-events.js';
import { ControlArena, createControlArena } from '../../../engine/memory/control-arena.js';
import { IDLE, TASK_TIMES } from '../../../engine/memory/task-clock.js';
import { randomRuns } from '../../kit/random-rows.js';
import { failureOf, jobPath, rowsOf, until } from '../../kit/run-kit.js';
import { checkTrace, type TraceEvent } from '../../kit/trace-kit.js';

const traces = suite('trace');
const folder = mkdtempSync(join(tmpdir(), 'sluice-test-trace-'));
traces.after(() => rmSync(folder, { recursive: true }));

const NAMES = ['source (0)', 'sink "é" (0)'];
const ofPhase = (events: readonly TraceEvent[], ...phases: readonly string[]): readonly TraceEvent[] =>
  events.filter(({ ph }) => phases.includes(ph));

traces('whatever tasks tell, the file keeps the rules of its format, and no slice is lost', () => {
  // How long a task is in a state, and how many buffers it sends and reads in it.
  const periods = fc.array(
    fc.record({
      state: fc.integer({ min: 1, max: TASK_TIMES.length }),
      ms: fc.double({ min: 0, max: 5, noNaN: true }),
      sends: fc.integer({ min: 0, max: 3 }),
      isCollected: fc.boolean(),
    }),
    { maxLength: 40 },
  );
  fc.assert(
    fc.property(fc.tuple(periods, periods), fc.double({ min: 0, max: 1e7, noNaN: true }), (given, zeroMs) => {
      const traced = new TraceEvents('a job', NAMES, zeroMs);
      let text = '';
      let slices = 0;
      let arrows = 0;
      for (const [task, each] of given.entries()) {
        let nowMs = zeroMs + 1;
        for (const { state, ms, sends, isCollected } of each) {
          for (let k = 0; k < sends; k++) {
            traced.add(task, SENT, nowMs, task, arrows);
            traced.add(task, READ, nowMs + ms, task, arrows++);
          }
          if (isCollected) traced.add(task, COLLECTED, nowMs, nowMs + ms / 3, 4);
          traced.add(task, state, nowMs, nowMs + ms, 0);
          nowMs += ms;
          slices++;
        }
        traced.sample(nowMs, [
          { input: null, output: { queuedBuffers: 3, poolUsage: 0.5 } },
          { input: null, output: null },
        ]);
        text += traced.take();
      }
      assert.is(traced.end(zeroMs + 1, 0), null, 'nothing was left out');
      const { events } = checkTrace(text + traced.take() + TraceEvents.END);
      assert.is(events.filter(({ cat }) => cat === 'task').length, slices);
      assert.is(ofPhase(events, 's').length, arrows);
      assert.is(ofPhase(events, 'f').length, arrows);
      assert.equal(ofPhase(events, 'C')[0]!.args, { out: 3 });
    }),
    randomRuns(40),
  );
});

traces('a file has an end: first arrows are left out, then slices, and it says how many of each', () => {
  const bytesMax = 20_000;
  const traced = new TraceEvents('a', NAMES, 0, bytesMax);
  for (let ms = 0; ms < 1_000; ms++) {
    traced.add(0, SENT, ms, CHANNELS_MAX + 1, ms);
    traced.add(0, 1, ms, ms + 1, 0);
  }
  const left = traced.end(1_000, 7)!;
  const text = traced.take() + TraceEvents.END;
  assert.ok(text.length < bytesMax + 500, `${text.length} bytes`);
  const { events } = checkTrace(text);
  const [slices, arrows] = [ofPhase(events, 'X').length, ofPhase(events, 's').length];
  assert.ok(slices > arrows && arrows > 10);
  assert.is(
    left,
    `${1_000 - arrows} buffers, ${1_000 - slices} slices and counters, 7 entries that came too fast`,
  );
  assert.equal(
    ofPhase(events, 'i').map(({ name }) => name),
    [`left out: ${left}`],
  );
});

traces(
  'of a run on threads, slices are where its clocks say that time went, and arrows are its buffers',
  async () => {
    const path = join(folder, 'run.json');
    const run = await start(jobPath('endless'), {
      parallelism: 2,
      params: { sinkRate: 40_000, mischief: 'garbage' },
      trace: path,
    });
    await until(() =>
      run
        .metrics()
        .tasks.every(({ buffersIn, buffersOut, gcCount }) => buffersIn + buffersOut > 20 && gcCount > 0),
    );
    const summary = await run.stop();
    assert.equal(summary.trace, { path, leftOut: null });
    const { events, slices } = checkTrace(readFileSync(path, 'utf8'));
    for (const task of run.metrics().tasks) {
      const own = slices.get(`${task.name} (${task.subtask})`)!;
      const msOf = (name: string): number =>
        own.reduce((sum, slice) => (slice.name === name ? sum + slice.dur / 1_000 : sum), 0);
      const { times } = task;
      const told = {
        busy: times.busyMs,
        idle: times.idleMs,
        backpressured: times.softBackpressuredMs,
        'backpressured inside a record': times.hardBackpressuredMs,
        'waits for a promise': times.asyncMs,
        'rate limited': times.rateLimitedMs,
      };
      for (const [name, ms] of Object.entries(told))
        assert.ok(Math.abs(msOf(name) - ms) < 0.01, `${task.name} ${name}: ${msOf(name)} ms of ${ms} ms`);
      const tid = own[0]!.tid;
      const arrows = (ph: string): number =>
        events.filter((each) => each.ph === ph && each.tid === tid).length;
      assert.equal([arrows('s'), arrows('f')], [task.buffersOut, task.buffersIn]);
      const collections = slices.get(`${task.name} (${task.subtask}) collections`) ?? [];
      assert.is(collections.length, task.gcCount);
    }
    assert.ok(
      slices.get(`${run.metrics().tasks[0]!.name} (0)`)!.some(({ name }) => name === 'backpressured'),
    );
    assert.ok(ofPhase(events, 'C').length > 0);
  },
);

traces('live ends of a job have their tracks too', async () => {
  const path = join(folder, 'live.json');
  const run = await start(jobPath('fanned'), { parallelism: 1, trace: path });
  for (let n = 0; n < 5; n++) await run.inputs['rows']!.push({ n, pad: 'x' });
  run.inputs['rows']!.end();
  assert.is((await rowsOf(run.outputs['got']!)).length, 5);
  await run.finished;
  const { events, slices } = checkTrace(readFileSync(path, 'utf8'));
  for (const { name, subtask, buffersIn, buffersOut } of run.metrics().tasks) {
    const { tid } = slices.get(`${name} (${subtask})`)![0]!;
    const arrows = (ph: string): number => events.filter((each) => each.ph === ph && each.tid === tid).length;
    assert.equal([arrows('s'), arrows('f')], [buffersOut, buffersIn], name);
  }
});

traces('what a task did that was ended by force is in the file too, up to the end', async () => {
  const control = new ControlArena(createControlArena({ tasks: 1, cursors: 0, attempt: 1 }), 1);
  const path = join(folder, 'forced.json');
  const startedMs = SYSTEM_CLOCK.monotonicMs();
  const trace = new RunTrace(path, 'a', ['a (0)'], startedMs, 1);
  trace.begin(control, []);
  const taps = openTaskTaps({ startedMs, logsCredit: false, trace: trace.ring(0) }, 0, 1, String, false);
  const clock = taps.clock(control);
  clock.begin(startedMs + 0.5);
  clock.wait(IDLE, startedMs + 1);
  clock.work(startedMs + 2); // a look around
  clock.wait(IDLE, startedMs + 2.25); // since 1, by its clock
  const summary = trace.end();
  assert.equal([summary, trace.end()], [{ path, leftOut: null }, summary], 'it ends once');
  const slices = checkTrace(readFileSync(path, 'utf8')).slices.get('a (0)')!;
  assert.equal(
    slices.map(({ name, ts }) => [name, Math.round(ts)]),
    [['busy', 500], ['idle', 1000], ['busy', 2000], ['idle', 2250]], // biome-ignore format: rows
  );
});

if (existsSync('/dev/full'))
  traces('a disk that is full ends the trace and nothing else', () => {
    const trace = new RunTrace('/dev/full', 'a', ['a (0)'], 0, 1);
    assert.match(trace.end().leftOut!, /could not be written: .*ENOSPC/);
  });

traces('a trace that cannot be written is refused before anything runs', async () => {
  const trace = join(folder, 'none', 'run.json');
  const { code, message } = await failureOf(start(jobPath('endless'), { trace }));
  assert.is(code, 'OUTPUT_UNWRITABLE');
  assert.match(message, /the trace cannot be written to .*run\.json/);
  assert.is((await failureOf(start(jobPath('endless'), { trace: 5 as never }))).code, 'ARGUMENT_INVALID');
});

traces.run();
