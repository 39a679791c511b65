import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  CONTROL_FIRST_BYTE,
  ControlArena,
  controlTerms,
  createControlArena,
  TASK_BYTES,
} from '../../engine/memory/control-arena.js';
import { dump } from '../../engine/memory/layout.js';
import { MAIL } from '../../engine/memory/parker.js';

const controls = suite('control-arena');
const make = (tasks = 3, cursors = 2, attempt = 4) => createControlArena({ tasks, cursors, attempt });

controls('control/signals: a stop is seen by the task it is for, and ends its park at once', () => {
  const memory = make();
  const master = new ControlArena(memory, 4);
  const worker = new ControlArena(memory, 4);
  assert.is(worker.isStopRequested(1), false);
  master.requestStop(1);
  assert.equal(
    [0, 1, 2].map((task) => worker.isStopRequested(task)),
    [false, true, false],
  );
  const parker = worker.parker(1);
  parker.park(MAIL, { isReady: () => worker.isStopRequested(1) }, 60_000);
  assert.is(parker.parks, 0);
});

controls('control/signals: a drain is another signal than a stop, and wakes the task it is for', () => {
  const memory = make();
  const master = new ControlArena(memory, 4);
  const worker = new ControlArena(memory, 4);
  const signals = (): boolean[][] =>
    [0, 1, 2].map((task) => [worker.isStopRequested(task), worker.isDrainRequested(task)]);
  const rings = (): number => dump('doorbell', memory, CONTROL_FIRST_BYTE + TASK_BYTES)['seq']!;
  const requests = (): boolean => {
    master.requestDrain(1);
    assert.equal(signals(), [
      [false, false],
      [false, true],
      [false, false],
    ]);
    assert.is(rings(), 1);
    master.requestStop(1);
    assert.equal(signals()[1], [true, true]);
    assert.is(rings(), 2);
    return true;
  };
  worker.parker(1).park(MAIL, { isReady: requests }, 0); // the interest of task 1 is raised meanwhile
});

controls(
  'control/rate: a rate is read as it was written, rounded down, and wakes the tasks it is for',
  () => {
    const memory = make();
    const master = new ControlArena(memory, 4);
    const worker = new ControlArena(memory, 4);
    assert.equal([worker.rate(0), worker.rate(1)], [0, 0]);
    const rings = (task: number): number =>
      dump('doorbell', memory, CONTROL_FIRST_BYTE + task * TASK_BYTES)['seq']!;
    const isSet = (): boolean => {
      master.setRate(1, 2500, [1, 2]);
      assert.equal([worker.rate(0), worker.rate(1)], [0, 2500]);
      assert.equal([rings(0), rings(1), rings(2)], [0, 1, 0], 'task 2 is not parked');
      return true;
    };
    worker.parker(1).park(MAIL, { isReady: isSet }, 0); // the interest of task 1 is raised meanwhile
    for (const rate of [0.001, 1 / 3, 1e9 - 1, 123_456_789]) {
      master.setRate(0, rate, []);
      assert.ok(worker.rate(0) <= rate && worker.rate(0) > rate * (1 - 1e-6), `${worker.rate(0)} of ${rate}`);
    }
    master.setRate(0, 0, []);
    assert.equal([worker.rate(0), worker.rate(1)], [0, 2500]);
    assert.is(worker.takeSplit(0), 0, 'a rate is not a split');
  },
);

controls('control/splits: every number is handed out once', () => {
  const memory = make();
  const [a, b] = [new ControlArena(memory, 4), new ControlArena(memory, 4)];
  assert.equal([a.takeSplit(1), b.takeSplit(1), a.takeSplit(1), a.takeSplit(0)], [0, 1, 2, 0]);
  assert.is(b.takeSplit(1), 3);
  assert.throws(() => a.takeSplit(2), /cursor 2 is one of 2/);
});

controls(
  'metrics/plain: counters and state of a task are read by anybody, and by nobody else changed',
  () => {
    const memory = make();
    const lines = [0, 1, 2].map((task) => new ControlArena(memory, 4).taskLine(task));
    const reader = new ControlArena(memory, 4).taskLine(1);
    assert.is(reader.get('watermarkMs'), -Infinity);
    lines[1]!.set('recordsIn', 5 + 2 ** 40);
    lines[1]!.set('splitsDone', 3);
    lines[1]!.state = 7;
    lines[1]!.loops = 9;
    lines[1]!.systemThreadId = 11;
    assert.is(reader.get('recordsIn'), 5 + 2 ** 40);
    assert.is(reader.get('splitsDone'), 3);
    assert.equal([reader.state, reader.loops, reader.systemThreadId], [7, 9, 11]);
    assert.equal([lines[0]!.get('recordsIn'), lines[2]!.state], [0, 0]);
  },
);

controls('region/attempt: a region of another attempt, kind or size is refused', () => {
  const memory = make();
  const code = (attach: () => unknown): string => {
    try {
      attach();
    } catch (error: any) {
      return `${error.code} ${error.detail.what}`;
    }
    return 'attached';
  };
  assert.is(
    code(() => new ControlArena(memory, 5)),
    'ARENA_INVALID attempt',
  );
  assert.is(
    code(() => new ControlArena(new SharedArrayBuffer(1024), 4)),
    'ARENA_INVALID magic',
  );
  assert.is(
    code(() => new ControlArena(memory, 4)),
    'attached',
  );
});

controls('the arena is as large as the sum of its terms', () => {
  const sumOf = (spec: { tasks: number; cursors: number; latencies?: number }): number =>
    controlTerms(spec).reduce((bytes, term) => bytes + term.count * term.bytes, 0);
  assert.is(make().byteLength, sumOf({ tasks: 3, cursors: 2 }));
  const spec = { tasks: 3, cursors: 2, latencies: 3 };
  assert.is(createControlArena({ ...spec, attempt: 4 }).byteLength, sumOf(spec));
});

controls(
  'metrics/plain: latencies lie beside all else, as many lines for each task, or there are none',
  () => {
    assert.equal(new ControlArena(make(), 4).latencyLines(0), []);
    const memory = createControlArena({ tasks: 2, cursors: 2, latencies: 3, attempt: 4 });
    const control = new ControlArena(memory, 4);
    control.setRate(1, 64, []);
    control.latencyLines(0)[2]!.note(10, 12.5);
    control.latencyLines(1)[0]!.note(30, 30.25);
    control.latencyLines(1)[0]!.note(20, 20.5);
    const told = [0, 1].map((task) =>
      new ControlArena(memory, 4)
        .latencyLines(task)
        .map((line) => [line.newestMs, line.largestMs, line.sumMs, sumOf(line.counts())]),
    );
    const none = [0, 0, 0, 0];
    assert.equal(told, [[none, none, [10, 2.5, 2.5, 1]], [[30, 0.5, 0.75, 2], none, none]]); // biome-ignore format: rows
    assert.equal([control.rate(1), control.takeSplit(1)], [64, 0]);
  },
);

const sumOf = (counts: Float64Array): number => counts.reduce((sum, each) => sum + each, 0);

controls.run();
