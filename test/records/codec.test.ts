import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compileCodec } from '../../engine/records/codec.js';
import { RowCodec, viewBindings } from '../../engine/records/codec-gen.js';
import { compile } from '../../engine/records/compile.js';
import { expectedOf } from '../../engine/records/field-values.js';
import { rowLayout, rowView } from '../../engine/records/row-layout.js';
import { type FieldSpec, type ScalarKind, t, VALUE_BYTES_MAX } from '../../engine/records/schema.js';
import { fieldSpecs, isSameRow, randomRuns, rowsOf } from '../kit/random-rows.js';

const codecs = suite('row codecs');
const RUNS = randomRuns(300);
const MEMORY = 1 << 16;

const tables = fieldSpecs.chain((fields) => fc.tuple(fc.constant(fields), rowsOf(fields, 8)));

codecs('the size of a row that is far too large is never a small one', () => {
  const fields = Array.from(
    { length: 9 },
    (_, i): FieldSpec => ({ name: `f${i}`, kind: 'string', nullable: false }),
  );
  const { statements, expression } = new RowCodec(rowLayout(fields)).sizeStatements(() => 'value');
  const sizeOf = new Function('s', 'value', `${statements}\nreturn ${expression};`);
  for (const bytes of [2 ** 20, VALUE_BYTES_MAX]) {
    const size = sizeOf({ measure: () => 2 * bytes }, '');
    assert.ok(size >= Math.min(9 * bytes, 2 ** 31 - 8), `nine strings of ${bytes} bytes take ${size}`);
  }
});

codecs('rows of every kind come back as they were, on private and on shared memory', () => {
  const views = [rowView(new ArrayBuffer(MEMORY)), rowView(new SharedArrayBuffer(MEMORY))];
  for (const view of views) {
    fc.assert(
      fc.property(tables, ([fields, rows]) => {
        const codec = compileCodec(rowLayout(fields), view);
        view.u8.fill(0xff); // what lay there before must not matter
        const starts: number[] = [];
        let p = 8;
        for (const [i, row] of rows.entries()) {
          starts.push(p);
          const next = codec.encode(row, p, MEMORY, i + 7, 1000 + i);
          assert.is(next % 8, 0);
          assert.is(view.i32[p >> 2], next - p);
          assert.is(view.i32[(p >> 2) + 1], i + 7);
          assert.is(view.f64[(p >> 3) + 1], 1000 + i);
          p = next;
        }
        assert.is(view.u8[p], 0xff, 'nothing is written behind a row');
        starts.forEach((start, i) => {
          assert.ok(isSameRow(codec.decode(start), rows[i]!), `row ${i} of ${JSON.stringify(fields)}`);
        });
      }),
      RUNS,
    );
  }
});

/** Lone surrogates too: the halves of a pair may be the end of one string and the beginning of the next. */
const neighbours = fc.array(
  fc.oneof(
    fc.string({ unit: 'binary-ascii', maxLength: 90 }),
    fc.string({ unit: 'binary', maxLength: 30 }),
    fc.constantFrom('', `${'x'.repeat(40)}\ud83d`, `\ude00${'y'.repeat(40)}`, 'z'.repeat(300)),
    fc.constant(null),
  ),
  { minLength: 1, maxLength: 6 },
);

codecs('strings that are written and read at once have the bytes that they have one by one', () => {
  const fields = (texts: readonly unknown[], between: boolean): FieldSpec[] =>
    texts.flatMap((_, i): FieldSpec[] => [
      { name: `f${i}`, kind: 'string', nullable: true },
      ...(between && i % 2 === 1 ? [{ name: `b${i}`, kind: 'category', nullable: false } as const] : []),
    ]);
  const view = rowView(new SharedArrayBuffer(MEMORY));
  fc.assert(
    fc.property(neighbours, fc.boolean(), (texts, between) => {
      const codec = compileCodec(rowLayout(fields(texts, between)), view);
      const row = Object.fromEntries(
        texts.flatMap((text, i) => [[`f${i}`, text] as const, [`b${i}`, 'SFO']]),
      );
      view.u8.fill(0xff);
      const end = codec.encode(row, 0, MEMORY);
      const roomy = view.u8.slice(0, end + 8);
      const decoded = codec.decode(0);
      for (const [name, value] of Object.entries(decoded)) {
        const text = row[name];
        assert.is(value, text === null ? null : Buffer.from(text!).toString(), name);
      }
      view.u8.fill(0xff);
      assert.is(codec.encode(row, 0, end), end, 'where nothing is free behind it, each string is measured');
      assert.equal(view.u8.slice(0, end + 8), roomy);
    }),
    RUNS,
  );
});

codecs('a row that is copied to another place is the same row', () => {
  const view = rowView(new ArrayBuffer(MEMORY));
  fc.assert(
    fc.property(tables, fc.nat(100), ([fields, rows], distance) => {
      const codec = compileCodec(rowLayout(fields), view);
      for (const row of rows) {
        const end = codec.encode(row, 0, MEMORY / 2);
        const to = MEMORY / 2 + 8 * distance;
        view.u8.copyWithin(to, 0, end);
        assert.ok(codec.equals(0, to));
        view.u8.fill(0xff, 0, end);
        assert.ok(isSameRow(codec.decode(to), row));
      }
    }),
    RUNS,
  );
});

