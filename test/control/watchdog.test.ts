import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { SluiceError } from '../../engine/base/errors.js';
import { start } from '../../engine/control/engine.js';
import { Watchdog, withStack } from '../../engine/control/watchdog.js';
import { CREDIT, INPUT, MAIL } from '../../engine/memory/parker.js';
import { IDLE, SOFT_BACKPRESSURED } from '../../engine/memory/task-clock.js';
import { PlantedTasks } from '../kit/planted-waits.js';

const dogs = suite('watchdog');
const JOBS = fileURLToPath(new URL('../../../../test/jobs/', import.meta.url));

const watchdogOf = (tasks: PlantedTasks): Watchdog =>
  new Watchdog({
    control: tasks.memory,
    exchanges: tasks.exchanges,
    nameOf: (task) => `${'abcde'[task]} (0)`,
    stuckAfterMs: 10_000,
  });
const codes = (findings: readonly SluiceError[]): string => findings.map(({ code }) => code).join();

const TIGHT = { exclusivePerChannel: 1, buffersPerSubpartitionMax: 1 };

function wait(tasks: PlantedTasks, task: number, state: number, ms: number): void {
  tasks.clocks[task]!.wait(state, ms);
  tasks.park(task, (state === IDLE ? INPUT : CREDIT) | MAIL);
}

/** Both send to the other and have no credit. */
function cycleOfTwo(): PlantedTasks {
  const tasks = new PlantedTasks(2, [
    { from: [0], to: [1], changes: TIGHT },
    { from: [1], to: [0], changes: TIGHT },
  ]);
  for (const link of [0, 1]) tasks.publish(link, 2);
  tasks.begin(1);
  wait(tasks, 0, SOFT_BACKPRESSURED, 1_000);
  wait(tasks, 1, SOFT_BACKPRESSURED, 1_500);
  return tasks;
}

dogs('watch/twice, watch/deadlock: a deadlock is told at the second look, edge by edge, and once', () => {
  const dog = watchdogOf(cycleOfTwo());
  assert.equal(dog.look(2_000), []);
  const [finding, ...more] = dog.look(3_000);
  assert.is(more.length, 0);
  assert.is(finding!.code, 'TASKS_DEADLOCKED');
  assert.equal(finding!.message.split('\n'), [
    'TASKS_DEADLOCKED: 2 tasks wait for each other, and nothing else can wake them',
    '  a (0) waits for b (0) to read, for 2.0 s: exchange 0, channel 0, backlog 1, credits 0, 8 of 10 segments free',
    '  b (0) waits for a (0) to read, for 1.5 s: exchange 1, channel 0, backlog 1, credits 0, 7 of 10 segments free',
  ]);
  assert.equal(dog.look(4_000), []);
});

dogs('watch/deadlock: waits inside records and for input are told as such', () => {
  const tasks = new PlantedTasks(3, [
    { from: [0], to: [1], changes: TIGHT },
    { from: [1], to: [0], changes: TIGHT },
    { from: [0], to: [2] },
  ]);
  tasks.fill(0);
  tasks.publish(1, 2);
  tasks.clocks[0]!.waitHard(0);
  tasks.park(0, CREDIT | MAIL);
  wait(tasks, 1, SOFT_BACKPRESSURED, 0);
  wait(tasks, 2, IDLE, 0);
  const dog = watchdogOf(tasks);
  dog.look(500);
  const [finding] = dog.look(1_000);
  assert.equal(finding!.message.split('\n  ').slice(1), [
    'a (0) waits inside a record for b (0) to read, for 1.0 s: exchange 0, channel 0, backlog 10, credits 0, 0 of 10 segments free',
    'b (0) waits for a (0) to read, for 1.0 s: exchange 1, channel 0, backlog 1, credits 0, 8 of 10 segments free',
    'c (0) waits for a (0) to send, for 1.0 s: exchange 2, channel 0, backlog 0, credits 2, 10 of 10 segments free',
  ]);
});

dogs('of a deadlock of many tasks the first waits are told, and how many there are', () => {
  const ring = Array.from({ length: 25 }, (_, task) => task);
  const tasks = new PlantedTasks(
    25,
    ring.map((task) => ({ from: [task], to: [(task + 1) % 25] })),
  );
  for (const task of ring) wait(tasks, task, IDLE, 0);
  const dog = watchdogOf(tasks);
  dog.look(500);
  const lines = dog.look(1_000)[0]!.message.split('\n  ');
  assert.match(lines[0]!, /25 tasks wait for each other/);
  assert.equal([lines.length, lines.at(-1)], [22, 'and 5 more']);
});

