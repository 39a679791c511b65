import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { printCodec } from '../../engine/records/codec.js';
import { alignRow, printLayout, rowLayout } from '../../engine/records/row-layout.js';
import { type RecordType, t } from '../../engine/records/schema.js';

const layouts = suite('row layouts');
const text = (record: RecordType<unknown>): string =>
  printLayout(rowLayout(record.fields)).replace(/^row \w+/, 'row');

layouts('a row of two floats and two int32 takes 24 bytes behind its header', () => {
  const record = t.record({ ts: t.float64, price: t.float64, key: t.int32, bidder: t.int32 });
  assert.is(
    text(record),
    `row: fixed, 40 bytes
    16  f64   ts: float64
    24  f64   price: float64
    32  i32   key: int32
    36  i32   bidder: int32`,
  );
});

layouts(
  'wide fields lie before narrow ones, whatever the declared order, and null bits cost no padding',
  () => {
    const record = t.record({
      ok: t.bool,
      name: t.nullable(t.string),
      n: t.nullable(t.int32),
      at: t.timestamp,
      big: t.nullable(t.bigint),
      place: t.category,
      total: t.int64,
    });
    assert.is(
      text(record),
      `row: variable, from 72 bytes
    16  f64   at: timestamp
    24  i64   big: bigint  null: bit 2 of i32 56
    32  f64   total: int64
    40  slot  name: string  null: bit 0 of i32 56
    48  slot  place: category
    60  i32   n: int32  null: bit 1 of i32 56
    64  u8    ok: bool`,
    );
  },
);

layouts('the 33rd nullable field has its bit in a second null word', () => {
  const fields = Array.from(
    { length: 33 },
    (_, i) => ({ name: `f${i}`, kind: 'bool', nullable: true }) as const,
  );
  const placed = rowLayout(fields).fields;
  assert.equal([placed[31]!.nullOffset, placed[31]!.nullMask], [16, -0x8000_0000]);
  assert.equal([placed[32]!.nullOffset, placed[32]!.nullMask], [20, 1]);
});

layouts('equal fields have equal fingerprints; another name, kind, order or nullability has another', () => {
  const print = (record: RecordType<unknown>): string => rowLayout(record.fields).fingerprint;
  const base = print(t.record({ a: t.int32, b: t.string }));
  assert.match(base, /^[0-9a-f]{16}$/);
  assert.is(print(t.record({ a: t.int32, b: t.string })), base);
  const others = [
    t.record({ a: t.int32, c: t.string }),
    t.record({ a: t.int64, b: t.string }),
    t.record({ b: t.string, a: t.int32 }),
    t.record({ a: t.nullable(t.int32), b: t.string }),
  ];
  assert.is(new Set([base, ...others.map(print)]).size, 5);
});

layouts('a row without fields is its header', () => {
  assert.is(alignRow(rowLayout([]).fixedBytes), 16);
});

layouts('a codec is printed with the places of its fields and its source', () => {
  const printed = printCodec(rowLayout(t.record({ key: t.int32, name: t.nullable(t.string) }).fields));
  const [codec, order] = printed.split('\n').slice(2).join('\n').split('\ncompare(');
  assert.is(
    codec,
    `    28  i32   key: int32

return {
encode(row, p, end, hash = 0, ts = -Infinity) {
const v0 = row.key;
const v1 = row.name;
const $chars = (v1 === null ? 0 : v1.length), $most = 39 + 3 * $chars;
const $atOnce = $chars >= 40 && p + $most <= end;
let $w1 = 1;
if (!$atOnce) {
$w1 = v1 === null ? 1 : s.measure(v1);
}
let length = (($atOnce ? $most : (39 + ($w1 >> 1))) & -8);
if (p + length > end) return -1;
let $end = p + 32;
let $done1 = $atOnce;
if ($done1) {
const $done1Chars = (v1 === null ? 0 : v1.length), $done1Bytes = s.writeUnmeasured((v1 === null ? '' : v1), $end, $done1Chars);
if ($done1Bytes === $done1Chars) {
$w1 = 2 * (v1 === null ? 0 : v1.length) + 1;
} else {
$w1 = 2 * $done1Bytes;
}
}
i32[(p >> 2) + 4] = $end - p;
i32[(p >> 2) + 5] = $w1;
if (!$done1 && v1 !== null) s.write(v1, $end, $w1);
$end += $w1 >> 1;
i32[(p >> 2) + 7] = v0;
length = ($end + 7 - p) & -8;
i32[(p >> 2)] = length;
i32[(p >> 2) + 1] = hash;
f64[(p >> 3) + 1] = ts;
i32[(p >> 2) + 6] = (v1 === null ? 1 : 0);
return p + length;
},
decode(p) {
return { key: i32[(p >> 2) + 7], name: ((i32[(p >> 2) + 6] & 1) !== 0 ? null : s.read(p + i32[(p >> 2) + 4], i32[(p >> 2) + 5])) };
},`,
  );
  assert.match(
    order!,
    `p, q) {
{ const a = i32[(p >> 2) + 7], b = i32[(q >> 2) + 7]; if (a < b) return -1; if (a > b) return 1; }
if ((i32[(p >> 2) + 6] & 1) !== 0) { if (!((i32[(q >> 2) + 6] & 1) !== 0)) return -1; }
else if ((i32[(q >> 2) + 6] & 1) !== 0) return 1;
else { const by = compareBytes(`,
  );
});

layouts.run();
