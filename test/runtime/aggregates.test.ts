import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as agg from '../../engine/api/aggregates.js';
import { job } from '../../engine/api/job.js';
import { tumbling } from '../../engine/api/windows.js';
import { isSluiceError } from '../../engine/base/errors.js';
import { Prng } from '../../engine/base/prng.js';
import { t } from '../../engine/records/schema.js';
import { HyperLogLog } from '../../engine/runtime/aggregates/hyper-log-log.js';
import { QUANTILE_ERROR, QuantileSketch } from '../../engine/runtime/aggregates/quantile-sketch.js';
import { operatorHarness } from '../../engine/testing/operator-harness.js';
import { runInline } from '../../engine/testing/run-inline.js';
import { duckdb } from '../connectors/connector-kit.js';
import { randomRuns } from '../kit/random-rows.js';
import type { WindowContents } from '../kit/window-oracle.js';
import {
  assignerOf,
  checkEach,
  duration,
  Event,
  events,
  lenient,
  ROW,
  window,
} from '../kit/windowed-events.js';

const aggregates = suite('aggregates');

const where = { where: 'cheap' } as const;

const LIBRARY = {
  n: agg.count(where),
  total: agg.sum('amount', where),
  low: agg.min('amount', where),
  average: agg.mean('amount', where),
  spread: agg.variance('amount'),
  deviation: agg.stddev('rank', where),
  notes: agg.countDistinct('note'),
  cheapNotes: agg.countDistinct('note', where),
  looseOnes: agg.countDistinct('loose'),
  about: agg.approxCountDistinct('big'),
  first: agg.first('note'),
  last: agg.last('rank'),
  cheapFirst: agg.first('big', where),
  ranks: agg.collect('rank'),
  top: agg.topN('loose', 3),
  topNotes: agg.topN('note', 2, where),
  middle: agg.quantile('price', 0.5),
  high: agg.quantile('loose', 0.9, where),
  least: agg.min('loose'),
  most: agg.max('loose'),
};

const SIGNIFICANT = 9;
const rounded = (value: number | null): number | null => value && Number(value.toPrecision(SIGNIFICANT));
const present = <T>(values: readonly (T | null)[]): T[] => values.filter((value) => value !== null);
/** NaN last. */
const ascending = (a: number, b: number): number =>
  Number.isNaN(a) || Number.isNaN(b)
    ? Number(Number.isNaN(a)) - Number(Number.isNaN(b))
    : Number(a > b) - Number(a < b);

function sampleVariance(values: readonly number[]): number | null {
  if (values.length < 2) return null;
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return values.reduce((all, x) => all + (x - mean) ** 2, 0) / (values.length - 1);
}

/** What a sketch says of all values at once; how near that is, is another test. */
function sketched(values: readonly number[], rank: number): number | null {
  const sketch = new QuantileSketch(rank);
  for (const value of values) sketch.add(value);
  return values.length === 0 ? null : sketch.result();
}

function libraryOf({ rows }: WindowContents<Event>): object {
  const cheap = rows.filter((row) => row.cheap === true);
  const amounts = cheap.map(({ amount }) => amount);
  const total = amounts.reduce((a, b) => a + b, 0);
  const none = cheap.length === 0;
  const earliest = (all: readonly Event[]): Event | undefined =>
    all.reduce<Event | undefined>((a, b) => (a === undefined || b.at < a.at ? b : a), undefined);
  const latest = (all: readonly Event[]): Event | undefined =>
    all.reduce<Event | undefined>((a, b) => (a === undefined || b.at >= a.at ? b : a), undefined);
  const variance = sampleVariance(present(cheap.map(({ rank }) => rank)));
  const loose = rows.map((row) => row.loose).sort(ascending);
  return {
    key: rows[0]!.key,
    n: cheap.length,
    total: none ? null : total,
    low: none ? null : Math.min(...amounts),
    average: none ? null : total / cheap.length,
    spread: rounded(sampleVariance(rows.map(({ amount }) => amount))),
    deviation: rounded(variance && Math.sqrt(variance)),
    notes: new Set(present(rows.map(({ note }) => note))).size,
    cheapNotes: new Set(present(cheap.map(({ note }) => note))).size,
    looseOnes: new Set(loose).size,
    about: new Set(rows.map(({ big }) => big)).size,
    first: earliest(rows.filter(({ note }) => note !== null))?.note ?? null,
    last: latest(rows.filter(({ rank }) => rank !== null))?.rank ?? null,
    cheapFirst: earliest(cheap)?.big ?? null,
    ranks: present(rows.map(({ rank }) => rank)).sort(ascending),
    top: loose.toReversed().slice(0, 3),
    topNotes: present(cheap.map(({ note }) => note))
      .sort()
      .toReversed()
      .slice(0, 2),
    middle: sketched(
      rows.map(({ price }) => price),
      0.5,
    ),
    high: sketched(
      cheap.map((row) => row.loose),
      0.9,
    ),
    least: loose[0],
    most: loose.at(-1),
  };
}

