import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CategoryArena, createCategoryArena } from '../../engine/memory/category-arena.js';
import { CATEGORY_CHARS_MAX, Categories, CategoryField } from '../../engine/records/categories.js';
import { compileCodec } from '../../engine/records/codec.js';
import { murmur3 } from '../../engine/records/key.js';
import { rowLayout, rowView } from '../../engine/records/row-layout.js';
import type { FieldSpec } from '../../engine/records/schema.js';
import { fieldSpecs, isSameRow, randomRuns, rowsOf } from '../kit/random-rows.js';

const categories = suite('categories');
const RUNS = randomRuns(200);
const MEMORY = 1 << 16;

/** The threads of one run, as each has its categories. */
function threads(count: number, values: number, bytes: number, fields = 1): readonly Categories[] {
  const memory = createCategoryArena({ values, bytes, fields }, 1);
  return Array.from({ length: count }, () => new Categories(new CategoryArena(memory, 1)));
}

const category = (name: string, nullable: boolean): FieldSpec => ({ name, kind: 'category', nullable });
const tables = fieldSpecs.chain((some) => {
  const others = some.filter(({ name }) => !/^c[123]$/.test(name));
  const fields = [category('c1', false), ...others, category('c2', true), category('c3', false)];
  return fc.tuple(fc.constant(fields), rowsOf(fields, 12));
});
/** From a table with room for nothing to one with room for all. */
const rooms = fc.constantFrom([1, 8], [2, 8], [3, 4096], [1000, 8], [1000, 1024], [1000, 1 << 20]);

categories('category/strings: rows come back as they were in every thread, also from a full table', () => {
  const view = rowView(new SharedArrayBuffer(MEMORY));
  fc.assert(
    fc.property(tables, rooms, ([fields, rows], [values, bytes]) => {
      const [writer, reader] = threads(2, values!, bytes!);
      const layout = rowLayout(fields);
      const encoding = compileCodec(layout, view, writer);
      const decoding = compileCodec(layout, view, reader);
      view.u8.fill(0xff);
      const starts: number[] = [];
      let p = 8;
      for (const row of rows) {
        starts.push(p);
        p = encoding.encode(row, p, MEMORY);
      }
      assert.is(view.u8[p], 0xff, 'nothing is written behind a row');
      // Twice, since a string is decoded when it is read first.
      for (const codec of [decoding, encoding, decoding])
        starts.forEach((start, i) => {
          assert.ok(isSameRow(codec.decode(start), rows[i]!), `row ${i} of ${JSON.stringify(fields)}`);
        });
    }),
    RUNS,
  );
});

categories('a value with an id takes no bytes in a row, whatever its length', () => {
  const [own] = threads(1, 8, 1024);
  const view = rowView(new ArrayBuffer(MEMORY));
  const codec = compileCodec(rowLayout([category('c', false)]), view, own);
  const plain = compileCodec(rowLayout([category('c', false)]), view);
  const longest = 'x'.repeat(CATEGORY_CHARS_MAX);
  for (const c of ['', 'SFO', 'ÅÄÖ', longest]) assert.is(codec.encode({ c }, 0, MEMORY), 24, c);
  for (const c of ['SFO', longest, `${longest}x`])
    assert.is(plain.encode({ c }, 0, MEMORY), 24 + ((c.length + 7) & ~7));
  assert.is(codec.encode({ c: `${longest}x` }, 0, MEMORY), 24 + 256, 'one more is no category');
});

categories("category/inside: an id's hash is that of the string's bytes, in every thread", () => {
  const text = fc.string({ unit: 'binary', maxLength: CATEGORY_CHARS_MAX });
  fc.assert(
    fc.property(fc.array(text, { maxLength: 30 }), (texts) => {
      const [one, other] = threads(2, 64, 1 << 16);
      for (const each of [one!, other!, one!]) {
        const field = new CategoryField(each, 0);
        for (const value of texts) {
          const id = field.idOf(value);
          assert.ok(id >= 0);
          assert.is(each.hashes[id], murmur3(Buffer.from(value)));
          assert.is(each.texts[id] ?? each.load(id), Buffer.from(value).toString());
        }
      }
    }),
    RUNS,
  );
});

categories('a lone surrogate is U+FFFD, as in any string', () => {
  const [own] = threads(1, 8, 1024);
  const field = new CategoryField(own!, 0);
  const ids = ['\ud83d', '\ufffd', '\udc00', '\ud83d'].map((text) => field.idOf(text));
  assert.is(new Set(ids).size, 1);
  assert.is(own!.load(ids[0]!), '\ufffd');
});

