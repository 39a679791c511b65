import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RunBoard, type ServedRun } from '../../../engine/control/serve/served-run.js';

const board = suite('the board of a door');

/** A run that has ended, whose figures are its number. */
const ended = (n: number): ServedRun =>
  ({
    id: `${n}`,
    life: { isOver: true },
    metrics: () => n,
    diagnose: () => null,
    ended: Promise.resolve(),
    stop: () => assert.unreachable(),
    cancel: () => assert.unreachable(),
  }) as unknown as ServedRun;

board(
  'the last sixteen runs that have ended stay, with their figures, and cannot be ended again',
  async () => {
    const all = new RunBoard();
    const living = {
      ...ended(99),
      life: { isOver: false },
      ended: new Promise(() => {}),
    } as unknown as ServedRun;
    all.add(living);
    for (let n = 0; n < 20; n++) all.add(ended(n));
    await new Promise(setImmediate);
    const ids = all.all().map(({ id }) => id);
    assert.equal(ids, ['99', ...Array.from({ length: 16 }, (_, n) => `${n + 4}`)]);
    const last = all.find('19')!;
    assert.is(last.metrics('10s') as unknown, 19);
    last.stop();
    last.cancel();
    assert.is(all.find('3'), null);
  },
);

board.run();
