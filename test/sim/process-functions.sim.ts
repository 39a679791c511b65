import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  count,
  job,
  type KeyedContext,
  KeyedCoProcessFunction,
  KeyedProcessFunction,
  listState,
  mapState,
  outputTag,
  reducingState,
  type TimerContext,
  t,
  tumbling,
  valueState,
} from '../../engine/index.js';
import { runInline } from '../../engine/testing/run-inline.js';

/** Process functions in whole jobs on the inline host with tiny segments, against plain loops. */
const processes = suite('process functions in jobs');
const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);
console.log(`seed ${seed}`);

const Row = t.record({ at: t.timestamp, user: t.string, shop: t.int32, value: t.int32 });
type Row = typeof Row.row;
const Due = t.record({ at: t.timestamp, user: t.string, shop: t.int32, n: t.int32, round: t.int32 });
type Due = typeof Due.row;
const Note = t.record({ text: t.string });
const deleted = outputTag('deleted', Note);

/**
 * Counts the rows of each key and time, and gives the count out 10 ms later, and again 1 ms after that. A row whose
 * value is a multiple of 5 takes back what its key has counted for its time.
 */
class Delayed extends KeyedProcessFunction<Row, Due> {
  readonly counts = mapState(t.timestamp, t.int32);
  readonly again = mapState(t.timestamp, t.int32);
  readonly of = valueState(t.record({ user: t.string, shop: t.int32 }));

  override processElement(row: Row, ctx: KeyedContext<Due, unknown>): void {
    const { at, user, shop } = row;
    this.of.update({ user, shop });
    if (row.value % 5 === 0) {
      const before = this.counts.get(at);
      this.counts.remove(at);
      ctx.timers.deleteEventTime(at + 10);
      ctx.output(deleted, { text: `${user} ${shop} ${at} ${before}` });
    } else {
      this.counts.put(at, (this.counts.get(at) ?? 0) + 1);
      ctx.timers.registerEventTime(at + 10);
    }
  }

  override onTimer(ms: number, ctx: TimerContext<Due, unknown>): void {
    const of = this.of.value()!;
    const first = this.counts.get(ms - 10);
    const second = this.again.get(ms);
    assert.ok(ctx.currentWatermark >= ms);
    if (first !== null) {
      ctx.emit({ at: ms, ...of, n: first, round: 1 });
      this.counts.remove(ms - 10);
      this.again.put(ms + 1, first); // for the timer that fires in the same pass, or soon
      ctx.timers.registerEventTime(ms + 1);
    }
    if (second !== null) {
      ctx.emit({ at: ms, ...of, n: second, round: 2 });
      this.again.remove(ms);
    }
  }
}

/** The same, in order. */
function expected(rows: readonly Row[], keyOf: (row: Row) => string) {
  const counts = new Map<string, Map<number, { n: number; row: Row }>>();
  const last = new Map<string, Row>();
  const notes: string[] = [];
  for (const row of rows) {
    const own = counts.get(keyOf(row)) ?? new Map();
    counts.set(keyOf(row), own);
    last.set(keyOf(row), row);
    if (row.value % 5 === 0) {
      notes.push(`${row.user} ${row.shop} ${row.at} ${own.get(row.at)?.n ?? null}`);
      own.delete(row.at);
    } else own.set(row.at, { n: (own.get(row.at)?.n ?? 0) + 1, row });
  }
  const dues = [...counts.values()].flatMap((own) =>
    [...own].flatMap(([at, { n }]) => [`${at + 10} ${n} 1`, `${at + 11} ${n} 2`]),
  );
  return { notes: notes.sort(), dues: dues.sort() };
}

const KEYS: Readonly<Record<string, { by: (stream: any) => any; of: (row: Row) => string }>> = {
  field: { by: (stream) => stream.keyBy('user'), of: ({ user }) => user },
  fields: { by: (stream) => stream.keyBy('user', 'shop'), of: ({ user, shop }) => `${user} ${shop}` },
  fn: { by: (stream) => stream.keyBy(({ shop }: Row) => shop % 2, t.int32), of: ({ shop }) => `${shop % 2}` },
};

const setting = fc.record({
  rows: fc.array(
    fc.record(
      {
        at: fc.integer({ min: -20, max: 60 }),
        user: fc.constantFrom('ann', 'bob', 'cy'),
        shop: fc.integer({ min: 0, max: 3 }),
        value: fc.integer({ min: 1, max: 9 }),
      },
      { noNullPrototype: true },
    ),
    { minLength: 1, maxLength: 150 },
  ),
  key: fc.constantFrom(...Object.keys(KEYS)),
  declared: fc.boolean(),
  resultDeclared: fc.boolean(),
  parallelism: fc.integer({ min: 1, max: 3 }),
  segment: fc.constantFrom('256 bytes', '1 kb', '32 kb'),
  seed: fc.nat(1_000),
});

processes(
  'timers and states by key give what a plain loop gives, and no row of a timer is late',
  async () => {
    const property = fc.asyncProperty(setting, async (given) => {
      const rows = given.rows.toSorted((a, b) => a.at - b.at);
      const subject = job('delayed', { inputs: { rows: Row } }, (({ rows: input }: any) => {
        let stream = input.parallelism(1);
        if (!given.declared) stream = stream.map((row: Row) => ({ ...row })).parallelism(1);
        const keyed = KEYS[given.key]!.by(stream.eventTime('at').parallelism(1));
        const delayed = given.resultDeclared ? keyed.process(Due, Delayed) : keyed.process(Delayed);
        const windows = delayed
          .map(Due, (due: Due) => due)
          .keyBy('round')
          .window(tumbling('7ms'))
          .aggregate({ n: count() });
        return { dues: delayed, notes: delayed.sideOutput(deleted), windows };
      }) as any);
      const out = (await runInline(subject, {
        inputs: { rows },
        parallelism: given.parallelism,
        seed: given.seed,
        options: { 'taskmanager.memory.segment-size': given.segment },
      })) as any;
      const { notes, dues } = expected(rows, KEYS[given.key]!.of);
      assert.equal(out.dues.map(({ at, n, round }: Due) => `${at} ${n} ${round}`).sort(), dues);
      assert.equal(out.notes.map(({ text }: { text: string }) => text).sort(), notes);
      assert.is(
        out.windows.reduce((sum: number, { n }: { n: number }) => sum + n, 0),
        dues.length,
      );
    });
    await fc.assert(property, { seed, numRuns: Number(process.env['RUNS'] ?? 60) });
  },
);

