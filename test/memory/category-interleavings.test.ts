import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { lockstep } from '../kit/lockstep.js';
import { areCategories } from '../kit/lockstep-categories.js';
import type { PlantedBug } from '../kit/planted-bug.js';

const interleavings = suite('interleavings of categories');

/** Ids that were got, over all threads. */
const idsIn = (results: readonly string[]): readonly string[] =>
  results
    .join()
    .split(',')
    .map((each) => each.split(/[=:]/)[1]!);

for (const [scenario, preemptionsMax] of [
  ['one text', 4],
  ['two texts in one slot', 3],
  ['one text by three', 2],
  ['texts of three in one slot', 2],
] as const)
  interleavings(
    `category/one-id, category/bytes-first, category/reserve: ${scenario} has one id, and the id its text, by any order`,
    async () => {
      const { outcomes } = await lockstep(scenario, { preemptionsMax });
      for (const { results, schedule } of outcomes) {
        assert.ok(areCategories(results), `${results}: ${schedule}`);
        assert.not.ok(idsIn(results).includes('-1'), `there is room: ${results}, ${schedule}`);
      }
      assert.ok(outcomes.length >= 2, 'each thread was first');
    },
  );

for (const scenario of ['entries for one', 'bytes for one', 'entries for one of three'] as const)
  interleavings(`category/full: with ${scenario}, the others are told so, by any order`, async () => {
    const { outcomes } = await lockstep(scenario, { preemptionsMax: scenario.includes('three') ? 2 : 4 });
    for (const { results, schedule } of outcomes) {
      assert.ok(areCategories(results), `${results}: ${schedule}`);
      const got = new Set(idsIn(results).filter((id) => id !== '-1'));
      assert.ok(got.size <= 1 && idsIn(results).includes('-1'), `${results}: ${schedule}`);
    }
    assert.ok(outcomes.length >= 2, 'each thread was first');
  });

/** Each sees its own, and who looks last sees both. */
const areReasons = ([one, other]: readonly string[]): boolean => {
  const both = 'full,distinct';
  return (one === both || other === both) && one!.includes('full') && other!.includes('distinct');
};

interleavings('category/spilled: of two reasons noted at once neither is lost, by any order', async () => {
  const { outcomes } = await lockstep('two reasons', { preemptionsMax: Number.POSITIVE_INFINITY });
  for (const { results, schedule } of outcomes) assert.ok(areReasons(results), `${results}: ${schedule}`);
  assert.is(outcomes.length, 3, 'either was first, or both had noted before one looked');
});

const FILE = 'memory/category-arena.js';
const SLOT = 'this.#slots + at';

const BUGS: readonly (readonly [title: string, scenario: string, bug: PlantedBug])[] = [
  [
    'category/bytes-first: a slot that is taken before the entry is written',
    'one text',
    {
      file: FILE,
      find: 'if (own === NO_CATEGORY) own = this.#add(text, word, hash);',
      replace: `if (own === NO_CATEGORY) {
        const next = Atomics.load(this.#i32, this.#use + USE.values);
        if (Atomics.compareExchange(this.#i32, ${SLOT}, 0, next + 1) !== 0) continue;
        return this.#add(text, word, hash);
      }`,
    },
  ],
  [
    'category/one-id: who loses a slot does not notice',
    'one text',
    { file: FILE, find: 'if (taken === 0) return own;', replace: 'return own;' },
  ],
  [
    'category/one-id: a slot is stored and not exchanged',
    'one text',
    {
      file: FILE,
      find: `taken = Atomics.compareExchange(this.#i32, ${SLOT}, 0, own + 1);`,
      replace: `Atomics.store(this.#i32, ${SLOT}, own + 1);`,
    },
  ],
  [
    "category/one-id: who loses a slot takes the winner's id for its own text",
    'two texts in one slot',
    {
      file: FILE,
      find: 'if (taken === 0) return own;',
      replace: 'return taken === 0 ? own : taken - 1;',
    },
  ],
  [
    'category/one-id: who loses a slot goes on to the next without a look at the winner',
    'one text',
    { file: FILE, find: 'if (taken === 0) return own;', replace: 'if (taken === 0) return own; continue;' },
  ],
  [
    'category/one-id: texts that meet in a slot are taken for the same',
    'two texts in one slot',
    { file: FILE, find: 'if (this.u8[start + i] !== text[i])', replace: 'if (false)' },
  ],
  [
    'category/reserve: entries reserved by load and store',
    'two texts in one slot',
    {
      file: FILE,
      find: 'const id = Atomics.add(words, use + USE.values, 1);',
      replace:
        'const id = Atomics.load(words, use + USE.values); Atomics.store(words, use + USE.values, id + 1);',
    },
  ],
  [
    'category/reserve: bytes reserved by load and store',
    'two texts in one slot',
    {
      file: FILE,
      find: 'Atomics.add(words, use + USE.bytes, length)',
      replace:
        '((n) => (Atomics.store(words, use + USE.bytes, n + length), n))(Atomics.load(words, use + USE.bytes))',
    },
  ],
  [
    'category/full: an entry past the last',
    'entries for one',
    { file: FILE, find: 'if (id >= this.values || at', replace: 'if (at' },
  ],
  [
    'category/spilled: bits set by load and store',
    'two reasons',
    {
      file: FILE,
      find: 'Atomics.or(this.#i32, this.#fieldWord(field), SPILLED_FULL);',
      replace: `const at = this.#fieldWord(field);
        Atomics.store(this.#i32, at, Atomics.load(this.#i32, at) | SPILLED_FULL);`,
    },
  ],
];

for (const [title, scenario, bug] of BUGS)
  interleavings(`${title} is noticed`, async () => {
    const isRight = ({ results }: { readonly results: readonly string[] }): boolean =>
      scenario === 'two reasons' ? areReasons(results) : areCategories(results);
    const { outcomes } = await lockstep(scenario, { preemptionsMax: 3, bug, until: isRight });
    assert.not.ok(outcomes.every(isRight), 'some order shows it');
  });

interleavings.run();