/** The order of a list is not promised, nor the last digits of what is divided. */
function comparable(row: any): object {
  const ranks = [...row.ranks].sort(ascending);
  return { ...row, ranks, spread: rounded(row.spread), deviation: rounded(row.deviation) };
}

aggregates('of every window are those of a plain loop, however its parts were put together', async () => {
  const any = fc.oneof(window, lenient);
  await fc.assert(
    fc.asyncProperty(any, events, async (shape, rows) => {
      const allowedLateness = duration(shape.latenessMs);
      const subject = await operatorHarness(Event, (stream) =>
        stream.eventTime('at').keyBy('key').window(assignerOf(shape), { allowedLateness }).aggregate(LIBRARY),
      );
      const compared = {
        push: (row: Event) => subject.push(row).map(comparable),
        end: async () => (await subject.end()).map(comparable),
      };
      await checkEach(rows, shape, compared, libraryOf);
    }),
    randomRuns(12),
  );
});

aggregates('without windows are those of DuckDB', async () => {
  const prng = new Prng(17);
  const maybe = <T>(value: T): T | null => (prng.below(4) === 0 ? null : value);
  const rows = Array.from({ length: 500 }, (_, i): Event => {
    const note = maybe(`n${prng.below(40)}`);
    return {
      ...{ at: (i * 7_919) % 10_007, key: `k${prng.below(6)}`, amount: prng.below(1_000) - 500, note },
      ...{
        price: prng.below(5_000) / 8 + 1,
        rank: maybe(prng.below(60)),
        big: 0n,
        cheap: maybe(prng.below(2) === 1),
      },
      loose: prng.below(40) === 0 ? Number.NaN : prng.below(100) - 50,
    };
  });
  const subject = job('library', { inputs: { rows: Event } }, ({ rows }) => ({
    out: rows
      .eventTime('at', { outOfOrderness: '1d' })
      .keyBy('key')
      .aggregate(
        {
          ...{ n: agg.count(where), total: agg.sum('amount', where), spread: agg.variance('amount') },
          ...{ deviation: agg.stddev('price', where), notes: agg.countDistinct('note') },
          ...{ first: agg.first('note'), last: agg.last('rank'), cheapLast: agg.last('rank', where) },
          ...{ ranks: agg.collect('rank'), top: agg.topN('price', 4), least: agg.min('loose') },
          ...{ most: agg.max('loose'), high: agg.quantile('price', 0.9) },
        },
        { emit: 'final' },
      ),
  }));
  const text = (value: unknown): string => {
    if (typeof value === 'string') return `'${value}'`;
    return Number.isNaN(value) ? `'NaN'::double` : String(value);
  };
  const values = rows.map(
    ({ at, key, amount, note, price, rank, cheap, loose }) =>
      `(${[at, key, amount, note, price, rank, cheap, loose].map(text).join(', ')})`,
  );
  const expected = await duckdb(
    'create table rows (ms bigint, key text, amount int, note text, price double, rank int, cheap bool, loose double)',
    `insert into rows values ${values.join(', ')}`,
    `select key, (count(*) filter (cheap))::int as n, (sum(amount) filter (cheap))::int as total,
       var_samp(amount) as spread, stddev_samp(price) filter (cheap) as deviation,
       count(distinct note)::int as notes, arg_min(note, ms) as first, arg_max(rank, ms) as last,
       arg_max(rank, ms) filter (cheap) as cheapLast, list(rank order by rank) filter (rank is not null) as ranks,
       max(price, 4) as top, min(loose) as least, max(loose)::text as most,
       list(price order by price)[floor(0.9 * (count(*) - 1))::int + 1] as high
     from rows group by key order by key`,
  );
  for (const parallelism of [1, 3]) {
    const { out } = await runInline(subject, { inputs: { rows }, parallelism });
    const got = out.sort((a, b) => (a.key < b.key ? -1 : 1)).map((row: any) => comparable(row) as any);
    const near = got.every(({ high }, i) => Math.abs(high / (expected[i] as any).high - 1) <= QUANTILE_ERROR);
    assert.ok(near, 'quantiles are within 1 %');
    assert.equal(
      got.map(({ high: _, most, ...row }) => ({ ...row, most: String(most).toLowerCase() })),
      expected.map(({ high: _, most, ...row }: any) => ({
        ...row,
        ...{ spread: rounded(row.spread), deviation: rounded(row.deviation) },
        most: String(Number(most)).toLowerCase(),
      })),
    );
  }
});

