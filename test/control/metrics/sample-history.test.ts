import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { SampleHistory } from '../../../engine/control/metrics/sample-history.js';
import { COUNTERS, type TaskSample } from '../../../engine/control/metrics/task-sample.js';

/** What is kept of the past, against all of it in a list. */
const history = suite('sample history');

/** Every number tells the moment and the task. */
function sampleOf(atMs: number, task: number): TaskSample {
  const number = (place: number): number => atMs * 1e3 + task * 100 + place;
  const counters = COUNTERS.map((name, place) => [name, number(place)] as const);
  return {
    ...(Object.fromEntries(counters) as Record<(typeof COUNTERS)[number], number>),
    inPoolUsage: number(20),
    outPoolUsage: number(21),
    times: {
      busyMs: number(22),
      idleMs: number(23),
      softBackpressuredMs: number(24),
      hardBackpressuredMs: number(25),
      asyncMs: number(26),
      rateLimitedMs: number(27),
      elapsedMs: number(28),
    },
    thread: task % 2 === 0 ? { onCoreMs: number(29), awaitingCoreMs: number(30) } : null,
  };
}
const tasksAt = (atMs: number, tasks: number): TaskSample[] =>
  Array.from({ length: tasks }, (_, task) => sampleOf(atMs, task));

/** A sample as it was given, of one that is read where it is kept. */
function told(kept: object, names: object = sampleOf(0, 0)): object {
  const entries = Object.entries(names).map(([name, like]) => {
    const value = (kept as Record<string, unknown>)[name];
    return [name, name === 'times' ? told(value as object, like as object) : value] as const;
  });
  return Object.fromEntries(entries);
}

history('what is given back is what was kept, of every task', () => {
  const past = new SampleHistory(3);
  past.add(5, tasksAt(5, 3));
  past.add(205, tasksAt(205, 3));
  for (const [nowMs, atMs] of [
    [250, 5],
    [305, 205],
  ] as const) {
    const found = past.before(nowMs, 100)!;
    assert.is(found.atMs, atMs);
    assert.equal(
      found.tasks.map((each) => told(each)),
      tasksAt(atMs, 3),
    );
  }
});

history('of nothing there is no past, and of a short past its begin', () => {
  const past = new SampleHistory(1);
  assert.is(past.before(1_000, 10), null);
  past.add(900, tasksAt(900, 1));
  assert.is(past.before(1_000, 60_000)!.atMs, 900);
});

/** How far apart what is kept of a time so long ago may be, steps of the sampler included. */
const coarseness = (agoMs: number, stepMs: number): number =>
  agoMs <= 15 * stepMs ? stepMs : agoMs <= 60_000 ? 1_000 + stepMs : 5_000 + stepMs;

history('a window begins where it should, as near as what was kept of that time', () => {
  const property = fc.property(
    fc.array(fc.integer({ min: 190, max: 260 }), { minLength: 1, maxLength: 1_500 }),
    fc.constantFrom(200, 1_000, 10_000, 60_000, 300_000),
    (steps, windowMs) => {
      const past = new SampleHistory(1);
      const all: number[] = [0];
      past.add(0, tasksAt(0, 1));
      for (const step of steps) {
        all.push(all.at(-1)! + step);
        past.add(all.at(-1)!, tasksAt(all.at(-1)!, 1));
      }
      const nowMs = all.at(-1)!;
      const found = past.before(nowMs, windowMs)!.atMs;
      const exact = all.findLast((atMs) => nowMs - atMs >= windowMs) ?? 0;
      assert.ok(all.includes(found));
      assert.ok(nowMs - found >= Math.min(windowMs - 50, nowMs), `${nowMs} - ${found} < ${windowMs}`);
      assert.ok(exact - found <= coarseness(windowMs, 260), `${found} is long before ${exact}`);
    },
  );
  fc.assert(property, { numRuns: 60, verbose: 1 });
});

history(
  'the moments of the last while come in order, each once, as near together as was kept of their time',
  () => {
    const property = fc.property(
      fc.integer({ min: 0, max: 600 }),
      fc.constantFrom(1_000, 60_000),
      (steps, windowMs) => {
        const past = new SampleHistory(2);
        const nowMs = steps * 200;
        for (let atMs = 0; atMs <= nowMs; atMs += 200) past.add(atMs, tasksAt(atMs, 2));
        const found = past.recent(nowMs, windowMs);
        const gaps = found.slice(1).map(({ atMs }, i) => atMs - found[i]!.atMs);
        assert.ok(gaps.every((gap) => gap > 0 && gap <= 1_200));
        assert.ok(gaps.slice(-15).every((gap) => gap === 200));
        assert.is(found.at(-1)!.atMs, nowMs);
        assert.ok(
          found[0]!.atMs >= nowMs - windowMs && found[0]!.atMs <= Math.max(0, nowMs - windowMs + 1_000),
        );
        for (const { atMs, task } of found) assert.equal([told(task(0)), told(task(1))], tasksAt(atMs, 2));
      },
    );
    fc.assert(property, { numRuns: 30, verbose: 1 });
  },
);

history('however long a run lasts, the oldest that is kept is ten minutes old', () => {
  const past = new SampleHistory(1);
  for (let atMs = 0; atMs <= 3_600_000; atMs += 200) past.add(atMs, tasksAt(atMs, 1));
  const oldestMs = past.before(3_600_000, 3_000_000)!.atMs;
  assert.ok(oldestMs >= 2_990_000 && oldestMs <= 3_010_000, `${oldestMs}`);
});

history.run();