categories('equal strings of different making have one id, also where they meet in a cache', () => {
  const [own] = threads(1, 16_384, 1 << 20);
  const field = new CategoryField(own!, 0);
  const textOf = (i: number): string => `key-${i}-of-many`;
  const ids = Array.from({ length: 9000 }, (_, i) => field.idOf(textOf(i % 3000)));
  for (const [i, id] of ids.entries()) assert.is(id, i % 3000);
});

categories('a field of values that hardly come twice is left out, told of, and tried again', () => {
  const [own] = threads(1, 16_384, 1 << 20, 2);
  const field = new CategoryField(own!, 1);
  const store = own!.store as CategoryArena;
  let next = 0;
  const share = (of: CategoryField, count: number, value: () => string): number => {
    let ids = 0;
    for (let i = 0; i < count; i++) if (of.idOf(value()) >= 0) ids++;
    return ids / count;
  };
  share(field, 10_000, () => `value-${next++}`);
  assert.is(
    share(field, 10_000, () => `value-${next++}`),
    0,
    'it is left out',
  );
  assert.equal(store.spilled(1), { isFull: false, isDistinct: true });
  // Another field of the same thread is not touched, and this one may become better.
  assert.is(
    share(new CategoryField(own!, 0), 10_000, () => `few-${next++ % 50}`),
    1,
  );
  share(field, 100_000, () => `few-${next++ % 50}`);
  assert.is(
    share(field, 100_000, () => `few-${next++ % 50}`),
    1,
    'it is a category now',
  );
  assert.equal(store.spilled(0), { isFull: false, isDistinct: false });
});

categories('many values are no reason to leave a field out, if they come again', () => {
  const [own] = threads(1, 16_384, 1 << 20);
  const field = new CategoryField(own!, 0);
  let seed = 1;
  for (let i = 0; i < 200_000; i++) {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    assert.ok(field.idOf(`value-${(seed >>> 8) % 15_000}`) >= 0);
  }
  assert.is((own!.store as CategoryArena).spilled(0).isDistinct, false);
});

categories(
  'a field that is tried again in vain is left out four times as long, one that was better as at first',
  () => {
    const WINDOW = 4096;
    const [own] = threads(1, 65_536, 1 << 20);
    const field = new CategoryField(own!, 0);
    let next = 0;
    const distinct = (): string => `value-${next++}`;
    /** Windows on end with ids, without, with, …: so many of each. */
    const spells = (windows: number, value: () => string): number[] => {
      const lengths: number[] = [];
      let hadIds = false;
      for (let window = 0; window < windows; window++) {
        let ids = 0;
        for (let i = 0; i < WINDOW; i++) if (field.idOf(value()) >= 0) ids++;
        const hasIds = ids > WINDOW / 2;
        if (hasIds === hadIds && lengths.length > 0) lengths.push(lengths.pop()! + 1);
        else lengths.push(1);
        hadIds = hasIds;
      }
      return lengths;
    };
    assert.equal(spells(2 + 16 + 1 + 64 + 1 + 256, distinct), [2, 16, 1, 64, 1, 256]);
    assert.equal(
      spells(3, () => 'the same'),
      [3],
    );
    assert.equal(spells(2 + 16 + 1 + 64, distinct), [2, 16, 1, 64]);
  },
);

categories('of values without an id no more are kept than the table could have had', () => {
  const [own] = threads(1, 10, 1 << 20);
  const texts = Array.from({ length: 500 }, (_, i) => `value ${i}`);
  for (const text of texts) assert.is(own!.intern(text) >= 0, texts.indexOf(text) < 10);
  assert.is(texts.filter((text) => own!.known(text) !== undefined).length, 20);
});

categories(
  'values that were cut out of long strings do not keep those in memory, with an id or without',
  () => {
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc') as () => void;
    const LONG = 1_000_000;
    for (const values of [1_000, 60]) {
      const [own] = threads(1, values, 1 << 20);
      const field = new CategoryField(own!, 0);
      gc();
      const before = process.memoryUsage().heapUsed;
      for (let i = 0; i < 100; i++) {
        // All have one place in the cache of late strings, which keeps what it was given.
        const name = `a${`${i}`.padStart(4, '0')}-of-many-values`;
        const long = Buffer.alloc(LONG, 'x').fill(name, 0, name.length).toString('latin1');
        assert.is(field.idOf(long.slice(0, name.length)) >= 0, i < values);
      }
      gc();
      const kept = process.memoryUsage().heapUsed - before;
      assert.ok(kept < 20 * LONG, `${kept} bytes are kept`);
      assert.is(field.idOf('a0000-of-many-values'), 0);
    }
  },
);

categories.run();
