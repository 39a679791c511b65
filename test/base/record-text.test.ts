import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { valueText } from '../../engine/base/record-text.js';

const texts = suite('values in messages');

texts('a value shows what it is, and no more of it than has room', () => {
  const throwing = { get x(): never { throw { x: 1 }; } }; // biome-ignore format: short
  const cycle: Record<string, unknown> = {};
  cycle['itself'] = cycle;
  for (const [value, shown] of [
    ['1', '"1"'],
    [1, '1'],
    [1n, '1n'],
    [[1], '[1]'],
    [[], '[]'],
    [Array.from({ length: 50 }, () => 1), `[${'1,'.repeat(10).slice(0, 19)}…`],
    [{ user: 'ada' }, '{"user":"ada"}'],
    [new (class Point { x = 1; })(), '{"x":1}'], // biome-ignore format: short
    [{ toString: () => '7 items' }, '7 items'],
    [new Map(), '[object Map]'],
    [Object.create(null), '(an object without text)'],
    [undefined, 'undefined'],
    [throwing, '(cannot be shown: {"x":1})'],
  ] as const) {
    assert.is(valueText(value, 20).slice(0, 20), shown.slice(0, 20));
  }
  assert.match(valueText(cycle, 100), /^\(cannot be shown: TypeError/);
});

texts.run();
