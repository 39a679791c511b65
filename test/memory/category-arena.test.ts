import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isSluiceError } from '../../engine/base/errors.js';
import {
  CategoryArena,
  categoryBytes,
  createCategoryArena,
  NO_CATEGORY,
} from '../../engine/memory/category-arena.js';
import { dump } from '../../engine/memory/layout.js';
import { randomRuns } from '../kit/random-rows.js';

const arenas = suite('category arena');
const RUNS = randomRuns(300);

const intern = (arena: CategoryArena, text: string, hash: number): number => {
  const bytes = Buffer.from(text);
  return arena.intern(bytes, 2 * bytes.length, hash);
};
/** A lone surrogate is U+FFFD. */
const wellFormed = (text: string): string => Buffer.from(text).toString();
const textOf = (arena: CategoryArena, id: number): string => {
  const start = arena.startOf(id);
  return arena.buf.toString('utf8', start, start + (arena.wordOf(id) >> 1));
};

arenas('category/one-id, category/full: ids are those of a map with as much room, whatever the texts', () => {
  const texts = fc.array(fc.string({ unit: 'binary', maxLength: 6 }), { maxLength: 60 });
  const hashes = fc.constantFrom(1, 3, 2 ** 31 - 1);
  fc.assert(
    fc.property(
      texts,
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 8, max: 80 }),
      hashes,
      (all, values, bytes, spread) => {
        const memory = createCategoryArena({ values, bytes, fields: 1 }, 1);
        const [one, other] = [new CategoryArena(memory, 1), new CategoryArena(memory, 1)];
        const ids = new Map<string, number>();
        let left = bytes;
        let isFull = false;
        for (const [i, text] of all.entries()) {
          const known = ids.get(wellFormed(text));
          const length = Buffer.byteLength(text);
          if (known === undefined && !isFull) {
            isFull = ids.size === values || length > left;
            if (!isFull) ids.set(wellFormed(text), ids.size);
            if (!isFull) left -= length;
          }
          const expected = ids.get(wellFormed(text)) ?? NO_CATEGORY;
          const hash = Math.imul(length % 3, spread); // many share a hash
          assert.is(intern(i % 2 === 0 ? one : other, text, hash), expected);
        }
        for (const [text, id] of ids) assert.is(textOf(other, id), text);
      },
    ),
    RUNS,
  );
});

arenas('category/full: what was reserved does not grow for ever where there is no room', () => {
  const USE_BYTE = 256;
  for (const [values, bytes] of [
    [3, 800],
    [1000, 24],
  ] as const) {
    const memory = createCategoryArena({ values, bytes, fields: 1 }, 1);
    const arena = new CategoryArena(memory, 1);
    for (let i = 0; i < 1000; i++) intern(arena, `${i}`.padStart(8, '0'), i);
    const use = dump('category-use', memory, USE_BYTE);
    assert.is(use['full'], 1);
    assert.ok(use['values']! <= 4 && use['bytes']! <= 32, JSON.stringify(use));
  }
});

arenas('category/spilled: what was noted of a field stays, and is seen by all', () => {
  const memory = createCategoryArena({ values: 1, bytes: 8, fields: 3 }, 1);
  const [one, other] = [new CategoryArena(memory, 1), new CategoryArena(memory, 1)];
  one.noteFull(1);
  other.noteDistinct(2);
  other.noteFull(2);
  assert.equal(
    [0, 1, 2].map((field) => one.spilled(field)),
    [
      { isFull: false, isDistinct: false },
      { isFull: true, isDistinct: false },
      { isFull: true, isDistinct: true },
    ],
  );
});

arenas('the region has room for what its size says, and is refused by another attempt', () => {
  const spec = { values: 1000, bytes: 8000, fields: 2 };
  const memory = createCategoryArena(spec, 7);
  assert.is(memory.byteLength, categoryBytes(spec));
  const arena = new CategoryArena(memory, 7);
  for (let i = 0; i < 1000; i++) assert.is(intern(arena, `${i}`.padStart(8, '0'), i), i);
  assert.is(intern(arena, '1', 1), NO_CATEGORY);
  for (let i = 0; i < 1000; i++) assert.is(textOf(arena, i), `${i}`.padStart(8, '0'));
  assert.throws(
    () => new CategoryArena(memory, 8),
    (error: unknown) => isSluiceError(error) && error.code === 'ARENA_INVALID',
  );
});

arenas.run();
