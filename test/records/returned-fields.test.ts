import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from '../../engine/records/compile.js';
import { returnedFields } from '../../engine/records/returned-fields.js';

const returning = suite('returned fields');

// biome-ignore format: a table
const CASES: readonly (readonly [source: string, fields: string | null])[] = [
  // proven
  ['(b) => ({ a: b.x, c: 1 })',                                      'a,c'],
  ["(b) => ({ 'a b': b.x, 1: 2, c })",                               'a b,1,c'],
  ['(b) => { const y = b.x * 2; return { a: y }; }',                 'a'],
  ['function (b) { if (b.x) return { a: 1, c: 2 }; return { c: 3, a: 4 }; }', 'a,c'],
  ['(b) => { if (b.x) { return { a: 1 }; } else { throw new Error(); } }', 'a'],
  ['(b) => b.x ? { a: 1 } : b.y ? { a: 2 } : { a: 3 }',              'a'],
  ['(b) => { const f = () => 5; return { a: f() }; }',               'a'],
  ['(b) => { class C { m() { return 5; } } return { a: new C() }; }', 'a'],
  ['({ m(b) { return { a: b.x }; } }).m',                            'a'],
  ['(b) => ({ a: 1, a: 2 })',                                        'a'],
  ['() => ({})',                                                     ''],
  // not proven
  ['(b) => ({ ...b, a: 1 })',                                        null],
  ['(b) => ({ [b.x]: 1 })',                                          null],
  ['(b) => ({ get a() { return 1; } })',                             null],
  ['(b) => ({ __proto__: b, a: 1 })',                                null],
  ["(b) => ({ '__proto__': b, a: 1 })",                              null],
  ['(b) => b',                                                       null],
  ['(b) => { const o = { a: 1 }; o.c = 2; return o; }',              null],
  ['(b) => { if (b.x) return { a: 1 }; }',                           null],
  ['(b) => { if (b.x) return; return { a: 1 }; }',                   null],
  ['(b) => { if (b.x) return { a: 1 }; return { c: 1 }; }',          null],
  ['(b) => { if (b.x) return { a: 1 }; return { a: 1, c: 1 }; }',    null],
  ['(b) => { while (b.x) return { a: 1 }; }',                        null],
  ['(b) => { l: { if (b.x) break l; return { a: 1 }; } }',           null],
  ['(b) => { try { return { a: 1 }; } finally { return b; } }',      null],
  ['(b) => b.x ? { a: 1 } : null',                                   null],
  ['(b) => b.x && { a: 1 }',                                         null],
  ['async (b) => ({ a: 1 })',                                        null],
  ['function* (b) { return { a: 1 }; }',                             null],
  ['(b) => { throw new Error(); }',                                  null],
  ['(b) => { }',                                                     null],
  ['Math.max',                                                       null],
  ['(b) => [1]',                                                     null],
];

returning('each shape of function gives the members of its rows, or that nothing is proven', () => {
  for (const [source, expected] of CASES) {
    const found = returnedFields(compile('case', `return (${source});`, ['c'], [0]));
    assert.is(found === null ? null : found.join(), expected, source);
  }
});

returning.run();
