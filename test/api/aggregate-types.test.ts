import { expectTypeOf } from 'expect-type';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { buildJob } from '../../engine/api/build-job.js';
import {
  approxCountDistinct,
  collect,
  count,
  countDistinct,
  first,
  job,
  last,
  mean,
  min,
  quantile,
  type Stream,
  sliding,
  stddev,
  sum,
  t,
  topN,
  variance,
} from '../../engine/index.js';
import { faultsOf, source } from '../kit/plan-kit.js';

type RowsOf<S> = S extends Stream<infer R> ? R : never;

/** The compiler is the judge here: a line marked as an error that compiles fails the type check. */
const types = suite('types of aggregates');

const Rich = t.record({
  ...{ name: t.string, big: t.bigint, maybe: t.nullable(t.bigint), ok: t.bool, n: t.int64 },
  list: t.list(t.string),
});

types('a condition may leave nothing, lists have no nulls, and few values have no variance', () => {
  const built = job('library', { inputs: { rows: Rich } }, ({ rows }) => {
    const library = rows.keyBy('name').aggregate({
      ...{ n: count({ where: 'ok' }), total: sum('big', { where: 'ok' }), mean: mean('n', { where: 'ok' }) },
      ...{ spread: variance('n'), deviation: stddev('maybe'), middle: quantile('n', 0.5) },
      ...{ low: min('n', { where: 'ok' }), some: countDistinct('ok'), about: approxCountDistinct('name') },
      ...{ one: first('maybe'), other: last('ok'), all: collect('maybe'), top: topN('name', 3) },
    });
    expectTypeOf<RowsOf<typeof library>>().toEqualTypeOf<{
      name: string;
      n: number;
      total: bigint | null;
      mean: number | null;
      spread: number | null;
      deviation: number | null;
      middle: number;
      low: number | null;
      some: number;
      about: number;
      one: bigint | null;
      other: boolean;
      all: bigint[];
      top: string[];
    }>();
    return { library };
  });
  const { plan } = buildJob(built);
  const made = plan.operators.find(({ config }) => config.kind === 'keyed-aggregate')!.output.fields!;
  const kinds = made.map(({ name, kind, nullable }) => `${name}: ${kind}${nullable ? '?' : ''}`);
  assert.is(
    kinds.join(', '),
    'name: string, n: int64, total: bigint?, mean: float64?, spread: float64?, deviation: float64?, ' +
      'middle: float64, low: int64?, some: int64, about: int64, one: bigint?, other: bool, all: list, top: list',
  );
  const item = { item: { kind: 'bigint', nullable: false } };
  assert.equal(made.find(({ name }) => name === 'all')!.parts, item);
});

types('what an aggregate cannot be of is refused', () => {
  const wrong = job('wrong', (flow) => {
    const rows = flow.from(source(Rich));
    // @ts-expect-error a list has no distinct values to count
    rows.keyBy('name').aggregate({ x: countDistinct('list') });
    // @ts-expect-error a condition is a boolean field
    rows.keyBy('name').aggregate({ x: count({ where: 'n' }) });
    // @ts-expect-error there is no such field
    rows.keyBy('name').aggregate({ x: first('nome') });
    // @ts-expect-error a slide has a unit
    rows.eventTime('n').keyBy('name').window(sliding('1d', '1')).aggregate({ x: count() });
  });
  assert.ok(faultsOf(wrong).length >= 4);
});

types.run();
