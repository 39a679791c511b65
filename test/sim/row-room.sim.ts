import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { job } from '../../engine/api/job.js';
import { Prng } from '../../engine/base/prng.js';
import { t } from '../../engine/records/schema.js';
import { runInline } from '../../engine/testing/run-inline.js';

/**
 * Rows with strings get room for the most that they can take, where that is a small share of a segment. Whole jobs on
 * the inline host whose rows lie on both sides of that share, through buffers that are full again and again, against
 * the rows themselves.
 */
const rooms = suite('room for rows');

const Note = t.record({
  n: t.int32,
  first: t.string,
  raw: t.bytes,
  second: t.nullable(t.string),
  place: t.category,
  last: t.string,
});
type Note = typeof Note.row;

/** A row has its letters from one of these: three bytes each is the most there is. */
const ALPHABETS = [['a', 'b', 'c', 'd'], ['a', 'ü', '€', '😀'], ['€']] as const;
const SEGMENT_BYTES = 8_192;

/** Strings of a row have about as many characters together as decide how it is written. */
function notes(seed: number, count: number): Note[] {
  const prng = new Prng(seed);
  const text = (most: number, letters: readonly string[]): string =>
    Array.from({ length: prng.below(most) }, () => letters[prng.below(letters.length)]).join('');
  return Array.from({ length: count }, (_, n) => {
    const letters = ALPHABETS[prng.below(ALPHABETS.length)]!;
    return {
      n,
      first: text(50, letters),
      raw: Uint8Array.from({ length: prng.below(20) }, () => prng.below(256)),
      second: prng.below(4) === 0 ? null : text(30, letters),
      place: `place ${prng.below(200)}`,
      last: prng.below(100) === 0 ? text(3 * SEGMENT_BYTES, letters) : text(20, letters),
    };
  });
}

const WAYS: Record<string, (stream: any) => any> = {
  rebalance: (stream) => stream.rebalance(),
  rescale: (stream) => stream.rescale(),
  shuffle: (stream) => stream.shuffle(),
  global: (stream) => stream.global(),
  custom: (stream) => stream.partitionCustom((n: number, receivers: number) => (5 * n) % receivers, 'n'),
  broadcast: (stream) => stream.broadcast(),
};

const textOf = (row: Note): string => JSON.stringify({ ...row, raw: [...row.raw] });

for (const [name, way] of Object.entries(WAYS))
  rooms(
    `partition/available, exchange/broadcast-copies: rows of any length come through ${name} as they were`,
    async () => {
      const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
      console.log(`seed ${seed}`);
      const rows = notes(seed, 1_500);
      const copies = name === 'broadcast' ? 3 : 1;
      const expected = rows.flatMap((row) => new Array<string>(copies).fill(textOf(row))).sort();
      const subject = job('notes', { inputs: { rows: Note } }, (({ rows: input }: any) => {
        const plain = input.map(({ n, first, second, last }: Note) => ({ n, first, second, last }));
        return {
          declared: way(input).filter(() => true).parallelism(3),
          undeclared: way(plain).filter(() => true).parallelism(3),
        }; // biome-ignore format: short
      }) as any);
      for (const isAdaptive of [true, false]) {
        const options = {
          'taskmanager.memory.segment-size': `${SEGMENT_BYTES} bytes`,
          'taskmanager.network.memory.max-buffers-per-channel': 2,
          'taskmanager.network.memory.max-overdraft-buffers-per-gate': 0,
          'taskmanager.network.adaptive-partitioner.enabled': isAdaptive,
        };
        const inputs = { rows };
        const outputs = (await runInline(subject, { inputs, parallelism: 2, seed, options })) as any;
        assert.equal(outputs.declared.map(textOf).sort(), expected);
        assert.equal(
          outputs.undeclared.map((row: Note) => row.n).sort(),
          rows.flatMap(({ n }) => new Array<number>(copies).fill(n)).sort(),
        );
        for (const { n, first, second, last } of outputs.undeclared)
          assert.equal([first, second, last], [rows[n]!.first, rows[n]!.second, rows[n]!.last]);
      }
    },
  );

rooms.run();
