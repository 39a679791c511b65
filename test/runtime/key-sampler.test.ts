import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TAG_SHAPE, TAG_WATERMARK, writeSignal } from '../../engine/exchange/element.js';
import { compileCodec } from '../../engine/records/codec.js';
import { type LayoutField, PACKED_FIELD, rowLayout, rowView } from '../../engine/records/row-layout.js';
import { type RecordType, t } from '../../engine/records/schema.js';
import { type KeySample, KeySampler } from '../../engine/runtime/key-sampler.js';

const samplers = suite('key sampler');
const SEGMENT = 4_096;

interface Sending {
  /** Rows in a buffer that begins with this one. */
  readonly rowsMax: (first: number) => number;
  readonly isPacked: boolean;
}

/** Writes rows into buffers as a sender does, full ones or such as are flushed before, and lets the sampler look at each. */
function sampled(
  fields: readonly LayoutField[],
  keys: readonly string[],
  rows: readonly object[],
  { rowsMax = () => Number.POSITIVE_INFINITY, isPacked = false }: Partial<Sending> = {},
): KeySample {
  const view = rowView(new SharedArrayBuffer(SEGMENT));
  const shape = { fields: isPacked ? [PACKED_FIELD] : fields, isPacked };
  const codec = compileCodec(rowLayout(shape.fields), view);
  const sampler = new KeySampler(null);
  for (let next = 0; next < rows.length; ) {
    let end = next % 3 === 0 ? writeSignal(view.i32, view.f64, 0, TAG_WATERMARK, 0, 7) : 0;
    const most = rowsMax(next);
    for (let written = 0; written < most && next < rows.length; written++, next++) {
      const row = rows[next]!;
      const after = codec.encode(isPacked ? { [PACKED_FIELD.name]: row } : row, end, SEGMENT);
      if (after < 0) break;
      end = after;
    }
    sampler.look({ keys, view }, shape, 0, end);
  }
  return sampler.sample;
}

const shareOf = ({ keys }: KeySample, key: string): number =>
  keys.find((each) => each.key === key)?.share ?? 0;

const User = t.record({ user: t.string, n: t.int32 });

samplers('shares are those of all rows, whatever the order of the keys and the fill of the buffers', () => {
  const property = fc.property(
    fc.integer({ min: 1, max: 95 }),
    fc.constantFrom('in turn', 'drawn', 'in runs'),
    fc.constantFrom(1, 7, 10, Number.POSITIVE_INFINITY),
    fc.integer(),
    (hot, order, rowsMax, seed) => {
      let state = seed;
      const drawn = (): number => {
        state = (Math.imul(state, 747_796_405) + 1) | 0;
        return (state >>> 8) % 100;
      };
      const rows = Array.from({ length: rowsMax === 1 ? 2_000 : 20_000 }, (_, n) => {
        const at = order === 'in turn' ? n % 100 : order === 'drawn' ? drawn() : Math.floor(n / 5) % 100;
        return { user: at < hot ? 'hot' : `user-${n}`, n };
      });
      // The oracle: all rows, counted.
      const exact = rows.filter(({ user }) => user === 'hot').length / rows.length;
      const sample = sampled(User.fields, ['user'], rows, { rowsMax: () => rowsMax });
      const off = Math.abs(shareOf(sample, '"hot"') - exact);
      assert.ok(sample.rows > 100 && sample.rows <= 4_008);
      // One in a million samples is further off than five times what one is off by on average.
      assert.ok(off <= 5 * Math.sqrt(0.25 / sample.rows), `${off} of ${exact}, by ${sample.rows} rows`);
    },
  );
  fc.assert(property, { numRuns: 20, verbose: 1 });
});

samplers('rows that are long count no more than short ones', () => {
  const rows = Array.from({ length: 20_000 }, (_, n) =>
    n % 2 === 0 ? { user: 'long'.padEnd(900, '-'), n } : { user: 'short', n },
  );
  const sample = sampled(User.fields, ['user'], rows);
  assert.ok(Math.abs(shareOf(sample, '"short"') - 0.5) < 0.08, JSON.stringify(sample));
});

