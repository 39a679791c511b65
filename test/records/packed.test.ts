import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compileCodec } from '../../engine/records/codec.js';
import { PackedCodec } from '../../engine/records/packed.js';
import { PACKED_FIELD, rowLayout, rowView } from '../../engine/records/row-layout.js';
import { randomRuns } from '../kit/random-rows.js';

const packing = suite('packed values');
const RUNS = randomRuns(1000);
const MEMORY = 1 << 16;
const view = rowView(new SharedArrayBuffer(MEMORY));
const codec = new PackedCodec(view);
/** Another instance, as the receiver's is: it knows nothing of what the sender's has packed. */
const receiver = new PackedCodec(view);

function roundTrip(value: unknown, at = 24): any {
  const bytes = codec.pack(value);
  view.u8.set(bytes, at);
  const back = receiver.unpack(at, bytes.length);
  view.u8.fill(0xaa); // the segment is used again
  return back;
}

// biome-ignore format: a table
const VALUES: Readonly<Record<string, unknown>> = {
  'null, undefined and booleans': { a: null, b: undefined, c: true, d: false },
  'numbers':        { a: -0, b: NaN, c: Infinity, d: 2 ** 53 - 1, e: -(2 ** 31), f: 2 ** 60, g: 5e-324, h: 0 },
  'nested minus zeros': { a: [0, -0, { b: -0 }], m: new Map<any, any>([['k', [-0]], [{ o: -0 }, 1]]), s: new Set([{ b: -0 }]) },
  'bigints':        { a: 5n, b: -(2n ** 63n), c: 2n ** 200n },
  'strings':        { a: '', b: 'Grüße 😀', c: 'x'.repeat(5000) },
  'dates':          { a: new Date(0), b: new Date('2001-01-01'), c: new Date(8.64e15), d: new Date(1.5e12 + 1) },
  'maps and sets':  { m: new Map<unknown, unknown>([[1, 'a'], ['k', { z: 1 }], [{ o: 1 }, null]]), s: new Set([1, 'x']) },
  'typed arrays':   { a: new Float64Array([1, NaN, -0]), b: new Uint8Array([1, 2]), c: new BigInt64Array([5n]), d: Buffer.from('hey') },
  'nesting':        { a: { b: [1, { c: null }, []] }, d: {} },
  'odd names':      { 'a b': 1, '': 2, 0: 3, constructor: 4, length: 5 },
  'an array':       [1, 'two', { three: 3 }],
  'a number':       5,
  'a string':       'five',
  'nothing':        undefined,
  'others':         { r: /x+/gi, e: new TypeError('oh'), b: new Uint8Array([1, 2]).buffer },
};

for (const [what, value] of Object.entries(VALUES)) {
  packing(`${what}: come back as they were`, () => {
    assert.ok(isDeepStrictEqual(roundTrip(value), value));
  });
}

packing('random values come back as they were, each by itself', () => {
  const anything = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withTypedArray: true,
    withNullPrototype: false,
    key: fc.string().filter((key) => key !== '__proto__'),
  });
  fc.assert(
    fc.property(fc.array(anything, { maxLength: 4 }), (values) => {
      for (const value of values) {
        const back = roundTrip(value);
        assert.ok(isSame(back, value), fc.stringify([value, back]));
      }
    }),
    RUNS,
  );
});

packing('a key of a map may be an object without text', () => {
  const value = new Map([[{ toString: 0 }, 1]]);
  assert.ok(isDeepStrictEqual(roundTrip(value), value));
});

packing('a value that contains itself comes back so', () => {
  const value: Record<string, unknown> = { a: 1, zero: -0 };
  value['self'] = value;
  const back = roundTrip(value);
  assert.is(back.self, back);
  assert.ok(Object.is(back.zero, -0));
});

packing('what was given is not changed', () => {
  const value = { a: -0, nested: [{ b: -0 }] };
  roundTrip(value);
  assert.ok(isDeepStrictEqual(value, { a: -0, nested: [{ b: -0 }] }));
});

// biome-ignore format: a table
const REFUSED: readonly (readonly [path: string, what: RegExp, value: unknown])[] = [
  ['f',       /field f is a function/,                    { a: 1, f: () => 1 }],
  ['a.b.1',   /field a\.b\.1 is a symbol/,                { a: { b: [1, Symbol('s')] } }],
  ['m.k.f',   /field m\.k\.f is a function/,              { m: new Map([['k', { f: () => 1 }]]) }],
  ['s.an item', /is a function/,                          { s: new Set([() => 1]) }],
  ['u',       /field u is an instance of URL/,            { u: new URL('https://example.org') }],
  ['w',       /field w is an instance of WeakMap/,        { w: new WeakMap() }],
  ['',        /the record itself is an instance of Point/, new (class Point { x = 1; })()],
  ['a',       /field a is an instance of Sub/,            { a: new (class Sub extends Map {})() }],
  ['a.__proto__', /is a member that every object has/,                { a: JSON.parse('{"__proto__": 1}') }],
];

packing('what cannot travel is refused with a code that names the field', () => {
  for (const [path, what, value] of REFUSED) {
    try {
      codec.pack(value);
      assert.unreachable(path);
    } catch (error) {
      const { code, message, detail } = error as { code: string; message: string; detail: { field: string } };
      assert.is(code, 'RECORD_FIELD_INVALID');
      assert.match(message, what);
      assert.is(detail.field, path);
    }
  }
});

packing('values nested 100 deep travel, and a thousand deep are refused by path', () => {
  const deep = (levels: number): object => {
    let value: object = {};
    for (let i = 0; i < levels; i++) value = { a: value };
    return value;
  };
  assert.equal(roundTrip(deep(100)), deep(100));
  for (const levels of [101, 1_000, 100_000]) {
    const code = (error: { code?: string; message: string }): boolean =>
      error.code === 'RECORD_FIELD_INVALID' &&
      /field a\.a\.a.* is nested more than 100 deep/.test(error.message);
    assert.throws(() => codec.pack(deep(levels)), code);
  }
});

packing('a row that is one packed value goes through the same codec as other rows', () => {
  const rows = compileCodec(rowLayout([PACKED_FIELD]), view);
  const end = rows.encode({ value: { a: [1, new Date(5)] } }, 64, MEMORY, 3, 4);
  assert.is(end % 8, 0);
  assert.equal(rows.decode(64), { value: { a: [1, new Date(5)] } });
  assert.is(rows.encode({ value: 'x'.repeat(MEMORY) }, 64, MEMORY), -1);
});

/** Deep equality that takes two invalid dates for equal, and looks into strings for what UTF-8 cannot carry. */
function isSame(a: any, b: any): boolean {
  if (isDeepStrictEqual(a, b)) return true;
  const plain = (value: unknown): string =>
    fc.stringify(value).replace(/[\ud800-\udfff\ufffd]|\\ud[89a-f]\w\w|\\ufffd/g, '?');
  return plain(a) === plain(b);
}

packing.run();
