import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ManualClock } from '../../engine/base/clock.js';
import type { ResultPartition } from '../../engine/exchange/result-partition.js';
import { SampledCost } from '../../engine/runtime/sampled-cost.js';
import { Task } from '../../engine/runtime/task.js';
import { STEP, type Step, type TaskInput } from '../../engine/runtime/task-input.js';
import { NotingCore } from '../kit/noting-core.js';

const tasks = suite('task');

interface Output {
  available: boolean;
  /** What a look at the credits would find. */
  hasCredit: boolean;
  isSent: boolean;
}

/** A task between an input and outputs that only note what is asked of them. */
function taskOf({ outputs = 2, bufferTimeoutMs = 100, watermarkIntervalMs = 1e9 } = {}) {
  const notes: string[] = [];
  const core = new NotingCore(notes);
  const states = Array.from(
    { length: outputs },
    (): Output => ({ available: true, hasCredit: false, isSent: true }),
  );
  const partitions = states.map((state, k) => ({
    get available() {
      return state.available;
    },
    refresh: () => (state.available ||= state.hasCredit),
    flush: () => {
      notes.push(`flush ${k}`);
      return state.isSent;
    },
    ringOwed: () => void notes.push(`ring ${k}`),
    isCreditReady: () => !state.available && state.hasCredit,
    finish: () => void notes.push(`finish ${k}`),
  })) as unknown as ResultPartition[];
  const input = {
    next: STEP.PROGRESS as Step,
    hasNews: false,
    waitUntilMs: 0,
    waitFor: null,
    step: (): Step => input.next,
    isReady: (): boolean => input.hasNews,
    ringOwed: () => void notes.push('ring input'),
    describeRow: () => '',
    close: () => {},
  } satisfies TaskInput & Record<string, unknown>;
  const task = new Task({
    ...{
      subtask: 0,
      input,
      partitions,
      writers: new Map(),
      clock: new ManualClock(),
      bufferTimeoutMs,
      watermarkIntervalMs,
      fixedBudget: 1,
    },
    chain: {
      core,
      batch: null,
      gate: () => () => 0,
      undeclared: [],
      unpacking: new SampledCost(),
      codeMap: undefined as never,
    },
  });
  const during = (act: () => unknown): string[] => {
    notes.length = 0;
    act();
    return [...notes];
  };
  return { core, during, input, notes, states, task };
}

tasks('partition/available: a step begins only while every output has room', () => {
  for (const full of [0, 1]) {
    const { states, task } = taskOf();
    const { [full]: output } = states;
    output!.available = false;
    assert.is(task.step(0), STEP.WAIT_OUTPUT);
    assert.is(task.isReady(STEP.WAIT_OUTPUT), false);
    output!.hasCredit = true;
    assert.is(task.isReady(STEP.WAIT_OUTPUT), true);
    assert.is(task.step(0), STEP.PROGRESS, 'the credit is taken by looking');
    assert.is(task.isReady(STEP.WAIT_OUTPUT), true, 'room that is known already needs no credit');
  }
});

tasks('wait/park: a task held back by a sink is not woken by its input, one that waits for time is', () => {
  const { core, input, task } = taskOf();
  input.hasNews = true;
  assert.is(task.isReady(STEP.WAIT_TIME), true);
  input.waitUntilMs = 70;
  assert.is(task.wakeAtMs(STEP.WAIT_TIME), 70);
  core.notBeforeMs = 50;
  assert.is(task.step(10), STEP.WAIT_TIME);
  assert.is(task.isReady(STEP.WAIT_TIME), false);
  assert.is(task.wakeAtMs(STEP.WAIT_TIME), 50, 'not until what the input waited for before');
  core.hasPending = true;
  assert.is(task.isReady(STEP.WAIT_TIME), false, 'nor for what is pending');
  core.hasPending = false;
  assert.is(task.isReady(STEP.WAIT_INPUT), true);
});

