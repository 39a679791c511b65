import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ManualClock } from '../../../engine/base/clock.js';
import type { ListCell, MapCell, StateTtl, ValueCell } from '../../../engine/functions/keyed-state.js';
import { keyGroupOf } from '../../../engine/records/key.js';
import { HeapBackend } from '../../../engine/runtime/state/heap-backend.js';
import { keyScopeClass } from '../../../engine/runtime/state/key-scope.js';
import { checkAgainstModel, hashOf, type MakeBackend, spec } from '../../kit/backend-contract.js';

const backends = suite('heap backend');
const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);
console.log(`seed ${seed}`);

const Keys = keyScopeClass([{ name: 'key', kind: 'string', nullable: false }]);
const make: MakeBackend = (setting) =>
  new HeapBackend(new Keys(), { ...setting, operator: { uid: 'u', shown: 'process' } });

const ttlOf = (given: Partial<StateTtl>): StateTtl => ({
  ms: 25,
  update: 'onCreateAndWrite',
  visibility: 'neverReturnExpired',
  ...given,
});

backends('keys, states and timers are those of plain collections, also after a restore', () => {
  checkAgainstModel(make, null, seed);
});

backends('with a ttl each value, item and entry is forgotten when it was not written for so long', () => {
  checkAgainstModel(make, ttlOf({}), seed);
});

backends('with onReadAndWrite, when it was neither written nor read', () => {
  checkAgainstModel(make, ttlOf({ update: 'onReadAndWrite' }), seed);
});

backends('what has expired is seen once if it may be, and is gone then', () => {
  const clock = new ManualClock(0);
  const backend = make({ maxParallelism: 4, nowMs: () => clock.wallMs() });
  const ttl = ttlOf({ visibility: 'returnExpiredIfNotCleanedUp' });
  const value = backend.cell(spec('value', 'value', ttl)) as ValueCell;
  const list = backend.cell(spec('list', 'list', ttl)) as ListCell;
  const map = backend.cell(spec('map', 'map', ttl)) as MapCell;
  backend.keys.enter(hashOf('a'), 'a');
  value.set(1);
  list.add(2);
  map.set('x', 3);
  map.set('y', 4);
  clock.advance(24);
  assert.is(map.get('x'), 3);
  clock.advance(1);
  assert.equal([value.get(), [...list.get()], map.get('x'), [...map.entries()]], [1, [2], 3, [['y', 4]]]);
  assert.equal(
    [value.get(), [...list.get()], map.get('x'), [...map.entries()]],
    [undefined, [], undefined, []],
  );
  backend.keys.leave();
  assert.is(backend.keys.count, 0);
});

backends('a clean-up finds what nobody looks at, a few slots at a time', () => {
  const clock = new ManualClock(0);
  const backend = make({ maxParallelism: 4, nowMs: () => clock.wallMs() });
  const value = backend.cell(spec('value', 'value', ttlOf({}))) as ValueCell;
  for (let n = 0; n < 100; n++) {
    backend.keys.enter(n, `key ${n}`);
    value.set(n);
    backend.keys.leave();
  }
  clock.advance(25);
  backend.cleanUp();
  assert.is(backend.keys.count, 95);
  for (let i = 0; i < 19; i++) backend.cleanUp();
  assert.is(backend.keys.count, 0);
});

backends('slots of keys that have nothing any more are used again: ever new keys take no more memory', () => {
  const backend = make({ maxParallelism: 4, nowMs: () => 0 });
  const value = backend.cell(spec('value', 'value')) as ValueCell;
  const { keys, eventTimers } = backend;
  for (let n = 0; n < 100_000; n++) {
    keys.enter(Math.imul(n, 2654435761), `key ${n}`);
    value.set(n);
    eventTimers.register(n + 10);
    keys.leave();
    if (eventTimers.firstMs > n) continue;
    eventTimers.take();
    assert.is(value.get(), n - 10);
    value.clear();
    keys.leave();
  }
  assert.is(keys.count, 10);
  assert.ok(keys.size <= 11, `${keys.size} slots`);
});

backends('a snapshot has the keys of its group alone, and groups go to other subtasks', () => {
  const all = Array.from({ length: 50 }, (_, n) => n * 7919);
  const [one, ...two] = Array.from({ length: 3 }, () => make({ maxParallelism: 8, nowMs: () => 0 }));
  const [value, ...others] = [one!, ...two].map((each) => each.cell(spec('value', 'value')) as ValueCell);
  for (const hash of all) {
    one!.keys.enter(hash, `${hash}`);
    value!.set(hash);
    one!.keys.leave();
  }
  for (let group = 0; group < 8; group++) two[group % 2]!.restore(group, one!.snapshot(group));
  for (const hash of all) {
    const at = keyGroupOf(hash, 8) % 2;
    for (const [i, { keys }] of two.entries()) {
      keys.enter(hash, `${hash}`);
      assert.is(others[i]!.get(), i === at ? hash : undefined);
      keys.leave();
    }
  }
  assert.is(two[0]!.keys.count + two[1]!.keys.count, all.length);
});

backends('a snapshot is no part of what it was taken of', () => {
  const [one, two] = [
    make({ maxParallelism: 1, nowMs: () => 0 }),
    make({ maxParallelism: 1, nowMs: () => 0 }),
  ];
  const [before, after] = [one, two].map((each) => each.cell(spec('list', 'list')) as ListCell);
  one.keys.enter(1, 'a');
  before!.add({ n: 1 });
  const snapshot = one.snapshot(0);
  (before!.get()[0] as { n: number }).n = 2;
  before!.add({ n: 3 });
  two.restore(0, snapshot);
  two.keys.enter(1, 'a');
  assert.equal([...after!.get()], [{ n: 1 }]);
});

backends('a state that is not declared any more, or is another, is refused with its name', () => {
  const one = make({ maxParallelism: 1, nowMs: () => 0 });
  const value = one.cell(spec('last', 'value')) as ValueCell;
  one.keys.enter(1, 'a');
  value.set(1);
  one.keys.leave();
  const snapshot = one.snapshot(0);
  for (const [declared, words] of [
    [null, /STATE_INCOMPATIBLE: state 'last' of process, .* is not declared any more/],
    [spec('last', 'list'), /STATE_INCOMPATIBLE: .* is of kind list now/],
    [spec('last', 'value', ttlOf({})), /STATE_INCOMPATIBLE: .* is of kind value with ttl now/],
  ] as const) {
    const two = make({ maxParallelism: 1, nowMs: () => 0 });
    if (declared !== null) two.cell(declared);
    assert.throws(() => two.restore(0, snapshot), words);
  }
});

backends.run();