const Paid = t.record({ at: t.timestamp, who: t.nullable(t.string), amount: t.int32 });
type Paid = typeof Paid.row;
const Account = t.record({ user: t.nullable(t.string), rows: t.int32, amount: t.int32, key: t.bool });

/** Adds up the rows of both streams, and gives the sums out at the end of the input. */
class Accounts extends KeyedCoProcessFunction<Row, Paid, typeof Account.row, string | null> {
  readonly rows = reducingState(t.int32, (a, b) => a + b);
  readonly amounts = listState(t.int32);

  override processElement1(row: Row, ctx: KeyedContext<typeof Account.row, string | null>): void {
    assert.is(row.user, ctx.key);
    this.rows.add(1);
    ctx.timers.registerEventTime(Number.MAX_SAFE_INTEGER);
  }

  override processElement2(paid: Paid, ctx: KeyedContext<typeof Account.row, string | null>): void {
    this.amounts.add(paid.amount);
    ctx.timers.registerEventTime(Number.MAX_SAFE_INTEGER);
  }

  override onTimer(_: number, ctx: TimerContext<typeof Account.row, string | null>): void {
    assert.is(ctx.currentWatermark, Number.POSITIVE_INFINITY);
    const amount = this.amounts.get().reduce((sum, each) => sum + each, 0);
    ctx.emit({ user: ctx.key, rows: this.rows.get() ?? 0, amount, key: ctx.key === null });
  }
}

processes('rows of two keyed streams share the state of their key', async () => {
  const both = fc.record({
    ...{ rows: fc.array(fc.constantFrom('ann', 'bob', 'cy')), declared: fc.boolean() },
    paid: fc.array(fc.record({ who: fc.constantFrom('ann', 'dan', null), amount: fc.nat(9) })),
    parallelism: fc.integer({ min: 1, max: 3 }),
    seed: fc.nat(1_000),
  });
  const property = fc.asyncProperty(both, async (given) => {
    const rows = given.rows.map((user, at) => ({ at, user, shop: 0, value: 0 }));
    const paid = given.paid.map(({ who, amount }, at) => ({ at, who, amount }));
    const subject = job('accounts', { inputs: { rows: Row, paid: Paid } }, ((flow: any) => {
      const [one, other] = [flow.rows, flow.paid].map((stream) =>
        given.declared ? stream : stream.map((row: object) => ({ ...row })),
      );
      return { out: one.connect(other).keyBy('user', 'who').process(Account, Accounts) };
    }) as any);
    const { out } = (await runInline(subject, {
      inputs: { rows, paid },
      ...{ parallelism: given.parallelism, seed: given.seed },
      options: { 'taskmanager.memory.segment-size': '256 bytes' },
    })) as any;
    const users = [...new Set<string | null>([...given.rows, ...given.paid.map(({ who }) => who)])];
    assert.equal(
      out.map((account: object) => JSON.stringify(account)).sort(),
      users
        .map((user) => ({
          user,
          rows: given.rows.filter((each) => each === user).length,
          amount: given.paid.reduce((sum, { who, amount }) => (who === user ? sum + amount : sum), 0),
          key: user === null,
        }))
        .map((account) => JSON.stringify(account))
        .sort(),
    );
  });
  await fc.assert(property, { seed, numRuns: Number(process.env['RUNS'] ?? 40) });
});

/** Gives out what it was given with a number of its own; keeps one state of each key. */
class Echo extends KeyedProcessFunction<Row, object> {
  readonly n = valueState<number>();
  override processElement(row: Row, ctx: KeyedContext<object, unknown>): void {
    this.n.update((this.n.value() ?? 0) + 1);
    ctx.emit({ row, n: this.n.value(), key: ctx.key, fields: Object.keys(row) });
  }
}

processes('a function gets the row as the user knows it, and its key', async () => {
  const rows = [1, 2, 1].map((shop, n) => ({ at: n, user: `u${shop}`, shop, value: n }));
  for (const declared of [true, false]) {
    for (const [key, values] of [
      ['field', ['u1', 'u2', 'u1']],
      ['fn', [1, 0, 1]],
      ['fields', rows.map(({ user, shop }) => ({ user, shop }))],
    ] as const) {
      const subject = job('echo', { inputs: { rows: Row } }, (({ rows: input }: any) => {
        const odd = (row: Row): object => (row.value === 1 ? { ...row, more: [1] } : { ...row });
        return { out: KEYS[key]!.by(declared ? input : input.map(odd)).process(Echo) };
      }) as any);
      const { out } = (await runInline(subject, { inputs: { rows }, parallelism: 1 })) as any;
      const sorted = out.toSorted((a: any, b: any) => a.row.at - b.row.at);
      assert.equal(
        sorted.map((each: any) => [each.key, each.n, each.fields.slice(0, 4).join(' ')]),
        values.map((value, i) => [value, i === 2 ? 2 : 1, 'at user shop value']),
        `${key} ${declared}`,
      );
    }
  }
});

processes.run();
