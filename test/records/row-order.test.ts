import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CategoryArena, createCategoryArena } from '../../engine/memory/category-arena.js';
import { Categories } from '../../engine/records/categories.js';
import { compileCodec } from '../../engine/records/codec.js';
import { rowLayout, rowView } from '../../engine/records/row-layout.js';
import type { FieldSpec } from '../../engine/records/schema.js';
import { fieldSpecs, randomRuns, rowsOf } from '../kit/random-rows.js';

const orders = suite('order of rows');
const MEMORY = 1 << 16;

/** Told again over the objects, in the plainest way. */
function compareValues(a: any, b: any): number {
  if (a === null || b === null) return Number(b === null) - Number(a === null);
  if (a instanceof Uint8Array) return Math.sign(Buffer.compare(a, b));
  const [noA, noB] = [Number.isNaN(a), Number.isNaN(b)];
  if (noA || noB) return Number(noA) - Number(noB);
  return a < b ? -1 : a > b ? 1 : 0;
}

const compareRows = (a: any, b: any, by: readonly string[]): number =>
  by.map((name) => compareValues(a[name], b[name])).find((order) => order !== 0) ?? 0;

/** Rows that have much in common. */
const tables = fieldSpecs.chain((fields) =>
  fc.record({
    fields: fc.constant(fields),
    by: fc.shuffledSubarray(fields.map(({ name }) => name)),
    rows: rowsOf(fields, 5).chain((rows) =>
      fc
        .array(fc.tuple(fc.nat(), fc.nat(), fc.nat()), { maxLength: 5 })
        .map((mixes) => [
          ...rows,
          ...mixes.flatMap(([a, b, cut]) => (rows.length === 0 ? [] : [mixed(fields, rows, a, b, cut)])),
        ]),
    ),
  }),
);

function mixed(
  fields: readonly FieldSpec[],
  rows: readonly Record<string, unknown>[],
  a: number,
  b: number,
  cut: number,
): Record<string, unknown> {
  const [first, second] = [rows[a % rows.length]!, rows[b % rows.length]!];
  const at = cut % (fields.length + 1);
  return Object.defineProperties(
    {},
    Object.fromEntries(
      fields.map(({ name }, i) => [name, Object.getOwnPropertyDescriptor(i < at ? first : second, name)!]),
    ),
  );
}

orders('rows compare in their bytes as their values do, and are equal where all values are', () => {
  const view = rowView(new SharedArrayBuffer(MEMORY));
  fc.assert(
    fc.property(tables, fc.boolean(), ({ fields, by, rows }, hasIds) => {
      const arena = new CategoryArena(createCategoryArena({ values: 4, bytes: 1 << 12, fields: 1 }, 1), 1);
      const categories = hasIds ? new Categories(arena) : null; // room for a few, others are strings
      const codec = compileCodec(rowLayout(fields), view, categories, by);
      const places: number[] = [];
      for (let i = 0, p = 0; i < rows.length; i++) {
        places.push(p);
        p = codec.encode(rows[i]!, p, MEMORY, i, i); // hash and time tell no rows apart
        assert.ok(p > 0);
      }
      const names = fields.map(({ name }) => name);
      for (const [i, a] of rows.entries()) {
        for (const [j, b] of rows.entries()) {
          const where = `${i}, ${j} by ${by}`;
          assert.is(codec.compare(places[i]!, places[j]!), compareRows(a, b, by), where);
          assert.is(codec.equals(places[i]!, places[j]!), compareRows(a, b, names) === 0, where);
        }
      }
    }),
    randomRuns(300),
  );
});

orders('what is hard to order comes in the order that is written down', () => {
  const view = rowView(new ArrayBuffer(MEMORY));
  const inOrder: readonly (readonly [kind: FieldSpec['kind'], values: readonly unknown[]])[] = [
    ['float64', [null, Number.NEGATIVE_INFINITY, -1, 0, 5e-324, Number.POSITIVE_INFINITY, Number.NaN]],
    ['bool', [null, false, true]],
    ['bigint', [null, -(2n ** 63n), -1n, 0n, 2n ** 63n - 1n]],
    ['uint32', [null, 0, 2 ** 31, 2 ** 32 - 1]],
    [
      'string',
      [null, '', 'a', 'a\0', 'ab', 'b', 'é', '\ud7ff', '😀', '\u{10ffff}', '\ue000', '\uffff', '\uffffa'],
    ],
    ['bytes', [null, [], [0], [0, 0], [1], [0xee], [0xf0]].map((each) => each && Uint8Array.from(each))],
  ];
  for (const [kind, values] of inOrder) {
    const codec = compileCodec(rowLayout([{ name: 'v', kind, nullable: true }]), view);
    const places = values.map((_, i) => 256 * i);
    for (const [i, v] of values.entries()) codec.encode({ v }, 256 * i, MEMORY);
    for (const [i, p] of places.entries()) {
      for (const [j, q] of places.entries()) {
        assert.is(codec.compare(p, q), Math.sign(i - j), `${kind}: ${i}, ${j}`);
        assert.is(codec.equals(p, q), i === j);
      }
    }
  }
  const zeros = compileCodec(rowLayout([{ name: 'v', kind: 'float64', nullable: false }]), view);
  zeros.encode({ v: -0 }, 0, MEMORY);
  zeros.encode({ v: 0 }, 256, MEMORY);
  assert.equal([zeros.compare(0, 256), zeros.equals(0, 256)], [0, true]);
});

orders('nested values are equal where their bytes are, and have no order', () => {
  const view = rowView(new ArrayBuffer(MEMORY));
  const parts = { item: { kind: 'string', nullable: false } } as const;
  const codec = compileCodec(rowLayout([{ name: 'list', kind: 'list', nullable: false, parts }]), view);
  codec.encode({ list: ['a', 'b'] }, 0, MEMORY);
  codec.encode({ list: ['a', 'b'] }, 256, MEMORY);
  codec.encode({ list: ['a', 'c'] }, 512, MEMORY);
  assert.equal([codec.equals(0, 256), codec.equals(0, 512), codec.compare(0, 512)], [true, false, 0]);
});

orders.run();
