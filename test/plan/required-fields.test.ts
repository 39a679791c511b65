import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { count, max, sum } from '../../engine/api/aggregates.js';
import { buildJob } from '../../engine/api/build-job.js';
import { job } from '../../engine/api/job.js';
import type { BuiltJob, PlanOperator } from '../../engine/plan/logical-plan.js';
import { requiredFields } from '../../engine/plan/required-fields.js';
import { t } from '../../engine/records/schema.js';
import { sink, source } from '../kit/plan-kit.js';

const required = suite('required fields');

type Row = Record<string, any>;

const Numbers = t.record({ a: t.int64, b: t.int64, c: t.int64, d: t.int64, e: t.int64 });
const FIELDS = ['a', 'b', 'c', 'd', 'e'] as const;

/** Steps that keep the fields a to e, so that any may follow any. The functions are what is proven about. */
// biome-ignore format: a table
const STEPS: Record<string, (rows: any, f: string, g: string) => any> = {
  filterA:   (rows) => rows.filter((row: Row) => row['a'] % 3 !== 0),
  filterBC:  (rows) => rows.filter(({ b, c }: Row) => b > c),
  filterAny: (rows, f) => rows.filter((row: Row) => row[f] % 5 !== 1),
  swap:      (rows) => rows.map(Numbers, (row: Row) => ({ a: row['b'], b: row['a'], c: 1, d: row['d'], e: row['e'] })),
  learned:   (rows) => rows.map((row: Row) => ({ a: row['c'], b: row['c'], c: row['d'], d: 2, e: row['e'] })),
  spread:    (rows) => rows.map((row: Row) => ({ ...row, a: 5 })),
  twice:     (rows) => rows.flatMap(Numbers, (row: Row) => [{ a: row['a'], b: 2, c: row['c'], d: 4, e: row['e'] }, { a: row['d'], b: 3, c: 3, d: 4, e: 5 }]),
  pickAll:   (rows) => rows.pick('e', 'd', 'c', 'b', 'a'),
  with:      (rows, f) => rows.with({ [f]: [t.int64, (row: Row) => row['a'] + row['e']] }),
  eventTime: (rows) => rows.eventTime('e'),
  union:     (rows, f) => rows.union(rows.filter((row: Row) => row[f] % 2 === 0)),
  connect:   (rows, f) => rows.connect(rows.filter(({ d }: Row) => d > 4).keyBy(f)).map(Numbers, ({ a, b }: Row) => ({ a: b, b: a, c: 1, d: 2, e: 3 }), (row: Row) => ({ a: row['c'], b: row['d'], c: 4, d: 5, e: 6 })),
  // One row of each key at most, so that joins of joins do not explode.
  join:      (rows, f, g) => rows.keyBy(f).join(rows.filter((row: Row) => row['e'] === 3).keyBy(g).aggregate({ n: count(), top: max('b') }, { emit: 'final' }).keyBy(g))
    .map(Numbers, (x: Row, { n, top }: Row) => ({ a: x['a'], b: n, c: top, d: x['d'], e: 6 })),
  reduce:    (rows, f) => rows.keyBy(f).reduce((x: Row, y: Row) => (x['b'] > y['b'] ? x : y), { emit: 'final' }),
  aggregate: (rows, f, g) => {
    const rest = Object.fromEntries(FIELDS.filter((name) => name !== f).map((name) => [name, name === g ? count() : max(g)]));
    return rows.keyBy(f).aggregate(rest, { emit: 'final' });
  },
  byFunction: (rows) => rows.keyBy((row: Row) => row['c'] % 2, t.int64).aggregate({ a: sum('b'), b: count(), c: count(), d: max('d'), e: max('e') }, { emit: 'final' }),
};

/** Runs a plan over rows in memory. `isPruned`: what nobody is said to observe is taken away after every operator. */
function run({ plan, functions }: BuiltJob, rows: readonly Row[], isPruned: boolean): Row[][] {
  const needed = requiredFields(plan);
  const outputs = new Map<string, Row[]>();
  const sinks: Row[][] = [];
  for (const operator of plan.operators) {
    const [inputs, seconds] = [0, 1].map((side) =>
      plan.edges
        .filter(({ to, input = 0 }) => to === operator.uid && input === side)
        .flatMap(({ from }) => outputs.get(from)!),
    ) as [Row[], Row[]];
    const given = functions.get(operator.uid)!;
    const results = operator.config.kind === 'source' ? [...rows] : apply(operator, inputs, seconds, given);
    if (operator.config.kind === 'sink') sinks.push(results);
    const names = needed.get(operator.uid)!;
    outputs.set(operator.uid, isPruned && names !== null ? results.map((row) => only(row, names)) : results);
  }
  return sinks;
}

