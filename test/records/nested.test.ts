import { inspect } from 'node:util';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { takeValue } from '../../engine/connectors/value-check.js';
import { compileCodec } from '../../engine/records/codec.js';
import { rowLayout, rowView } from '../../engine/records/row-layout.js';
import { rowSizer } from '../../engine/records/row-size.js';
import { type FieldSpec, type FieldType, fieldSpec, t } from '../../engine/records/schema.js';
import { randomRuns } from '../kit/random-rows.js';
import { plainKept, randomRecord, spoiled } from '../kit/random-types.js';

const nested = suite('nested values');
const RUNS = randomRuns(400);
const MEMORY = 1 << 18;

/** A record, some rows of it, and a number to draw from. */
const tables = randomRecord(4, 1).chain(({ type, values }) =>
  fc.record({
    fields: fc.constant((type as ReturnType<typeof t.record>).fields),
    rows: fc.array(values as fc.Arbitrary<Record<string, unknown>>, { maxLength: 4 }),
    distance: fc.nat(100),
  }),
);

const keptRow = (fields: readonly FieldSpec[], row: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    fields.map((field) => {
      const taken = takeValue(field, row[field.name]);
      assert.ok('kept' in taken, inspect(taken));
      return [field.name, taken.kept];
    }),
  );

nested('what is taken of a value is equal to it, and shares nothing with it', () => {
  fc.assert(
    fc.property(tables, ({ fields, rows }) => {
      for (const row of rows) {
        for (const field of fields) {
          const taken = takeValue(field, row[field.name]);
          assert.ok('kept' in taken, inspect(taken));
          const plain = plainKept(field, row[field.name]);
          assert.ok(isSame(taken.kept, plain), field.name);
          const isObject = typeof taken.kept === 'object' && taken.kept !== null;
          if (isObject) assert.is.not(taken.kept, row[field.name]);
        }
      }
    }),
    RUNS,
  );
});

nested('rows of nested values come back as they were, also where they were moved in memory', () => {
  for (const memory of [new ArrayBuffer(MEMORY), new SharedArrayBuffer(MEMORY)]) {
    const view = rowView(memory);
    fc.assert(
      fc.property(tables, ({ fields, rows, distance }) => {
        const codec = compileCodec(rowLayout(fields), view);
        const sizeOf = rowSizer(fields);
        for (const given of rows) {
          const row = keptRow(fields, given);
          view.u8.fill(0xff);
          const end = codec.encode(row, 8, MEMORY / 2);
          assert.is(end - 8, sizeOf(row));
          assert.is(view.u8[end], 0xff, 'nothing is written behind a row');
          assert.ok(isSame(codec.decode(8), row), JSON.stringify(fields));
          const to = MEMORY / 2 + 8 * distance;
          view.u8.copyWithin(to, 8, end);
          view.u8.fill(0xff, 8, end);
          assert.ok(isSame(codec.decode(to), row));
        }
      }),
      RUNS,
    );
  }
});

nested('a value in which something does not fit is refused with the path of just that', () => {
  fc.assert(
    fc.property(tables, fc.infiniteStream(fc.nat()), ({ fields, rows }, numbers) => {
      const draw = (below: number): number => (numbers.next().value as number) % below;
      for (const row of rows) {
        const field = fields[draw(fields.length)]!;
        const bad = spoiled(field, row[field.name], field.name, draw)!;
        if (field.parts === undefined) continue; // flat: see codec.test.ts
        const found = takeValue(field, bad.value);
        assert.ok(!('kept' in found), `${JSON.stringify(field)} accepts ${bad.path}`);
        assert.is((found as { path: string }).path, bad.path);
      }
    }),
    RUNS,
  );
});

const Item = t.record({ name: t.string, price: t.int32 });
const refusal = (type: FieldType<any>, value: unknown): string => {
  const found = takeValue(fieldSpec('items', type), value);
  return 'kept' in found ? 'accepted' : `${found.path} ${found.what}`;
};

nested('bad values are refused with path and reason', () => {
  const items = t.list(Item);
  const good = { name: 'a', price: 1 };
  assert.match(
    refusal(items, [good, good, { ...good, price: Number.NaN }]),
    /^items\[2\]\.price of NaN, .*whole/,
  );
  assert.match(refusal(items, [good, { price: 1 }]), /^items\[1\]\.name of undefined, which is not a string/);
  assert.match(refusal(items, [{ name: 'a\udc00', price: 1 }]), /^items\[0\]\.name .*surrogate/);
  assert.match(refusal(items, { length: 0 }), /^items of \{"length":0\}, which is not an array/);
  assert.match(refusal(items, [[]]), /^items\[0\] .*object with the declared members/);
  assert.match(refusal(items, new Array(10_000_000)), /^items of 10000000 items, .*at most 1000000/);
  const map = t.map(t.list(t.int8));
  assert.match(refusal(map, new Map([['a', [1]], ['b c', [1, 128]]])), /^items\["b c"\]\[1\] of 128/); // biome-ignore format: short
  assert.match(refusal(map, { a: [1] }), /^items .*not a Map from strings/);
  assert.match(refusal(map, new Map<any, number[]>([[5, []]])), /^items of 5, .*strings as keys/);
  for (const key of ['__proto__', 'constructor'])
    assert.match(refusal(map, new Map([[key, []]])), `items["${key}"] of "${key}"`);
  const union = t.union('kind', { click: t.record({ x: t.int32 }), view: t.record({}) });
  assert.match(refusal(union, { kind: 'clack', x: 1 }), /^items\.kind of "clack", .*"click", "view"/);
  assert.match(refusal(union, { kind: 'click', x: 0.5 }), /^items\.x of 0\.5/);
  assert.match(refusal(union, {}), /^items\.kind of undefined/);
});

