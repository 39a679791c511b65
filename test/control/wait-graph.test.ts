import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  deadlockAmong,
  deadlockIn,
  type Wait,
  type WaitEdge,
  waitsIn,
} from '../../engine/control/wait-graph.js';
import { CREDIT, INPUT, MAIL } from '../../engine/memory/parker.js';
import {
  HARD_BACKPRESSURED,
  IDLE,
  RATE_LIMITED,
  SOFT_BACKPRESSURED,
} from '../../engine/memory/task-clock.js';
import { waitPicture } from '../../engine/memory/wait-picture.js';
import { PlantedTasks } from '../kit/planted-waits.js';

const graphs = suite('wait graph');

const picture = (tasks: PlantedTasks) => waitPicture(tasks.memory, tasks.exchanges, 1_000);
const deadlocked = (tasks: PlantedTasks): number[] => deadlockIn(picture(tasks)).map(({ task }) => task);
/** `0>2` task 0 waits for task 2; groups are separated by `and`, what is in one by `or`. */
const textOf = ({ task, needs }: Wait): string =>
  `${task}: ${needs.map((wakers) => wakers.map(({ brings, waker }) => `${brings} of ${waker}`).join(' or ')).join(' and ')}`;

function wait(tasks: PlantedTasks, task: number, state: number): void {
  const bits = { [IDLE]: INPUT, [SOFT_BACKPRESSURED]: CREDIT, [HARD_BACKPRESSURED]: CREDIT }[state] ?? 0;
  tasks.clocks[task]!.wait(state, 100);
  tasks.park(task, bits | MAIL);
}

function work(tasks: PlantedTasks, task: number): void {
  tasks.park(task, 0);
  tasks.clocks[task]!.work(200);
}

const TIGHT = { exclusivePerChannel: 1, buffersPerSubpartitionMax: 1 };

/** Two tasks that send to each other, both at their cap. */
function cycleOfTwo(): PlantedTasks {
  const tasks = new PlantedTasks(2, [
    { from: [0], to: [1], changes: TIGHT },
    { from: [1], to: [0], changes: TIGHT },
  ]);
  for (const link of [0, 1]) tasks.publish(link, 2);
  for (const task of [0, 1]) wait(tasks, task, SOFT_BACKPRESSURED);
  return tasks;
}

/**
 * 0 feeds 1, which has nothing to read, and 2, which does not read; 2 waits for 3, 3 inside a record for 4, and 4 for
 * credit of 1.
 */
function cycleOfFive(): PlantedTasks {
  const tasks = new PlantedTasks(5, [
    { from: [0], to: [1], changes: TIGHT },
    { from: [0], to: [2], changes: TIGHT },
    { from: [2], to: [3], changes: TIGHT },
    { from: [3], to: [4], changes: { exclusivePerChannel: 1, buffersPerSubpartitionMax: 100 } },
    {
      from: [4],
      to: [1],
      changes: { exclusivePerChannel: 0, floatingPerGate: 1, buffersPerSubpartitionMax: 1 },
    },
  ]);
  tasks.publish(1, 2);
  tasks.publish(2, 2);
  tasks.fill(3);
  tasks.publish(4, 1);
  tasks.lookedAt(4);
  tasks.control.taskLine(3).waitingExchange = 3;
  const states = [SOFT_BACKPRESSURED, IDLE, SOFT_BACKPRESSURED, HARD_BACKPRESSURED, SOFT_BACKPRESSURED];
  for (const [task, state] of states.entries()) wait(tasks, task, state);
  return tasks;
}

graphs('watch/deadlock: two tasks that wait for credit of each other are named, and each wait', () => {
  const tasks = cycleOfTwo();
  assert.equal(deadlockIn(picture(tasks)).map(textOf), ['0: credit of 1', '1: credit of 0']);
});

graphs(
  'watch/deadlock, watch/wakers: five tasks that wait in different ways are named, and each wait',
  () => {
    assert.equal(deadlockIn(picture(cycleOfFive())).map(textOf), [
      '0: credit of 2',
      '1: buffer of 0 or buffer of 4',
      '2: credit of 3',
      '3: credit of 4',
      '4: credit of 1',
    ]);
  },
);

