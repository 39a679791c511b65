import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ThreadWaiter } from '../../engine/exchange/hard-waiter.js';
import { ControlArena, createControlArena } from '../../engine/memory/control-arena.js';
import { NotingParker } from '../kit/noting-parker.js';

const waits = suite('hard waiter');

function waiterOfTask1() {
  const control = new ControlArena(createControlArena({ tasks: 2, cursors: 0, attempt: 1 }), 1);
  const parker = new NotingParker();
  const clock = {
    waitHard: () => void parker.notes.push('waits hard'),
    work: () => void parker.notes.push('works'),
  };
  return { control, parker, waiter: new ThreadWaiter(control, 1, parker, clock) };
}
const never = { exchangeId: 7, isSegmentReady: () => false };

waits('wait/hard: every bell owed is rung before the sleep, which only credit or mail ends', () => {
  const { control, parker, waiter } = waiterOfTask1();
  waiter.owes = ['gate', 'partition'].map((name) => ({ ringOwed: () => void parker.notes.push(name) }));
  waiter.awaitCredit(never);
  assert.is(control.taskLine(1).waitingExchange, 7);
  assert.equal(parker.notes, [
    ...['gate', 'partition', 'waits hard', 'park CREDIT+MAIL Infinity ms: asleep', 'works'],
  ]);
});

waits('wait/hard: a segment for the partition that waits now ends the sleep', () => {
  const { parker, waiter } = waiterOfTask1();
  for (const isReady of [false, true, false])
    waiter.awaitCredit({ exchangeId: 7, isSegmentReady: () => isReady });
  const parks = parker.notes.filter((note) => note.startsWith('park'));
  assert.equal(
    parks.map((note) => note.split(': ')[1]),
    ['asleep', 'ready', 'asleep'],
  );
});

waits('wait/hard: a stop before, at or after the look throws TASK_CANCELLED', () => {
  const before = waiterOfTask1();
  before.control.requestStop(1);
  assert.throws(() => before.waiter.awaitCredit(never), /TASK_CANCELLED/);

  const during = waiterOfTask1();
  during.parker.beforeLook = () => during.control.requestStop(1);
  assert.throws(() => during.waiter.awaitCredit(never), /TASK_CANCELLED/);
  assert.match(during.parker.notes[1]!, /ready/);

  const after = waiterOfTask1();
  const stopAfterLook = {
    exchangeId: 7,
    isSegmentReady: () => {
      after.control.requestStop(1);
      return false;
    },
  };
  assert.throws(() => after.waiter.awaitCredit(stopAfterLook), /TASK_CANCELLED/);
  assert.match(after.parker.notes[1]!, /asleep/);
});

waits('wait/hard: the stop word of another task ends no wait', () => {
  const { control, parker, waiter } = waiterOfTask1();
  parker.beforeLook = () => control.requestStop(0);
  waiter.awaitCredit(never);
  assert.match(parker.notes[1]!, /asleep/);
});

waits.run();
