import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compileCodec } from '../../engine/records/codec.js';
import { compile } from '../../engine/records/compile.js';
import { hashKey, KeyHasher } from '../../engine/records/key-hash.js';
import {
  guardStatements,
  inferShape,
  type LearnedField,
  learnedHashKind,
  widenShape,
} from '../../engine/records/learned-shape.js';
import { rowLayout, rowView } from '../../engine/records/row-layout.js';
import { isSameRow, randomRuns } from '../kit/random-rows.js';

const learning = suite('learned shapes');
const RUNS = randomRuns(2000);

/** A shape as text: `a int32, b string?` */
function text(fields: readonly LearnedField[] | null): string | null {
  if (fields === null) return null;
  const one = ({ name, kind, nullable, isOnlyNull }: LearnedField): string =>
    isOnlyNull ? `${name} null` : `${name} ${kind}${nullable ? '?' : ''}`;
  return fields.map(one).join(', ');
}

class Point {
  x = 1;
}

// biome-ignore format: a table
const CASES: readonly (readonly [rows: readonly unknown[], shape: string | null])[] = [
  [[{ a: 1, b: 'x', c: true, d: 5n }],              'a int32, b string, c bool, d bigint'],
  [[{ a: 1 }, { a: 2.5 }, { a: 3 }],                'a float64'],
  [[{ a: 2.5 }, { a: 1 }],                          'a float64'],
  [[{ a: -0 }],                                     'a float64'],
  [[{ a: 1 }, { a: -0 }],                           'a float64'],
  [[{ a: 1 }, { a: NaN }],                          'a float64'],
  [[{ a: 2 ** 31 }],                                'a float64'],
  [[{ a: 1 }, { a: null }],                         'a int32?'],
  [[{ a: null }, { a: 'x' }],                       'a string?'],
  [[{ a: null }, { a: 1 }, { a: 0.5 }, { a: null }], 'a float64?'],
  [[{ a: null }, { a: null }],                      'a null'],
  [[{ a: 1, b: 2 }, { b: 3, a: 4 }],                'a int32, b int32'],
  [[{}],                                            ''],
  [[{ a: 1 }, { a: 'x' }],                          null],
  [[{ a: 1 }, { a: 1n }],                           null],
  [[{ a: 1 }, { a: undefined }],                    null],
  [[{ a: undefined }],                              null],
  [[{ a: 1 }, {}],                                  null],
  [[{ a: 1 }, { a: 1, b: 2 }],                      null],
  [[{ a: 1 }, { b: 1 }],                            null],
  [[{ a: new Date(0) }],                            null],
  [[{ a: [1] }],                                    null],
  [[{ a: {} }],                                     null],
  [[{ a: 2n ** 63n }],                              null],
  [[{ a: () => 1 }],                                null],
  [[new Point()],                                   null],
  [[[1]],                                           null],
  [[5],                                             null],
  [[null],                                          null],
  [[{ a: 1 }, null],                                null],
  [[JSON.parse('{"__proto__": 1}')],                null],
];

learning('rows have the least shape that holds them all, or none', () => {
  for (const [rows, shape] of CASES) assert.is(text(inferShape(rows)), shape, fc.stringify(rows));
});

learning('a shape that fits already is the same object', () => {
  const shape = inferShape([
    { a: 1.5, b: 'x' },
    { a: null, b: 'y' },
  ])!;
  assert.is(widenShape(shape, { a: 5, b: 'z' }), shape);
  assert.is(widenShape(shape, { b: 'z', a: null }), shape);
});

const value = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.oneof(fc.integer(), fc.double(), fc.constantFrom(-0, 0, NaN, 2 ** 31, -(2 ** 31))),
  },
  { weight: 2, arbitrary: fc.string({ unit: 'grapheme' }) },
  { weight: 2, arbitrary: fc.constantFrom<unknown>(null, undefined, true, false, 5n, 2n ** 64n) },
  { weight: 1, arbitrary: fc.constantFrom<unknown>([1], {}, new Date(0), () => 1, Symbol('s')) },
);
const oddRow = fc.oneof(
  { weight: 8, arbitrary: fc.record({ a: value, b: value }, { requiredKeys: ['a'] }) },
  { weight: 1, arbitrary: fc.dictionary(fc.constantFrom('a', 'b', 'c', '__proto__', 'toString'), value) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<unknown>(
      null,
      5,
      'a',
      [1, 2],
      new Point(),
      undefined,
      Object.create({ a: 1, b: 2 }),
    ),
  },
);

learning('a row passes the guard exactly if its shape need not widen, and then comes back as it was', () => {
  const view = rowView(new ArrayBuffer(1 << 14));
  let passed = 0;
  fc.assert(
    fc.property(
      fc.array(oddRow, { minLength: 1, maxLength: 6 }),
      fc.array(oddRow, { maxLength: 6 }),
      (seen, later) => {
        let shape = inferShape(seen);
        for (const row of [...seen, ...later]) {
          if (shape === null) return;
          const fits = widenShape(shape, row) === shape;
          assert.is(guardOf(shape, false)(row), fits, `${text(shape)} ${fc.stringify(row)}`);
          if (fits) {
            passed++;
            const codec = compileCodec(rowLayout(shape), view);
            codec.encode(row as object, 0, 1 << 14);
            const ordered = Object.fromEntries(
              shape.map(({ name }) => [name, (row as Record<string, unknown>)[name]]),
            );
            assert.ok(isSameRow(codec.decode(0), ordered));
          }
          shape = widenShape(shape, row);
        }
      },
    ),
    RUNS,
  );
  assert.ok(passed > 50, `${passed}`);
});

learning('the guard of a proven function looks at the members it knows and at nothing else', () => {
  const shape = inferShape([{ a: 1, b: 'x' }])!;
  const guard = guardOf(shape, true);
  assert.ok(guard({ a: 2, b: '' }));
  assert.not(guard({ a: -0, b: '' }));
  assert.not(guard({ a: 1 }));
  assert.not(guard(undefined));
  assert.not(guard(5));
});

learning('a key hashes the same under every shape that holds it', () => {
  const hasher = new KeyHasher();
  const values: readonly unknown[] = [0, 5, -1, 2 ** 31, 0.5, -0, null, 'x', true, 7n];
  for (const key of values) {
    const byValue = hashKey(hasher, ['value'], [key]);
    for (const other of [1, 0.5, null]) {
      const shape = inferShape([{ key }, { key: other }]);
      if (shape !== null) assert.is(hashKey(hasher, shape.map(learnedHashKind), [key]), byValue, String(key));
    }
  }
});

function guardOf(shape: readonly LearnedField[], isExact: boolean): (row: unknown) => boolean {
  const guard = guardStatements(
    shape,
    'row',
    (field) => `v${shape.indexOf(field)}`,
    'return false;',
    isExact,
  );
  return compile('guard', `return (row) => { ${guard} return true; };`, [], []);
}

learning.run();