graphs('watch/wakers: one task of five that works may wake all the others', () => {
  for (const task of [0, 1, 2, 3, 4]) {
    const tasks = cycleOfFive();
    work(tasks, task);
    assert.equal(deadlocked(tasks), [], `task ${task} works`);
    const paced = cycleOfFive();
    paced.clocks[task]!.wait(RATE_LIMITED, 200);
    assert.equal(deadlocked(paced), [], `task ${task} waits for its rate`);
  }
});

graphs('watch/deadlock: one credit or one buffer for any of five ends it', () => {
  const ends: readonly ((tasks: PlantedTasks) => void)[] = [
    (tasks) => tasks.read(1, 1),
    (tasks) => tasks.read(2, 1),
    (tasks) => tasks.read(3, 1),
    (tasks) => tasks.publish(4, 1), // its receiver will look
    (tasks) => tasks.publish(0, 1),
  ];
  for (const [at, end] of ends.entries()) {
    const tasks = cycleOfFive();
    end(tasks);
    assert.equal(deadlocked(tasks), [], `end ${at}`);
  }
});

graphs('a task that is asked to stop, or whose sleep is over, waits for nobody', () => {
  for (const change of [
    (tasks: PlantedTasks) => tasks.control.requestStop(0),
    (tasks: PlantedTasks) => tasks.park(0, 0),
  ]) {
    const tasks = cycleOfTwo();
    change(tasks);
    assert.equal(deadlocked(tasks), []);
  }
});

graphs('watch/wakers: who has ended wakes nobody, and who has not begun may', () => {
  const waiting = (prepare: (tasks: PlantedTasks) => void): number[] => {
    const tasks = new PlantedTasks(2, [{ from: [0], to: [1] }]);
    prepare(tasks);
    wait(tasks, 1, IDLE);
    return deadlocked(tasks);
  };
  assert.equal(
    waiting((tasks) => tasks.clocks[0]!.end(50)),
    [1],
  );
  assert.equal(
    waiting((tasks) => wait(tasks, 0, IDLE)),
    [],
    'a source waits for the world',
  );
  const ended = (tasks: PlantedTasks): void => {
    tasks.partitions[0]![0]!.finish();
    tasks.clocks[0]!.end(50);
  };
  assert.equal(waiting(ended), [], 'the end is there to be read');
});

graphs('watch/wakers: what a flush left over makes its receiver one that may wake', () => {
  const waits = (bits: number): string[] => {
    const tasks = new PlantedTasks(3, [
      { from: [0], to: [1] },
      { from: [1], to: [2], changes: TIGHT },
    ]);
    tasks.publish(1, 1);
    tasks.begin(1);
    wait(tasks, 1, IDLE);
    tasks.park(1, bits | MAIL);
    return waitsIn(picture(tasks)).map(textOf);
  };
  assert.equal(waits(INPUT), ['1: buffer of 0']);
  assert.equal(waits(INPUT | CREDIT), ['1: buffer of 0 or credit of 2']);
});

graphs('watch/wakers: of a task with several gates those that have not ended may wake it', () => {
  const tasks = new PlantedTasks(3, [
    { from: [0], to: [2] },
    { from: [1], to: [2] },
  ]);
  const told = (): string[] => waitsIn(picture(tasks)).map(textOf);
  wait(tasks, 2, IDLE);
  assert.equal(told(), ['2: buffer of 0 or buffer of 1']);
  tasks.publish(1, 1);
  assert.equal(told(), ['2: '], 'there is something to read');
  tasks.readAll(1, 0);
  tasks.partitions[0]![0]!.finish();
  tasks.clocks[0]!.end(50);
  tasks.readAll(0, 0);
  assert.equal(told(), ['2: buffer of 1']);
  tasks.clocks[1]!.end(60);
  assert.equal(deadlocked(tasks), [2], 'nobody is left');
  tasks.partitions[1]![0]!.finish();
  assert.equal(told(), ['2: '], 'the last end is what it sleeps for');
});

