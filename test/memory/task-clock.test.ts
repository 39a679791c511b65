import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  ASYNC,
  BUSY,
  HARD_BACKPRESSURED,
  IDLE,
  RATE_LIMITED,
  SOFT_BACKPRESSURED,
  TASK_CLOCK,
  TASK_TIMES,
  TaskClock,
  TaskClockReader,
  type TaskTimes,
} from '../../engine/memory/task-clock.js';

const clocks = suite('task clock');

function clockAndReader() {
  const words = new Int32Array(new SharedArrayBuffer(2 * TASK_CLOCK.BYTES));
  const base = TASK_CLOCK.BYTES / 4;
  return { words, base, clock: new TaskClock(words, base), reader: new TaskClockReader(words, base) };
}

const sumOf = (times: TaskTimes): number => TASK_TIMES.reduce((sum, name) => sum + times[`${name}Ms`], 0);

clocks('clock/sum: the state a task is in grows while nothing is written', () => {
  const { clock, reader } = clockAndReader();
  assert.equal([reader.read(50).state, reader.read(50).elapsedMs], [null, 0], 'before its life');
  clock.begin(100);
  assert.equal([reader.read(107).busyMs, reader.read(5_000).busyMs], [7, 4_900]);
  clock.wait(IDLE, 200);
  const { busyMs, idleMs, state, sinceMs, elapsedMs } = reader.read(230);
  assert.equal(
    { busyMs, idleMs, state, sinceMs, elapsedMs },
    {
      ...{ busyMs: 100, idleMs: 30, state: 'idle', sinceMs: 200, elapsedMs: 130 },
    },
  );
  clock.work(240);
  clock.end(250);
  const [ended, later] = [reader.read(260), reader.read(9_999)];
  assert.equal(ended, later, 'after its end the times stand still');
  assert.equal([ended.busyMs, ended.idleMs, ended.elapsedMs, ended.state], [110, 40, 150, null]);
});

clocks('looks around that find nothing do not end a wait, and a record does', () => {
  const { clock, reader } = clockAndReader();
  clock.begin(0);
  clock.wait(SOFT_BACKPRESSURED, 10);
  for (const ms of [110, 210, 310]) {
    clock.work(ms);
    clock.wait(SOFT_BACKPRESSURED, ms + 1);
  }
  assert.equal([reader.read(400).sinceMs, reader.read(400).longestSoftMs], [10, 390]);
  assert.is(reader.read(400).busyMs, 13);
  clock.work(410);
  clock.progressed();
  clock.wait(SOFT_BACKPRESSURED, 420);
  assert.equal([reader.read(450).sinceMs, reader.read(450).longestSoftMs], [420, 400]);
  assert.is(reader.read(1_420).longestSoftMs, 1_000, 'the wait that goes on may be the longest');
  clock.work(1_430);
  clock.wait(IDLE, 1_440);
  assert.is(reader.read(9_000).sinceMs, 1_440, 'waiting for something else is another wait');
  assert.is(reader.read(9_000).longestSoftMs, 1_010);
});

clocks('what is active is all of a life but waiting for input', () => {
  const { clock } = clockAndReader();
  clock.begin(100);
  clock.wait(IDLE, 110);
  clock.work(150);
  clock.wait(SOFT_BACKPRESSURED, 160);
  clock.work(190);
  assert.is(clock.activeMs(200), 60);
});

clocks('each wait inside a record counts for itself', () => {
  const { clock, reader } = clockAndReader();
  clock.begin(0);
  for (const [from, to] of [
    [5, 8],
    [9, 29],
    [30, 31],
  ] as const) {
    clock.waitHard(from);
    assert.is(reader.read(from + 1).state, 'hardBackpressured');
    clock.work(to);
  }
  const { hardBackpressuredMs, longestHardMs, longestSoftMs } = reader.read(40);
  assert.equal([hardBackpressuredMs, longestHardMs, longestSoftMs], [24, 20, 0]);
});

clocks('clock/one-picture: a change that never ends leaves the last whole picture', () => {
  const { words, base, clock, reader } = clockAndReader();
  clock.begin(0);
  clock.wait(IDLE, 10);
  assert.is(reader.read(20).idleMs, 10);
  words[base + TASK_CLOCK.version]!++;
  words[base + TASK_CLOCK.state] = BUSY;
  const torn = reader.read(30);
  assert.equal([torn.state, torn.idleMs, torn.busyMs], ['idle', 20, 10]);
});

clocks('clock/one-picture: a reader that comes with a time of before the last change takes none away', () => {
  const { clock, reader } = clockAndReader();
  clock.begin(0);
  clock.wait(IDLE, 10);
  assert.equal([reader.read(4).elapsedMs, reader.read(4).idleMs], [10, 0]);
});

const WAITS = [IDLE, SOFT_BACKPRESSURED, HARD_BACKPRESSURED, ASYNC, RATE_LIMITED];

clocks('clock/sum: whatever a task does, its times are those of a plain list of periods', () => {
  const moves = fc.array(
    fc.record({
      state: fc.constantFrom(BUSY, ...WAITS),
      forMs: fc.double({ min: 0, max: 1e6, noNaN: true }),
    }),
    { maxLength: 60 },
  );
  const began = fc.double({ min: 0, max: 1e10, noNaN: true });
  fc.assert(
    fc.property(moves, began, (list, beganMs) => {
      const { clock, reader } = clockAndReader();
      const spent = new Map<string, number>(TASK_TIMES.map((name) => [name, 0]));
      let nowMs = beganMs;
      clock.begin(nowMs);
      for (const { state, forMs } of list) {
        if (state === BUSY) clock.work(nowMs);
        else if (state === HARD_BACKPRESSURED) clock.waitHard(nowMs);
        else clock.wait(state, nowMs);
        nowMs += forMs;
        const name = TASK_TIMES[state - BUSY]!;
        spent.set(name, spent.get(name)! + forMs);
        const times = reader.read(nowMs);
        const rounding = 1e-9 * Math.max(1, nowMs);
        assert.is(times.state, name);
        assert.ok(Math.abs(times.elapsedMs - (nowMs - beganMs)) <= rounding);
        assert.ok(Math.abs(sumOf(times) - times.elapsedMs) <= rounding);
        for (const [each, ms] of spent)
          assert.ok(Math.abs(times[`${each as 'busy'}Ms`] - ms) <= rounding, `${each} ${ms}`);
      }
    }),
    { verbose: 1 },
  );
});

clocks.run();
