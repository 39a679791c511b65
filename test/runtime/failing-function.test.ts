import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isSluiceError, job, type Stream, t } from '../../engine/index.js';
import { runInline } from '../../engine/testing/index.js';

const failing = suite('functions that fail');

const Numbered = t.record({ n: t.int32 });
type Numbered = typeof Numbered.row;

/** The operator that is blamed, as its kind, and the message, over a row for each number. */
async function blamed(
  build: (rows: Stream<Numbered>) => Stream<Numbered>,
  numbers: readonly number[],
): Promise<string> {
  const chained = job('chained', { inputs: { rows: Numbered } }, ({ rows }) => ({ out: build(rows) }));
  try {
    await runInline(chained, { inputs: { rows: numbers.map((n) => ({ n })) } });
  } catch (error) {
    assert.ok(isSluiceError(error) && error.code === 'USER_FUNCTION_FAILED');
    const { operator } = error.detail as { operator: string };
    return `${operator.split('-')[0]}: ${(error.cause as Error).message}`;
  }
  return 'nothing failed';
}

const failAt = (bad: number, message: string) => (row: Numbered) => {
  if (row.n === bad) throw new Error(message);
  return true;
};

failing('the function that failed is named, wherever in a chain it stands', async () => {
  const chain = (rows: Stream<Numbered>): Stream<Numbered> =>
    rows
      .filter(failAt(1, 'one'))
      .map(Numbered, (row) => ({ n: failAt(2, 'two')(row) ? row.n : 0 }))
      .flatMap(Numbered, (row, emit) => {
        if (row.n === 3) throw new Error('three');
        emit({ n: row.n });
        if (row.n === 5) throw new Error('five');
      })
      .filter(failAt(4, 'four'));
  assert.is(await blamed(chain, [0, 1]), 'filter: one');
  assert.is(await blamed(chain, [0, 2]), 'map: two');
  assert.is(await blamed(chain, [0, 3]), 'flatMap: three');
  assert.is(await blamed(chain, [0, 4]), 'filter: four', 'it failed inside the function that emitted to it');
  assert.is(await blamed(chain, [0, 5]), 'flatMap: five', 'what it emitted went well');
});

failing('a function that emits and then fails behind another that emits is the one that failed', async () => {
  const emits = (rows: Stream<Numbered>, name: string, bad: number): Stream<Numbered> =>
    rows.flatMap(Numbered, (row, emit) => {
      emit({ n: row.n });
      if (row.n === bad) throw new Error(name);
    });
  assert.is(await blamed((rows) => emits(emits(rows, 'first', 7), 'second', 5), [0, 5]), 'flatMap: second');
  const skipping = (rows: Stream<Numbered>) => emits(emits(rows, 'first', 7).onError('skip'), 'second', 5);
  assert.is(await blamed(skipping, [0, 5]), 'flatMap: second', 'no failure of the one above');
  const enduring = (rows: Stream<Numbered>) => emits(emits(rows, 'first', 7), 'second', 5).onError('skip');
  assert.is(await blamed(enduring, [0, 5]), 'nothing failed');
});

failing('an error that a function caught is not held against the next', async () => {
  const chain = (rows: Stream<Numbered>): Stream<Numbered> =>
    rows
      .flatMap(Numbered, (row, emit) => {
        try {
          emit({ n: row.n });
        } catch {}
      })
      .filter(failAt(4, 'four'));
  const guarded = (rows: Stream<Numbered>): Stream<Numbered> =>
    chain(rows.map(Numbered, (row) => ({ n: failAt(6, 'six')(row) ? row.n : 0 })));
  assert.is(await blamed(guarded, [4]), 'nothing failed');
  assert.is(await blamed(guarded, [4, 6]), 'map: six');
});

failing(
  'of rows kept back to learn their shape only those are lost that are bad, if a function goes on',
  async () => {
    const numbers = Array.from({ length: 200 }, (_, n) => n);
    const tolerant = (row: Numbered, emit: (row: { n: number; x: unknown }) => void): void => {
      try {
        emit({ n: row.n, x: row.n === 5 ? Symbol('bad') : row.n });
      } catch {}
    };
    const given = job('given', { inputs: { rows: Numbered } }, ({ rows }) => ({
      out: rows.flatMap(tolerant).rebalance().filter(() => true), // biome-ignore format: short
    }));
    const { out } = await runInline(given, { inputs: { rows: numbers.map((n) => ({ n })) }, parallelism: 1 });
    assert.equal(
      out.map(({ n }) => n),
      numbers.filter((n) => n !== 5),
    );
  },
);

failing.run();