graphs('gate/align: what lies behind a barrier is nothing to read, and its sender may still wake', () => {
  const tasks = new PlantedTasks(3, [{ from: [0, 1], to: [2] }]);
  tasks.barrier(0, 0);
  tasks.publish(0, 1, 0);
  tasks.lookedAt(0);
  wait(tasks, 2, IDLE);
  assert.equal(waitsIn(picture(tasks)).map(textOf), ['2: buffer of 0 or buffer of 1']);
  tasks.publish(0, 1, 1);
  tasks.lookedAt(0);
  assert.equal(waitsIn(picture(tasks)).map(textOf), ['2: '], 'on the other channel there is something');
});

graphs('partition/available: few free segments are waited for with any receiver that holds some', () => {
  const tasks = new PlantedTasks(3, [
    { from: [0], to: [1, 2], changes: { exclusivePerChannel: 1, overdraftPerPartition: 6 } },
  ]);
  tasks.publish(0, 9);
  assert.equal(tasks.partitions[0]![0]!.refresh(), true);
  wait(tasks, 0, SOFT_BACKPRESSURED);
  assert.equal(waitsIn(picture(tasks)).map(textOf), ['0: '], 'there is room');
  tasks.publish(0, 4);
  assert.equal(tasks.partitions[0]![0]!.refresh(), false);
  assert.equal(waitsIn(picture(tasks)).map(textOf), ['0: credit of 1 and credit of 1']);
});

graphs(
  'partition/available: where any subpartition will do, a task waits for one receiver of several',
  () => {
    const changes = { exclusivePerChannel: 1, buffersPerSubpartitionMax: 1, isAdaptive: true };
    const tasks = new PlantedTasks(3, [{ from: [0], to: [1, 2], changes }]);
    wait(tasks, 0, SOFT_BACKPRESSURED);
    tasks.publish(0, 2, 0, 0);
    assert.equal(waitsIn(picture(tasks)).map(textOf), ['0: '], 'the other has room');
    tasks.publish(0, 2, 0, 1);
    assert.equal(waitsIn(picture(tasks)).map(textOf), ['0: credit of 1 or credit of 2']);
  },
);

graphs('watch/wakers, release/discard: nothing is waited for from a receiver that has left', () => {
  const told = (tasks: PlantedTasks): string[] => waitsIn(picture(tasks)).map(textOf);
  for (const isAdaptive of [false, true]) {
    const tasks = new PlantedTasks(3, [{ from: [0], to: [1, 2], changes: { ...TIGHT, isAdaptive } }]);
    for (const k of [0, 1]) tasks.publish(0, 2, 0, k);
    wait(tasks, 0, SOFT_BACKPRESSURED);
    assert.equal(told(tasks), [`0: credit of 1 ${isAdaptive ? 'or' : 'and'} credit of 2`]);
    tasks.gates[0]![0]!.release();
    assert.equal(told(tasks), ['0: credit of 2']);
    tasks.gates[0]![1]!.release();
    assert.equal(told(tasks), ['0: '], 'it may go on');
  }
  const inside = new PlantedTasks(2, [
    { from: [0], to: [1], changes: { exclusivePerChannel: 1, buffersPerSubpartitionMax: 100 } },
  ]);
  inside.fill(0);
  inside.control.taskLine(0).waitingExchange = 0;
  wait(inside, 0, HARD_BACKPRESSURED);
  assert.equal(told(inside), ['0: credit of 1']);
  inside.gates[0]![0]!.release();
  assert.equal(told(inside), ['0: '], 'it may go on');
  const unflushed = new PlantedTasks(3, [
    { from: [0], to: [1] },
    { from: [1], to: [2], changes: TIGHT },
  ]);
  unflushed.publish(1, 1);
  unflushed.begin(1);
  wait(unflushed, 1, IDLE);
  unflushed.park(1, INPUT | CREDIT | MAIL);
  unflushed.gates[1]![0]!.release();
  assert.equal(told(unflushed), ['1: '], 'a flush would send what is left to nobody');
  const receiver = new PlantedTasks(2, [{ from: [0], to: [1] }]);
  receiver.publish(0, 3);
  receiver.lookedAt(0);
  receiver.gates[0]![0]!.release();
  wait(receiver, 1, IDLE);
  assert.equal(told(receiver), ['1: buffer of 0'], 'what lies there is nothing to read');
});

