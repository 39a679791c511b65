import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { HeldInput, type ReleasableInput } from '../../engine/runtime/held-input.js';
import { RowQueue } from '../../engine/runtime/row-queue.js';
import { STEP } from '../../engine/runtime/task-input.js';
import { randomRuns } from '../kit/random-rows.js';

const queues = suite('row queue');
const RUNS = randomRuns(200);

/** A queue behind an input that has a row for each record of its budget. */
function held(capacity: number) {
  const queue = new RowQueue(capacity);
  const state = { made: 0, hasInput: true, wakes: 0, releases: 0 };
  queue.wake = () => state.wakes++;
  const plain: ReleasableInput = {
    step: (budget) => {
      if (!state.hasInput) return STEP.WAIT_INPUT;
      for (let i = 0; i < budget; i++) queue.write({ n: state.made++ });
      return STEP.PROGRESS;
    },
    ...{ waitUntilMs: 0, waitFor: null, describeRow: () => '', close: () => {} },
    isReady: () => state.hasInput,
    ringOwed: () => {},
    release: () => state.releases++,
  };
  return { queue, state, input: new HeldInput(plain, queue) };
}

queues('output/bounded: no more rows wait than fit, none is dropped, and order is kept', () => {
  const acts = fc.array(fc.record({ isStep: fc.boolean(), n: fc.integer({ min: 1, max: 40 }) }), {
    maxLength: 200,
  });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), acts, (capacity, script) => {
      const { queue, state, input } = held(capacity);
      let read = 0;
      for (const { isStep, n } of script) {
        if (isStep) {
          const room = capacity - (state.made - read);
          assert.is(input.step(n), room === 0 ? STEP.WAIT_TIME : STEP.PROGRESS);
          assert.ok(state.made - read <= capacity, `${state.made - read} of ${capacity} wait`);
        } else {
          for (let i = 0; i < n && read < state.made; i++) assert.equal(queue.take(), { n: read++ });
          if (read === state.made) assert.is(queue.take(), undefined);
        }
      }
    }),
    RUNS,
  );
});

queues(
  'output/bounded: an input that is held is ready when there is room, and woken when half was read',
  () => {
    const { queue, state, input } = held(4);
    assert.equal([input.step(9), input.step(9), input.isReady()], [STEP.PROGRESS, STEP.WAIT_TIME, false]);
    queue.take();
    assert.equal([input.isReady(), state.wakes], [true, 0]);
    queue.take();
    assert.is(state.wakes, 1);
    state.hasInput = false;
    assert.equal([input.step(9), input.isReady()], [STEP.WAIT_INPUT, false]);
    state.hasInput = true;
    assert.is(input.isReady(), true);
  },
);

queues('release/drop: once its reader has left, an input releases what is before it, once', () => {
  for (const hasInput of [true, false]) {
    const { queue, state, input } = held(4);
    input.step(9);
    state.hasInput = hasInput;
    queue.discard();
    assert.equal([state.wakes, state.releases, input.isReady()], [1, 0, true]);
    input.step(100);
    assert.equal([state.releases, queue.length, queue.take()], [1, 0, undefined]);
    assert.is(input.isReady(), hasInput);
    input.step(100);
    assert.equal([state.releases, state.made], [1, hasInput ? 204 : 4], 'it is not held');
  }
});

queues('after a stop the task is not held, and what it gives is kept, up to a million rows', () => {
  const { queue, state, input } = held(4);
  input.step(9);
  queue.keep();
  assert.equal([state.wakes, input.isReady(), input.step(1000)], [1, true, STEP.PROGRESS]);
  assert.is(queue.length, 1004);
  for (let n = 0; n < 1004; n++) assert.equal(queue.take(), { n });
  assert.throws(() => input.step(1_000_001), /OUTPUT_ROWS_EXCEEDED/);
});

queues.run();