samplers('every place in a buffer is drawn as often as the others', () => {
  for (let place = 0; place < 10; place++) {
    const rows = Array.from({ length: 5_000 }, (_, n) => ({ user: n % 10 === place ? 'one' : 'others', n }));
    const share = shareOf(sampled(User.fields, ['user'], rows, { rowsMax: () => 10 }), '"one"');
    assert.ok(Math.abs(share - 0.1) < 0.03, `${share} at ${place}`);
  }
});

samplers('a buffer counts by its rows', () => {
  // One row of the one key, alone in its buffer, and then fifty of the other.
  const rows = Array.from({ length: 10_200 }, (_, n) => ({ user: n % 51 === 0 ? 'alone' : 'many', n }));
  const sample = sampled(User.fields, ['user'], rows, { rowsMax: (first) => (first % 51 === 0 ? 1 : 50) });
  assert.ok(Math.abs(shareOf(sample, '"many"') - 50 / 51) < 1e-9, JSON.stringify(sample));
});

samplers('what is kept is bounded, and only a handful of keys is told', () => {
  const rows = Array.from({ length: 100_000 }, (_, n) => ({ user: `user-${n}`, n }));
  const { rows: looked, keys } = sampled(User.fields, ['user'], rows, { rowsMax: () => 2 });
  assert.equal([looked, keys.length], [4_000, 5]);
});

const AT = Date.UTC(2001, 2, 12);
// biome-ignore format: a table
const KEYS: readonly (readonly [record: RecordType<any>, keys: readonly string[], row: object, text: string])[] = [
  [t.record({ a: t.string }),             ['a'],      { a: 'x "y"' },                      '"x \\"y\\""'],
  [t.record({ a: t.int32 }),              ['a'],      { a: -7 },                           '-7'],
  [t.record({ a: t.bigint }),             ['a'],      { a: 12n },                          '12n'],
  [t.record({ a: t.bool }),               ['a'],      { a: false },                        'false'],
  [t.record({ a: t.float64 }),            ['a'],      { a: 1.5 },                          '1.5'],
  [t.record({ a: t.timestamp }),          ['a'],      { a: AT },                           '2001-03-12T00:00:00.000Z'],
  [t.record({ a: t.int64 }),              ['a'],      { a: AT },                           String(AT)],
  [t.record({ a: t.bytes }),              ['a'],      { a: new Uint8Array([1, 255]) },     '0x01ff'],
  [t.record({ a: t.category }),           ['a'],      { a: 'JFK' },                        '"JFK"'],
  [t.record({ a: t.nullable(t.string) }), ['a'],      { a: null },                         'null'],
  [t.record({ b: t.int32, a: t.string }), ['a', 'b'], { a: 'JFK', b: 3 },                  'a "JFK", b 3'],
];

samplers('keys of every type are readable, of rows with fields and of packed ones', () => {
  for (const [{ fields }, keys, row, text] of KEYS) {
    assert.equal(sampled(fields, keys, [row]).keys, [{ key: text, share: 1 }]);
    const packed = sampled([], keys, [row], { isPacked: true }).keys[0]!.key;
    // What is packed has no declared types.
    if (fields[0]!.kind !== 'timestamp') assert.is(packed, text);
  }
});

samplers('rows whose shape is not known, or changes within a buffer, are left aside', () => {
  const view = rowView(new SharedArrayBuffer(SEGMENT));
  const shape = { fields: User.fields, isPacked: false };
  const end = compileCodec(rowLayout(User.fields), view).encode({ user: 'a', n: 1 }, 0, SEGMENT);
  const sampler = new KeySampler(null);
  const rows = { keys: ['user'], view };
  sampler.look(rows, null, 0, end);
  sampler.look(rows, shape, 0, 0);
  view.i32[end >> 2] = TAG_SHAPE;
  view.i32[(end >> 2) + 1] = 0;
  sampler.look(rows, shape, 0, end + 8);
  assert.is(sampler.sample.rows, 0);
  sampler.look(rows, shape, 0, end);
  assert.equal(sampler.sample, { rows: 1, keys: [{ key: '"a"', share: 1 }] });
});

samplers.run();
