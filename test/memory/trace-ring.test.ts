import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isSluiceError } from '../../engine/base/errors.js';
import { createTraceRing, TraceReader, TraceWriter } from '../../engine/memory/trace-ring.js';
import { lockstep, type Outcome } from '../kit/lockstep.js';
import type { PlantedBug } from '../kit/planted-bug.js';
import { randomRuns } from '../kit/random-rows.js';

const rings = suite('trace ring');

rings('trace/drop: what finds no room is counted, and all else comes once, in order and whole', () => {
  // So many entries are put at a time, and then all are drained or none.
  const turns = fc.array(fc.tuple(fc.integer({ min: 0, max: 12 }), fc.boolean()), { maxLength: 40 });
  fc.assert(
    fc.property(turns, fc.constantFrom(1, 2, 8), (given, room) => {
      const memory = createTraceRing(room, 3, 5);
      const writer = new TraceWriter(memory, 3, 5);
      const reader = new TraceReader(memory, 3, 5);
      const expected: number[] = [];
      const got: number[] = [];
      let put = 0;
      let inside = 0;
      let dropped = 0;
      for (const [count, isDrained] of given) {
        for (let each = 0; each < count; each++) {
          put++;
          writer.put(put, -put, put / 2, put + 0.25);
          if (inside === room) dropped++;
          else {
            expected.push(put);
            inside++;
          }
        }
        if (!isDrained) continue;
        const drained = reader.drain((a, b, c, d) => {
          assert.equal([b, c, d], [-a, a / 2, a + 0.25]);
          got.push(a);
        });
        assert.is(drained, inside);
        inside = 0;
      }
      reader.drain((a) => got.push(a));
      assert.equal(got, expected);
      assert.is(reader.dropped, dropped);
    }),
    randomRuns(300),
  );
});

rings('a ring of another task or attempt is refused', () => {
  const memory = createTraceRing(2, 3, 5);
  for (const [attempt, task] of [[3, 4], [2, 5]] as const) // biome-ignore format: rows
    assert.throws(
      () => new TraceWriter(memory, attempt, task),
      (error: unknown) => isSluiceError(error) && error.code === 'ARENA_INVALID',
    );
});

/** What was read is whole, once and in order. */
const isRight = ({ results: [, got] }: Outcome): boolean => {
  const values = got === '' ? [] : got.split(',').map(Number);
  return values.every((value, i) => value > (values[i - 1] ?? 0) && value <= 4);
};

rings('trace/publish, trace/reuse: entries are whole, once and in order, in every interleaving', async () => {
  const { outcomes } = await lockstep('trace', { preemptionsMax: 3 });
  assert.ok(outcomes.length >= 4, 'the reader came early, in between and late');
  for (const outcome of outcomes) assert.ok(isRight(outcome), JSON.stringify(outcome));
});

const FILE = 'memory/trace-ring.js';
const BUGS: readonly (readonly [what: string, bug: PlantedBug])[] = [
  [
    'trace/publish: an entry shown before it is written',
    {
      file: FILE,
      find: 'this.#entries[at] = a;',
      replace: 'Atomics.store(this.#words, TRACE.tail, this.#tail + 1 | 0); this.#entries[at] = a;',
    },
  ],
  [
    'trace/reuse: entries given back before they are read',
    {
      file: FILE,
      find: 'const count = tail - this.#head | 0;',
      replace: 'const count = tail - this.#head | 0; Atomics.store(this.#words, TRACE.head, tail);',
    },
  ],
  [
    'trace/reuse: a writer that does not look for room',
    {
      file: FILE,
      find: 'this.#headSeen = Atomics.load(this.#words, TRACE.head);',
      replace: 'this.#headSeen = this.#tail;',
    },
  ],
];
for (const [what, bug] of BUGS)
  rings(`${what} is noticed`, async () => {
    const { outcomes } = await lockstep('trace', { preemptionsMax: 3, bug, until: isRight });
    assert.ok(outcomes.some((outcome) => !isRight(outcome)));
  });

rings.run();