const TASKS = 5;

/** By the words of the rule: the union of all sets in which everybody has a need that only the set and the ended meet. */
function deadlockBySearch(waits: readonly Wait[], ended: readonly number[]): number[] {
  const found = new Set<number>();
  for (let bits = 1; bits < 1 << waits.length; bits++) {
    const set = waits.filter((_, at) => (bits & (1 << at)) !== 0);
    const inside = new Set([...set.map(({ task }) => task), ...ended]);
    const isClosed = set.every(({ needs }) =>
      needs.some((wakers) => wakers.every(({ waker }) => inside.has(waker))),
    );
    if (isClosed) for (const { task } of set) found.add(task);
  }
  return [...found].sort();
}

graphs('watch/deadlock: what is found among any waits is what trying all sets of tasks finds', () => {
  const edge = fc.nat({ max: TASKS - 1 }).map((waker) => ({ waker }) as WaitEdge);
  const needs = fc.array(fc.array(edge, { maxLength: 3 }), { maxLength: 3 });
  const roles = fc.tuple(
    ...Array.from({ length: TASKS }, () => fc.constantFrom('waits', 'waits', 'waits', 'works', 'ended')),
  );
  const all = fc.tuple(...Array.from({ length: TASKS }, () => needs));
  let deadlocks = 0;
  fc.assert(
    fc.property(roles, all, (role, needsOf) => {
      const waits = needsOf.flatMap((each, task) =>
        role[task] === 'waits' ? [{ task, isInsideRecord: false, sinceMs: 0, needs: each }] : [],
      );
      const ended = role.flatMap((each, task) => (each === 'ended' ? [task] : []));
      const expected = deadlockBySearch(waits, ended);
      if (expected.length > 0) deadlocks++;
      const found = deadlockAmong(waits, (task) => ended.includes(task)).map(({ task }) => task);
      assert.equal(found.sort(), expected);
    }),
    { numRuns: 1_000, verbose: 1 },
  );
  assert.ok(deadlocks > 100 && deadlocks < 900, `${deadlocks} of 1000 were deadlocked`);
});

graphs('watch/still: two tasks that keep each other going are never accused, whenever they move', () => {
  const moves = (tasks: PlantedTasks): (() => void)[] =>
    [1, 0, 1].flatMap((task) => [
      () => tasks.park(task, 0),
      () => tasks.clocks[task]!.work(10),
      () => void tasks.gates[1 - task]![0]!.poll(),
      () => tasks.gates[1 - task]![0]!.recycle(),
      () => tasks.publish(task, 1),
      () => {
        tasks.clocks[task]!.progressed();
        tasks.clocks[task]!.wait(IDLE, 20);
      },
      () => tasks.park(task, INPUT | MAIL),
    ]);
  const original = Atomics.load;
  const looks = fc.array(fc.nat({ max: 40 }), { minLength: 21, maxLength: 21 });
  let accusedBefore = 0;
  fc.assert(
    fc.property(looks, (gaps) => {
      const tasks = new PlantedTasks(2, [
        { from: [0], to: [1] },
        { from: [1], to: [0] },
      ]);
      for (const task of [0, 1]) wait(tasks, task, IDLE);
      if (deadlocked(tasks).length === 2) accusedBefore++;
      tasks.publish(0, 1);
      const left = moves(tasks);
      let next = gaps[0]!;
      let isMoving = false;
      (Atomics as { load: unknown }).load = (words: Int32Array, index: number): number => {
        if (!isMoving && next-- === 0 && left.length > 0) {
          isMoving = true;
          left.shift()!();
          next = gaps[21 - left.length - 1]! >> 1;
          isMoving = false;
        }
        return original(words, index);
      };
      try {
        for (let look = 0; look < 3; look++) assert.equal(deadlocked(tasks), [], `look ${look}`);
      } finally {
        Atomics.load = original;
      }
    }),
    { numRuns: 3_000, verbose: 1 },
  );
  assert.ok(accusedBefore > 0, 'without a buffer on its way they do wait for each other');
});

graphs.run();