aggregates('a count of many different values is off by few standard errors, whatever they are', () => {
  const kinds: readonly ((i: number) => unknown)[] = [
    (i) => i,
    (i) => i * 1_000_003,
    (i) => `https://example.com/${i}`,
    (i) => i / 7,
    (i) => BigInt(i) * 2n ** 33n,
  ];
  for (const [k, make] of kinds.entries()) {
    for (const many of [99, 1_000, 10_000, 100_000]) {
      const [whole, odd, even] = [new HyperLogLog(), new HyperLogLog(), new HyperLogLog()];
      for (let i = 0; i < many; i++) {
        const value = make(i + k * 17);
        whole.add(value);
        whole.add(value);
        (i % 2 === 0 ? even : odd).add(value);
      }
      even.absorb(odd);
      assert.is(even.result(), whole.result(), 'parts put together');
      const off = Math.abs(whole.result() / many - 1);
      assert.ok(off <= (many < 100 ? 0 : 4 * 0.01625), `kind ${k}: ${whole.result()} of ${many}`);
    }
  }
});

aggregates('quantiles are within one percent of the value at their rank', () => {
  const value = fc.oneof(
    fc.double({ noNaN: true }).filter((x) => x === 0 || Math.abs(x) > 1e-290),
    fc.integer({ min: -1_000, max: 1_000 }),
    fc.constantFrom(Number.NaN, Infinity, -Infinity, 1e308, -1e308, 0),
  );
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 1, maxLength: 300 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (values, rank) => {
        const sketch = new QuantileSketch(rank);
        for (const x of values) sketch.add(x);
        const exact = [...values].sort(ascending)[Math.floor(rank * (values.length - 1))]!;
        const got = sketch.result();
        const isNear =
          Object.is(got, exact) ||
          got === exact ||
          Math.abs(got - exact) <= QUANTILE_ERROR * 1.000001 * Math.abs(exact);
        assert.ok(isNear, `${got}, not ${exact}`);
      },
    ),
    randomRuns(300),
  );
});

aggregates('of undeclared rows refuse values that they cannot take, by name', async () => {
  const cases: readonly [agg.Aggregate, unknown][] = [
    [agg.sum('x'), 'five'],
    [agg.topN('x', 2), true],
    [agg.quantile('x', 0.5), 'five'],
    [agg.countDistinct('x'), { five: 5 }],
    [agg.approxCountDistinct('x'), [5]],
    [agg.count({ where: 'x' }), 1],
  ];
  for (const [aggregate, x] of cases) {
    const subject = await operatorHarness(Event, (stream) =>
      stream
        .eventTime('at')
        .map((row): any => ({ key: row.key, x }))
        .keyBy('key')
        .window(tumbling('1s'))
        .aggregate({ aggregate } as any),
    );
    try {
      subject.push({ at: 0, ...ROW });
      assert.unreachable(`${aggregate.fn} took ${String(x)}`);
    } catch (error) {
      assert.ok(isSluiceError(error) && error.code === 'RECORD_FIELD_INVALID', String(error));
      assert.match(error.message, /'x'/);
    }
  }
});

aggregates('lists are their receiver’s to change, and nested values and bytes are kept', async () => {
  const Item = t.record({ at: t.timestamp, key: t.string, tags: t.list(t.string), raw: t.nullable(t.bytes) });
  const subject = await operatorHarness(Item, (stream) =>
    stream
      .keyBy('key')
      .aggregate({ all: agg.collect('tags'), last: agg.last('raw'), first: agg.first('tags') })
      .map((row) => {
        row.all.push(['changed']);
        row.first!.push('changed');
        return row;
      }),
  );
  const row = (n: number) => ({
    at: n,
    key: 'a',
    tags: [`t${n}`],
    raw: n === 2 ? null : new Uint8Array([n]),
  });
  subject.push(row(1));
  subject.push(row(2));
  assert.equal(subject.push(row(3)), [
    {
      key: 'a',
      all: [['t1'], ['t2'], ['t3'], ['changed']],
      last: new Uint8Array([3]),
      first: ['t1', 'changed'],
    },
  ]);
});

aggregates.run();
