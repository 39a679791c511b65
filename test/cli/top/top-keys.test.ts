import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Key, KeyReader } from '../../../engine/cli/top/top-keys.js';
import { afterKey, flameSubtask, TOP_BEGIN, type TopState } from '../../../engine/cli/top/top-state.js';
import { until } from '../../kit/run-kit.js';

const keys = suite('keys of a terminal');

function readAll(pieces: readonly string[]): readonly Key[] {
  const read: Key[] = [];
  const reader = new KeyReader((key) => read.push(key));
  for (const piece of pieces) reader.feed(piece);
  reader.close();
  return read;
}

keys('letters and sequences have names, also several in one piece', () => {
  assert.equal(readAll(['qf?', '\x1b[A\x1b[B', '\x1bOA\r\x1b[6~\x1bOP\x1b[21~\x03']), [
    ...['q', 'f', '?', 'up', 'down', 'up', 'enter', 'page-down', 'F1', 'F10', 'ctrl-c'],
  ]);
});

keys('what no key stands for is nothing, and hurts nothing after it', () => {
  assert.equal(readAll(['\x1b[200~\x1b[1;5C€q', '\x00\x1b[15;2~x']), ['q', 'x']);
});

keys('a sequence that comes in pieces is one key, wherever it is cut', () => {
  const whole = '\x1b[A\x1b[5~\x1bOQ\x1b[[Ak\x1b[24~';
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(whole.length), { maxLength: 12 }), (cuts) => {
      const places = [0, ...cuts.sort((a, b) => a - b), whole.length];
      const pieces = places.slice(1).map((end, at) => whole.slice(places[at], end));
      assert.equal(readAll(pieces), ['up', 'page-up', 'F2', 'F1', 'k']);
    }),
    { verbose: 1 },
  );
});

keys('Esc alone is a key once nothing has followed it', async () => {
  const read: Key[] = [];
  const reader = new KeyReader((key) => read.push(key));
  reader.feed('\x1b');
  assert.equal(read, []);
  await until(() => read.length > 0);
  assert.equal(read, ['escape']);
});

const BOUNDS = { vertices: 5, subtasks: 3, flameLines: 40, page: 10 };

function after(pressed: readonly Key[], bounds = BOUNDS): TopState | 'quit' {
  let state = TOP_BEGIN;
  for (const key of pressed) {
    const next = afterKey(state, key, bounds);
    if (next === 'quit') return 'quit';
    state = next;
  }
  return state;
}

const seen = (pressed: readonly Key[]) => {
  const state = after(pressed);
  return state === 'quit' ? state : `${state.view} ${state.vertex} ${state.subtask} ${state.line}`;
};

keys('arrows choose, Enter leads in and Esc out, and F-keys have letters', () => {
  assert.is(seen(['down', 'j', 'up']), 'graph 1 0 0');
  assert.is(seen(['down', 'enter', 'down', 'down', 'down']), 'subtasks 1 2 0');
  assert.is(seen(['down', 'F2', 'down', 'escape', 'down']), 'graph 2 0 0');
  assert.is(seen(['f', 'page-down', 'down']), 'flame 0 0 11');
  assert.is(seen(['enter', 'end', 'F3', 'end']), 'flame 0 2 30');
  assert.is(seen(['enter', 'f', 'f']), seen(['enter']));
  assert.is(seen(['end', 'F1']), 'help 4 0 0');
  assert.is(seen(['end', '?', 'x']), 'graph 4 0 0');
  for (const key of ['q', 'F10', 'ctrl-c']) assert.is(seen(['enter', 'f', '?', key]), 'quit');
});

keys('a flame graph is of the subtask from which it was asked for, else of the vertex', () => {
  const of = (pressed: readonly Key[]) => flameSubtask(after(pressed) as TopState);
  assert.is(of(['f']), null);
  assert.is(of(['enter', 'down', 'f']), 1);
  assert.is(of(['enter', 'down', 'f', '?', '?']), 1);
});

keys('whatever is pressed, what is chosen is there, and Esc leads out in the end', () => {
  const names = [
    'up',
    'down',
    'page-up',
    'page-down',
    'home',
    'end',
    'enter',
    'f',
    '?',
    'escape',
    'left',
    'l',
    'x',
  ];
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...names), { maxLength: 30 }),
      fc.record({
        vertices: fc.integer({ min: 1, max: 4 }),
        subtasks: fc.integer({ min: 1, max: 4 }),
        flameLines: fc.nat(30),
        page: fc.integer({ min: 1, max: 20 }),
      }),
      (pressed, bounds) => {
        const state = after(pressed, bounds) as TopState;
        assert.ok(state.vertex >= 0 && state.vertex < bounds.vertices);
        assert.ok(state.subtask >= 0 && state.subtask < bounds.subtasks);
        assert.ok(state.line >= 0 && state.line <= Math.max(0, bounds.flameLines - bounds.page));
        const out = after([...pressed, ...Array<Key>(31).fill('escape')], bounds) as TopState;
        assert.equal([out.view, out.back], ['graph', null]);
      },
    ),
    { verbose: 1 },
  );
});

keys.run();