codecs('a row is written where it just fits, and not at all where it does not', () => {
  const view = rowView(new ArrayBuffer(MEMORY));
  fc.assert(
    fc.property(tables, ([fields, rows]) => {
      const codec = compileCodec(rowLayout(fields), view);
      for (const row of rows) {
        const length = codec.encode(row, 0, MEMORY);
        view.u8.fill(0xee);
        assert.is(codec.encode(row, 0, length - 1), -1);
        assert.ok(view.u8.every((byte) => byte === 0xee));
        assert.is(codec.encode(row, 0, length), length);
      }
    }),
    RUNS,
  );
});

codecs('pieces for two views stand in one function', () => {
  const { fields } = t.record({ id: t.int32, name: t.string });
  const from = new RowCodec(rowLayout(fields), { view: 'in_' });
  const to = new RowCodec(rowLayout([...fields].reverse()), { view: 'out_' });
  const views = { in_: rowView(new ArrayBuffer(256)), out_: rowView(new ArrayBuffer(256)) };
  const writer = compileCodec(rowLayout(fields), views.in_);
  const reader = compileCodec(to.layout, views.out_);
  writer.encode({ id: 7, name: 'Grüße' }, 64, 256);
  const size = to.sizeStatements(
    (field) => `v_${field.name}`,
    () => 'true',
  );
  const source = `return function copy(p, q) {
    const v_id = ${from.readExpr(from.field('id'), 'p')}, v_name = ${from.readExpr(from.field('name'), 'p', true)};
    ${size.statements}
    let length = ${size.expression};
    ${to.writeStatements('q', (field) => `v_${field.name}`, { length: 'length', hash: '9', ts: '5' })}
  };`;
  const bindings = { ...viewBindings(views.in_, 'in_'), ...viewBindings(views.out_, 'out_') };
  const copy = compile<(p: number, q: number) => void>(
    'copy',
    source,
    Object.keys(bindings),
    Object.values(bindings),
  );
  copy(64, 128);
  assert.equal(reader.decode(128), { name: 'Grüße', id: 7 });
  assert.equal([views.out_.i32[128 / 4 + 1], views.out_.f64[128 / 8 + 1]], [9, 5]);
});

// biome-ignore format: a table
const FITS: Readonly<Record<ScalarKind, { fits: readonly unknown[]; fails: readonly unknown[] }>> = {
  bool:      { fits: [true, false],               fails: [0, 1, 'true', null, undefined] },
  int8:      { fits: [0, -128, 127],              fails: [128, -129, 0.5, NaN, '5', 5n, null, undefined] },
  int16:     { fits: [0, -32768, 32767],          fails: [32768, -32769, 0.5, NaN, '5', 5n, null, undefined] },
  uint32:    { fits: [0, 2 ** 32 - 1],            fails: [-1, 2 ** 32, 0.5, NaN, '5', 5n, null, undefined] },
  int32:     { fits: [0, -0x8000_0000, 0x7fff_ffff], fails: [1.5, NaN, 2 ** 31, '5', 5n, true, {}, Symbol('s'), null, undefined] },
  int64:     { fits: [0, 2 ** 53 - 1, -(2 ** 53 - 1)], fails: [2 ** 53, 0.5, NaN, Infinity, '5', 5n, null, undefined] },
  timestamp: { fits: [0, 1.7e12, -1],              fails: [new Date(0), 1.5, '2020-01-01', NaN, null] },
  bigint:    { fits: [0n, -(2n ** 63n), 2n ** 63n - 1n], fails: [2n ** 63n, 5, '5', null, undefined] },
  float32:   { fits: [0.1, NaN, -0, Infinity],     fails: ['1', 1n, true, {}, null, undefined] },
  float64:   { fits: [0, NaN, -0, Infinity],       fails: ['1', 1n, true, {}, null, undefined] },
  string:    { fits: ['', 'a'],                    fails: [1, null, undefined, new String('a'), Symbol('s')] },
  category:  { fits: ['', 'a'],                    fails: [1, null, undefined, ['a']] },
  bytes:     { fits: [new Uint8Array(2), Buffer.from('a')], fails: [[1], 'a', new ArrayBuffer(1), new Int8Array(1), null, undefined] },
};

codecs(
  'values made by user code are accepted if they fit the declared kind, and refused with its description',
  () => {
    for (const [kind, { fits, fails }] of Object.entries(FITS)) {
      for (const nullable of [false, true]) {
        const field: FieldSpec = { name: 'f', kind: kind as ScalarKind, nullable };
        const check = checkerOf(field);
        for (const value of fits) assert.is(check(value), '', `${kind} accepts ${String(value)}`);
        for (const value of fails) {
          const expected = nullable && value === null ? '' : expectedOf(field);
          assert.is(check(value), expected, `${kind} refuses ${String(value)}`);
        }
      }
    }
  },
);

function checkerOf(field: FieldSpec): (value: unknown) => string {
  const codec = new RowCodec(rowLayout([field]));
  const checks = codec.checkStatements(
    () => 'value',
    (each) => `return ${JSON.stringify(expectedOf(each))};`,
  );
  return compile('check', `return (value) => { ${checks} return ''; };`, [], []);
}

codecs.run();