function apply(
  { config, output }: PlanOperator,
  rows: Row[],
  seconds: Row[],
  { fn, second, columns }: any,
): Row[] {
  switch (config.kind) {
    case 'co-map':
      return [...rows.map((row) => fn(row)), ...seconds.map((row) => second(row))];
    case 'join': {
      const [[a], [b]] = config.keys as [[string], [string]];
      return rows.flatMap((x) => seconds.filter((y) => x[a] === y[b]).map((y) => fn(x, y)));
    }
    case 'filter':
      return rows.filter((row) => fn(row));
    case 'map':
      return rows.map((row) => fn(row));
    case 'flat-map':
      return rows.flatMap((row) => fn(row));
    case 'pick':
      return rows.map((row) => only(row, config.fields));
    case 'with':
      return rows.map((row) => ({ ...row, ...mapValues(columns, (column: any) => column(row)) }));
    case 'keyed-reduce':
      return groups(rows, config.keys).map((group) => group.reduce((a, b) => fn(a, b)));
    case 'keyed-aggregate':
      return groups(rows, config.keys).map((group) => {
        const keys = config.keys.map((key, i) => [output.fields?.[i]?.name ?? key, group[0]![key]]);
        const values = config.aggregates.map(({ as, fn: name, field }) => {
          const all = group.map((row) => row[field!]);
          return [
            as,
            name === 'count' ? all.length : name === 'sum' ? all.reduce((a, b) => a + b) : Math.max(...all),
          ];
        });
        return Object.fromEntries([...keys, ...values]);
      });
    default:
      return rows;
  }
}

const only = (row: Row, names: readonly string[]): Row =>
  Object.fromEntries(names.filter((name) => name in row).map((name) => [name, row[name]]));

const mapValues = (from: Row, to: (value: any) => any): Row =>
  Object.fromEntries(Object.entries(from).map(([name, value]) => [name, to(value)]));

function groups(rows: readonly Row[], keys: readonly string[]): Row[][] {
  const byKey = new Map<string, Row[]>();
  for (const row of rows) {
    const key = JSON.stringify(keys.map((name) => row[name]));
    byKey.set(key, [...(byKey.get(key) ?? []), row]);
  }
  return [...byKey.values()];
}

required('what is not required cannot change what any sink gets', () => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);
  console.log(`seed ${seed}`);
  const field = fc.constantFrom(...FIELDS);
  const step = fc.record({
    ...{ from: fc.nat(20), name: fc.constantFrom(...Object.keys(STEPS)), f: field, g: field },
    end: fc.constantFrom('none', 'pick', 'count', 'all'),
  });
  const small = fc.nat(9);
  const row = fc.record({ a: small, b: small, c: small, d: small, e: small }, { noNullPrototype: true });
  const property = fc.property(
    fc.array(step, { minLength: 1, maxLength: 7 }),
    fc.array(row, { minLength: 5, maxLength: 30 }),
    (steps, rows) => {
      const built = buildJob(
        job('pruned', (flow) => {
          const streams: any[] = [flow.from(source(Numbers))];
          for (const { from, name, f, g, end } of steps) {
            const next = STEPS[name]!(streams[from % streams.length], f, g);
            streams.push(next);
            if (end === 'pick') next.pick(f).to(sink());
            if (end === 'count') next.keyBy(f).aggregate({ n: count() }).to(sink());
            if (end === 'all') next.to(sink());
          }
          for (const stream of streams) stream.pick('a').to(sink());
        }),
      );
      assert.equal(run(built, rows, true), run(built, rows, false));
    },
  );
  fc.assert(property, { seed, numRuns: 150 });
});

required('lists are in schema order, and null stands for all fields of undeclared rows', () => {
  const { plan } = buildJob(
    job('order', (flow) => {
      const rows = flow.from(source(Numbers));
      rows.pick('d', 'a').to(sink());
      rows.map((row) => ({ ...row })).to(sink());
    }),
  );
  const lists = plan.operators.map(({ uid }) => requiredFields(plan).get(uid)?.join(' ') ?? null);
  assert.equal(lists, ['a b c d e', 'd a', 'd a', null, null]);
});

required.run();
