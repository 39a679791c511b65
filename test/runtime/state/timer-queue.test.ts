import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Prng } from '../../../engine/base/prng.js';
import { keyScopeClass } from '../../../engine/runtime/state/key-scope.js';
import { TimerQueue } from '../../../engine/runtime/state/timer-queue.js';

const timers = suite('timer queue');
const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);
console.log(`seed ${seed}`);

const Keys = keyScopeClass([{ name: 'key', kind: 'int32', nullable: false }]);

for (const [times, manner] of [
  [8, 'many of one time'],
  [1e13, 'far apart'],
] as const) {
  timers(`thousands of timers, ${manner}, fire as those of a sorted list`, () => {
    const prng = new Prng(seed);
    const keys = new Keys();
    const queue = new TimerQueue(keys);
    const list: { key: number; ms: number }[] = [];
    const draw = () => ({ key: prng.below(500), ms: Math.floor((prng.below(1e6) / 1e6) * times) - 2 });
    const at = ({ key }: { key: number }, act: () => void): void => {
      keys.enter(key * 97, key);
      act();
      keys.leave();
    };
    for (let i = 0; i < 20_000; i++) {
      const isGrowing = i % 5_000 < 3_000;
      const what = prng.below(10);
      if (what < (isGrowing ? 7 : 2)) {
        const timer = draw();
        at(timer, () => queue.register(timer.ms));
        if (!list.some(({ key, ms }) => key === timer.key && ms === timer.ms)) list.push(timer);
      } else if (what < 8) {
        const timer = prng.below(2) === 0 || list.length === 0 ? draw() : list[prng.below(list.length)]!;
        at(timer, () => queue.delete(timer.ms));
        const found = list.findIndex(({ key, ms }) => key === timer.key && ms === timer.ms);
        if (found >= 0) list.splice(found, 1);
      } else if (list.length > 0) {
        const first = list.reduce((best, each) => (each.ms < best.ms ? each : best));
        assert.is(queue.firstMs, first.ms);
        assert.is(queue.take(), first.ms);
        assert.equal(keys.keyOf(keys.slot), [first.key]);
        keys.leave();
        list.splice(list.indexOf(first), 1);
      }
      assert.is(queue.size, list.length);
    }
    const rest = list.map((timer, i) => ({ ...timer, i })).sort((a, b) => a.ms - b.ms || a.i - b.i);
    assert.equal(
      queue.list().map(([slot, ms]) => ({ key: keys.keyOf(slot)[0], ms })),
      rest.map(({ key, ms }) => ({ key, ms })),
    );
    assert.is(keys.count, new Set(list.map(({ key }) => key)).size);
  });
}

timers.run();