dogs('watch/twice: looks around leave a deadlock the same, and another wait makes it another', () => {
  const tasks = cycleOfTwo();
  const dog = watchdogOf(tasks);
  const lookAround = (ms: number, isProgress: boolean): void => {
    tasks.park(0, 0);
    tasks.clocks[0]!.work(ms);
    if (isProgress) tasks.clocks[0]!.progressed();
    wait(tasks, 0, SOFT_BACKPRESSURED, ms + 1);
  };
  assert.equal(dog.look(2_000), []);
  lookAround(2_500, true);
  assert.equal(dog.look(3_000), [], 'it got something done in between');
  lookAround(3_500, false);
  assert.is(codes(dog.look(4_000)), 'TASKS_DEADLOCKED');
});

dogs('a task whose loop does not turn is told once the limit is over, unless it waits meanwhile', () => {
  const tasks = new PlantedTasks(2, [{ from: [0], to: [1] }]);
  const dog = watchdogOf(tasks);
  tasks.control.taskLine(0).loops = 7;
  tasks.clocks[1]!.end(5);
  assert.equal(
    [0, 5_000, 9_999].map((ms) => codes(dog.look(ms))),
    ['', '', ''],
  );
  const [stuck] = dog.look(10_000);
  assert.match(stuck!.message, /^TASK_STUCK: a \(0\) has not come back from its functions for 10\.0 s$/);
  assert.equal(dog.look(20_000), [], 'once');
  tasks.control.taskLine(0).loops = 8;
  assert.equal(
    [30_000, 39_999].map((ms) => codes(dog.look(ms))),
    ['', ''],
  );
  tasks.clocks[0]!.waitHard(39_999);
  dog.look(40_000);
  tasks.clocks[0]!.work(40_001);
  assert.equal(
    [41_000, 50_999, 51_000].map((ms) => codes(dog.look(ms))),
    ['', '', 'TASK_STUCK'],
  );
});

dogs('a channel that is left aside is told once its receiver has read others for the limit', () => {
  const starved = (
    reads: (tasks: PlantedTasks, ms: number) => void,
    prepare = (_: PlantedTasks): void => {},
  ): string[] => {
    const tasks = new PlantedTasks(3, [{ from: [0, 1], to: [2] }]);
    prepare(tasks);
    const dog = watchdogOf(tasks);
    tasks.publish(0, 1, 0);
    return [0, 4_000, 8_000, 12_000, 16_000].map((ms) => {
      for (const task of [0, 1, 2]) tasks.control.taskLine(task).loops = ms;
      reads(tasks, ms);
      return codes(dog.look(ms));
    });
  };
  /** As a gate would that never looks at its first channel. */
  const readSecond = (tasks: PlantedTasks): void => tasks.readOnly(0, 1);
  assert.equal(starved(readSecond), ['', '', '', 'CHANNEL_STARVED', '']);
  const atBarrier = starved(readSecond, (tasks) => tasks.barrier(0, 0));
  assert.equal(atBarrier, ['', '', '', '', ''], 'what waits at a barrier is not left aside');
  const hasLeft = starved(readSecond, (tasks) => tasks.gates[0]![0]!.release());
  assert.equal(hasLeft, ['', '', '', '', ''], 'release/drop: what a gate has left is not left aside');
  assert.equal(
    starved(() => {}),
    ['', '', '', '', ''],
    'a receiver that reads nothing is slow and not unfair',
  );
  const afterPause = (tasks: PlantedTasks, ms: number): void => {
    if (ms >= 12_000) readSecond(tasks);
  };
  assert.equal(starved(afterPause), ['', '', '', '', ''], 'only time in which it reads counts');
  assert.equal(
    starved((tasks, ms) => (ms === 8_000 ? tasks.readOnly(0, 0) : readSecond(tasks))),
    ['', '', '', '', ''],
  );
});

dogs('a gate that is left aside is told as a channel of it is', () => {
  const tasks = new PlantedTasks(3, [
    { from: [0], to: [2] },
    { from: [1], to: [2] },
  ]);
  const dog = watchdogOf(tasks);
  tasks.publish(0, 1);
  const told = [0, 4_000, 8_000, 12_000].map((ms) => {
    for (const task of [0, 1, 2]) tasks.control.taskLine(task).loops = ms;
    tasks.readOnly(1, 0);
    return codes(dog.look(ms));
  });
  assert.equal(told, ['', '', '', 'CHANNEL_STARVED']);
});