tasks('an input that has become idle is told of behind what is pending', () => {
  const { core, during, task } = taskOf();
  core.hasPending = core.isIdleHeld = true;
  assert.equal(
    during(() => task.step(0)).filter((note) => /resume|idle/.test(note)),
    ['resume'],
    'still pending',
  );
  core.resume = () => {
    core.hasPending = false;
  };
  assert.ok(during(() => task.step(0)).includes('idle'));
});

tasks('the time in which rows could have come is that in which the task was not backpressured', () => {
  const { core, input, states, task } = taskOf();
  input.next = STEP.WAIT_INPUT;
  task.step(100);
  assert.is(core.freeMs, 0);
  task.step(130);
  assert.is(core.freeMs, 30);
  states[0]!.available = false;
  assert.is(task.step(150), STEP.WAIT_OUTPUT);
  assert.is(task.step(900), STEP.WAIT_OUTPUT);
  states[0]!.hasCredit = true;
  task.step(1_000);
  assert.is(core.freeMs, 50, 'until it was found to be backpressured');
  task.step(1_007);
  assert.is(core.freeMs, 57);
});

tasks('wait/coalesce: every step ends with the rings that its outputs owe, whatever it came to', () => {
  const { during, input, states, task } = taskOf();
  for (const next of [STEP.PROGRESS, STEP.WAIT_INPUT, STEP.WAIT_TIME]) {
    input.next = next;
    assert.equal(during(() => task.step(0)).slice(-2), ['ring 0', 'ring 1']);
  }
  states[0]!.available = false;
  assert.equal(
    during(() => task.step(0)),
    ['ring 0', 'ring 1'],
  );
  assert.equal(
    during(() => task.ringOwed()),
    ['ring input'],
  );
});

tasks('flush/only-if-sendable: a flush reaches every output, and is done only if all of them are', () => {
  for (const unsent of [[], [0], [1], [0, 1]]) {
    const { during, states, task } = taskOf();
    for (const k of unsent) states[k]!.isSent = false;
    let isAllSent: boolean | undefined;
    assert.equal(
      during(() => (isAllSent = task.flush(0))),
      ['onFlush', 'flush 0', 'flush 1'],
    );
    assert.is(isAllSent, unsent.length === 0);
  }
});

tasks('a busy task flushes once a buffer timeout, and with none only before it waits', () => {
  const flushedAt = (bufferTimeoutMs: number): number[] => {
    const { during, task } = taskOf({ outputs: 1, bufferTimeoutMs });
    const times = [0, 60, 99, 100, 140, 199, 200, 330, 429, 430];
    return times.filter((ms) => during(() => task.step(ms)).includes('flush 0'));
  };
  assert.equal(flushedAt(100), [100, 200, 330, 430]);
  assert.equal(flushedAt(Number.POSITIVE_INFINITY), []);
});

tasks('watermarks are given out before every wait, and once an interval while busy', () => {
  const { during, input, task } = taskOf({ watermarkIntervalMs: 100 });
  const isGivenOut = (ms: number): boolean => during(() => task.step(ms)).includes('onBatchEnd');
  assert.equal([0, 50, 99, 100, 150, 200].map(isGivenOut), [true, false, false, true, false, true]);
  input.next = STEP.WAIT_INPUT;
  assert.equal([210, 220].map(isGivenOut), [true, true]);
});

tasks(
  'partition/available: at the end rows that were kept back may use up the room, and the end waits for it',
  () => {
    const { core, during, input, states, task } = taskOf();
    input.next = STEP.DONE;
    assert.is(task.step(0), STEP.PROGRESS);
    core.whileFlushing = () => (states[1]!.available = false);
    let step: Step | undefined;
    const waiting = during(() => (step = task.step(0)));
    assert.equal([step, waiting.includes('finish 0')], [STEP.WAIT_OUTPUT, false]);
    core.whileFlushing = () => {};
    states[1]!.hasCredit = true;
    const ending = during(() => (step = task.step(0)));
    assert.equal([step, ending.slice(-4)], [STEP.WAIT_PROMISE, ['finish 0', 'finish 1', 'ring 0', 'ring 1']]);
  },
);

tasks.run();