nested('a getter that throws is refused with its path, and one that changes its mind is asked once', () => {
  const failing = {
    name: 'a',
    get price(): number {
      throw new RangeError('no price today');
    },
  };
  assert.match(
    refusal(t.list(Item), [{ name: 'a', price: 1 }, failing]),
    /^items\[1\]\.price .*no price today/,
  );
  let asked = 0;
  const fickle = { name: 'a', get price() { return asked++; } }; // biome-ignore format: short
  const taken = takeValue(fieldSpec('item', Item), fickle);
  assert.equal(taken, { kept: { name: 'a', price: 0 } });
  assert.is(asked, 1);
  // The next value starts afresh.
  assert.is(refusal(t.list(Item), [{ name: 'a', price: 1 }]), 'accepted');
});

nested('what cannot be read as a whole is named by its own path, whatever was taken before', () => {
  const type = t.map(t.list(t.int8));
  const field = fieldSpec('items', type);
  assert.ok('kept' in takeValue(field, new Map([['a', [1, 2]]])));
  const unreadable = takeValue(field, new Proxy(new Map(), {}));
  assert.is((unreadable as { path: string }).path, 'items');
});

nested(
  'names that reach prototypes, deep types and unions that clash are refused where they are declared',
  () => {
    const code = (error: { code?: string }): boolean => error.code === 'ARGUMENT_INVALID';
    for (const name of ['__proto__', 'constructor']) {
      assert.throws(() => t.record({ [name]: t.int32 }), code);
      assert.throws(() => t.union(name, { a: Item }), code);
    }
    assert.throws(() => t.record({ __proto__: t.int32 } as never), code);
    let deep: FieldType<any> = t.int32;
    const nest = (times: number): void => {
      for (let i = 0; i < times; i++) deep = t.list(deep);
    };
    nest(64);
    assert.throws(() => nest(1), code);
    assert.throws(() => t.union('name', { item: Item }), code);
    assert.throws(() => t.union('kind', {}), code);
    assert.throws(() => (t.union as any)({ a: Item }), code);
    assert.throws(() => (t.map as any)(t.string, t.int32), code);
    assert.throws(() => t.union('kind', { a: t.int32 as never }), code);
    assert.throws(() => t.list(undefined as never), code);
  },
);

nested('the fingerprint of a layout tells types apart, however they were made', () => {
  const print = (type: FieldType<any>): string => rowLayout([fieldSpec('f', type)]).fingerprint;
  // biome-ignore format: a table
  const different = [
    t.int32, t.list(t.int32), t.list(t.int16), t.list(t.nullable(t.int32)), t.nullable(t.list(t.int32)),
    t.map(t.int32), t.record({ a: t.int32 }), t.record({ b: t.int32 }), t.record({ a: t.int32, b: t.int32 }),
    t.record({ b: t.int32, a: t.int32 }), t.list(t.record({ a: t.int32 })), t.record({}),
    t.union('k', { a: t.record({}) }), t.union('l', { a: t.record({}) }), t.union('k', { b: t.record({}) }),
    t.union('k', { a: t.record({}), b: t.record({}) }), t.union('k', { b: t.record({}), a: t.record({}) }),
  ];
  assert.is(new Set(different.map(print)).size, different.length);
  const spec = fieldSpec('f', t.list(Item));
  const reordered = JSON.parse(JSON.stringify(spec), (_, value) =>
    value?.name === undefined ? value : Object.fromEntries(Object.entries(value).reverse()),
  );
  assert.is(rowLayout([reordered]).fingerprint, print(t.list(t.record({ name: t.string, price: t.int32 }))));
});

/** Equal down to the sign of zero, the type of bytes, and the order of entries. */
function isSame(a: any, b: any): boolean {
  if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null) return Object.is(a, b);
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (a instanceof Uint8Array) return Buffer.from(a).equals(b);
  const [left, right] = a instanceof Map ? [[...a], [...b]] : [Object.entries(a), Object.entries(b)];
  return left.length === right.length && left.every(([key, value], i) => {
    return key === right[i]![0] && isSame(value, right[i]![1]);
  }); // biome-ignore format: two lines say it
}

nested.run();