dogs(
  'a task that sleeps though there is something to read is told, if it has not looked around since',
  () => {
    const asleep = (between: (tasks: PlantedTasks) => void): string[] => {
      const tasks = new PlantedTasks(2, [{ from: [0], to: [1] }]);
      const dog = watchdogOf(tasks);
      wait(tasks, 1, IDLE, 0);
      tasks.publish(0, 1);
      return [0, 4_000, 4_999, 5_000, 6_000].map((ms) => {
        tasks.control.taskLine(0).loops = ms;
        if (ms === 4_000) between(tasks);
        return codes(dog.look(ms));
      });
    };
    assert.equal(
      asleep(() => {}),
      ['', '', '', 'WAKE_LOST', ''],
    );
    const lookAround = (tasks: PlantedTasks): void => {
      tasks.clocks[1]!.work(4_000);
      wait(tasks, 1, IDLE, 4_000);
    };
    assert.equal(asleep(lookAround), ['', '', '', '', '']);
  },
);

/** Starts a job whose function never comes back. */
function startStuck(action: string, onWarning: (warning: SluiceError) => void) {
  const options = {
    'sluice.watchdog.interval': '20 ms',
    'sluice.watchdog.stuck-after': '300 ms',
    'sluice.watchdog.action': action,
  };
  return start(`${JOBS}endless.ts`, { parallelism: 1, params: { mischief: 'loop' }, options, onWarning });
}

dogs('on threads, a function that never comes back is told while the run goes on', async () => {
  const warnings: SluiceError[] = [];
  let onWarned = (): void => {};
  const warned = new Promise<void>((resolve) => (onWarned = resolve));
  const run = await startStuck('warn', (warning) => {
    warnings.push(warning);
    onWarned();
  });
  await warned;
  assert.is(run.metrics().state, 'RUNNING');
  await run.cancel();
  assert.is(warnings.length, 1);
  assert.match(
    warnings[0]!.message,
    /^TASK_STUCK: generate.*mischief.*\(0\) has not come back from its functions/,
  );
  // profile/outside: the thread that computes without end tells where.
  const line = readFileSync(`${JOBS}endless.ts`, 'utf8')
    .split('\n')
    .findIndex((each) => each.includes('while (n >= 1000)'));
  assert.match(
    warnings[0]!.message,
    new RegExp(`: it is in loop \\(test/jobs/endless\\.ts:${line + 1}:\\d+\\)`),
  );
  const stack = String(warnings[0]!.detail['stack']).split('\n');
  assert.is(stack.length, 2, 'and in the function that called it, but in none of the engine');
  assert.match(stack[1]!, /^\(anonymous\) \(test\/jobs\/endless\.ts:/);
});

dogs('a stack that cannot be seen keeps nothing from being told', async () => {
  const finding = new SluiceError('TASK_STUCK', 'a (0) has not come back', { detail: { task: 0 } });
  const unseen = await withStack(finding, {
    stackOf: async () => {
      throw new SluiceError('PROFILE_UNAVAILABLE', 'no answer');
    },
  });
  assert.match(unseen.message, /^TASK_STUCK: a \(0\) has not come back: in which cannot be seen/);
  assert.is((await withStack(finding, { stackOf: async () => [] })).message, finding.message);
});

dogs('on threads, it ends the run if the options say so', async () => {
  const run = await startStuck('fail', () => assert.unreachable('it is the error and no warning'));
  const error = await run.finished.catch((each: SluiceError) => each);
  assert.is((error as SluiceError).code, 'TASK_STUCK');
});

dogs('watch/still, watch/twice: on threads that wait at nearly every record, nobody is accused', async () => {
  const warnings: SluiceError[] = [];
  const run = await start(`${JOBS}counted.ts`, {
    parallelism: 2,
    params: { ticks: 20_000 },
    options: {
      'sluice.watchdog.interval': 1,
      'taskmanager.memory.segment-size': '256 bytes',
      'taskmanager.network.memory.buffers-per-channel': 1,
      'taskmanager.network.memory.max-buffers-per-channel': 1,
    },
    onWarning: (warning) => void warnings.push(warning),
  });
  assert.is((await run.finished).recordsIn, 20_000);
  assert.equal(warnings, []);
});

dogs.run();
