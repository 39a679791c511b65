import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { count } from '../../engine/api/aggregates.js';
import { job } from '../../engine/api/job.js';
import { tumbling } from '../../engine/api/windows.js';
import { InlineHost } from '../../engine/control/inline-host.js';
import { checkEndpoints, OutputCommit, planJob } from '../../engine/control/prepared-job.js';
import { t } from '../../engine/records/schema.js';
import { operatorHarness } from '../../engine/testing/operator-harness.js';
import { runInline } from '../../engine/testing/run-inline.js';

/** Joins of keyed streams on the inline host with tiny buffers, against two loops, one inside the other. */
const joins = suite('joins');
const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
console.log(`seed ${seed}`);

const Left = t.record({ id: t.int32, who: t.nullable(t.string), list: t.list(t.int32), at: t.timestamp });
const Right = t.record({ name: t.nullable(t.category), n: t.int32, weight: t.float64, at: t.timestamp });
const Both = t.record({ id: t.int32, n: t.int32, sum: t.float64 });
type Left = typeof Left.row;
type Right = typeof Right.row;

const TINY = {
  'taskmanager.memory.segment-size': '256 bytes',
  'taskmanager.network.memory.buffers-per-channel': 1,
  'taskmanager.network.memory.max-buffers-per-channel': 1,
  'taskmanager.network.memory.max-overdraft-buffers-per-gate': 0,
};

const who = fc.option(fc.constantFrom('a', 'b', 'ä', ''), { freq: 5 });
const given = fc.record({
  left: fc.array(
    fc.record({
      ...{ id: fc.nat({ max: 5 }), who, list: fc.array(fc.nat({ max: 9 }), { maxLength: 3 }) },
      at: fc.nat({ max: 20_000 }),
    }),
    { maxLength: 40 },
  ),
  right: fc.array(
    fc.record({
      ...{ name: who, n: fc.nat({ max: 5 }), weight: fc.nat({ max: 8 }).map((w) => w / 4) },
      at: fc.nat({ max: 20_000 }),
    }),
    { maxLength: 40 },
  ),
});

const both = (left: Left, right: Right) => ({
  ...{ id: left.id, n: right.n, sum: left.list.length + right.weight },
});
/** Changes what it was given, which is its own. */
const greedy = (left: any, right: any) => {
  const row = { id: left.id as number, n: right.n as number, sum: left.list.length + right.weight };
  left.list.push(7);
  for (const own of [left, right]) for (const name of Object.keys(own)) own[name] = null;
  return row;
};

const text = (row: object): string => JSON.stringify(row);
const sorted = (rows: readonly object[]): string[] => rows.map(text).sort();

joins('each two rows of equal keys give one, whichever came first; null equals nothing', async () => {
  const subject = job('joins', { inputs: { left: Left, right: Right } }, ({ left, right }) => ({
    ids: left.keyBy('id').join(right.keyBy('n')).map(Both, both),
    names: left.keyBy('who').join(right.keyBy('name')).map(both),
    pairs: left.keyBy('id', 'who').join(right.keyBy('n', 'name')).map(Both, greedy),
    functions: left
      .keyBy(({ id, list }) => `${id % 2}-${list.length}`, t.string)
      .join(right.keyBy(({ n, weight }) => `${n % 2}-${Math.floor(weight)}`, t.string))
      .map(both),
    loose: left
      .map(({ id, list, at }) => (at % 2 === 0 ? { id, list } : { id, list, more: [at] }))
      .keyBy('id')
      .join(right.map(({ n, weight }) => ({ n: n === 3 ? null : n, weight })).keyBy('n'))
      .map(Both, ({ id, list }, { n, weight }) => ({ id, n: n!, sum: list.length + weight })),
    self: left
      .keyBy('id')
      .join(left.keyBy('id'))
      .map((a, b) => ({ a: a.at, b: b.at })),
  }));
  const property = fc.asyncProperty(
    given,
    fc.integer({ min: 1, max: 3 }),
    fc.integer(),
    async (inputs, parallelism, run) => {
      const { left, right } = inputs;
      const got = await runInline(subject, { inputs, parallelism, seed: run, options: TINY });
      const expected = (equal: (a: Left, b: Right) => boolean): string[] =>
        sorted(left.flatMap((a) => right.filter((b) => equal(a, b)).map((b) => both(a, b))));
      assert.equal(
        sorted(got.ids),
        expected((a, b) => a.id === b.n),
      );
      assert.equal(
        sorted(got.names),
        expected((a, b) => a.who !== null && a.who === b.name),
      );
      assert.equal(
        sorted(got.pairs),
        expected((a, b) => a.id === b.n && a.who !== null && a.who === b.name),
      );
      assert.equal(
        sorted(got.functions),
        expected((a, b) => a.id % 2 === b.n % 2 && a.list.length === Math.floor(b.weight)),
      );
      assert.equal(
        sorted(got.loose),
        expected((a, b) => a.id === b.n && b.n !== 3),
      );
      const pairs = left.flatMap((a) => left.filter((b) => a.id === b.id).map((b) => ({ a: a.at, b: b.at })));
      assert.equal(sorted(got.self), sorted(pairs));
    },
  );
  await fc.assert(property, { seed, numRuns: Number(process.env['RUNS'] ?? 8) });
});

joins('a function that changes what it was given changes nothing for the next two rows', async () => {
  const subject = job('greedy', { inputs: { left: Left, right: Right } }, ({ left, right }) => ({
    out: left.keyBy('id').join(right.keyBy('n')).map(greedy),
  }));
  const left = [1, 2].map((at) => ({ id: 1, who: null, list: [at], at }));
  const right = [3, 4].map((at) => ({ name: null, n: 1, weight: at, at }));
  const { out } = await runInline(subject, { inputs: { left, right } });
  assert.equal(sorted(out), sorted(left.flatMap((a) => right.map((b) => both(a, b)))));
});

joins('a row that meets many stops where its output is full, and goes on there', async () => {
  const Row = t.record({ side: t.string, key: t.int32, n: t.int32 });
  const harness = await operatorHarness(Row, (rows) =>
    rows
      .filter(({ side }) => side === 'left')
      .keyBy('key')
      .join(rows.filter(({ side }) => side === 'right').keyBy('key'))
      .map(t.record({ left: t.int32, right: t.int32, pad: t.string }), (left, right) => ({
        ...{ left: left.n, right: right.n, pad: 'x'.repeat(50) },
      })),
  );
  const side = (name: string, key: number, length: number) =>
    Array.from({ length }, (_, n) => ({ side: name, key, n }));
  assert.equal(harness.push(...side('left', 1, 300)), []);
  assert.equal(harness.push(...side('right', 2, 3)), []);
  const met = harness.push({ side: 'right', key: 1, n: 7 });
  assert.equal(
    met.map(({ left }) => left),
    Array.from({ length: 300 }, (_, n) => n),
    'in the order in which they came',
  );
  assert.ok(met.every(({ right }) => right === 7));
  assert.is(harness.push(...side('left', 2, 2)).length, 6);
  assert.equal(await harness.end(), []);
});

joins('a row that meets many waits between two of its results, and never inside one', async () => {
  const Key = t.record({ key: t.int32, n: t.int32 });
  const subject = job('many', { inputs: { rows: Key } }, ({ rows }) => ({
    out: rows
      .keyBy('key')
      .join(rows.keyBy('key'))
      .map(Key, ({ key, n }) => ({ key, n }))
      .keyBy('key')
      .aggregate({ rows: count() }, { emit: 'final' }),
  }));
  const inputs = { rows: Array.from({ length: 100 }, (_, n) => ({ key: 1, n })) };
  const optionLayers = [{ origin: 'test', values: { ...TINY, 'parallelism.default': 1 } }];
  const prepared = await checkEndpoints(planJob(subject, { params: {}, inputs, optionLayers }));
  const host = new InlineHost(prepared, 7, 'many');
  await host.run(new OutputCommit(prepared.sinks, 'many'));
  assert.equal(prepared.built.outputs.get('out')!.rows, [{ key: 1, rows: 10_000 }]);
  assert.is(host.hardWaits, 0);
});

joins('the time of a result is that of the later row, and no window above loses one', async () => {
  const subject = job('timed', { inputs: { left: Left, right: Right } }, ({ left, right }) => ({
    windows: left
      .eventTime('at')
      .keyBy('id')
      .join(right.eventTime('at').keyBy('n'))
      .map(t.record({ id: t.int32 }), ({ id }) => ({ id }))
      .keyBy('id')
      .window(tumbling('1s'))
      .aggregate({ rows: count() }),
  }));
  const left = Array.from({ length: 60 }, (_, i) => ({ id: i % 4, who: null, list: [], at: i * 300 }));
  const right = Array.from({ length: 50 }, (_, i) => ({
    name: null,
    n: i % 4,
    weight: 0,
    at: 5_000 + i * 130,
  }));
  const counts = new Map<string, number>();
  for (const a of left)
    for (const b of right)
      if (a.id === b.n) {
        const group = `${a.id} ${Math.floor(Math.max(a.at, b.at) / 1000)}`;
        counts.set(group, (counts.get(group) ?? 0) + 1);
      }
  const expected = [...counts].map(([group, rows]) => `${group.split(' ')[0]} ${rows}`).sort();
  for (const parallelism of [1, 2, 3]) {
    const inputs = { left, right };
    const { windows } = await runInline(subject, { inputs, parallelism, options: TINY });
    assert.equal(windows.map(({ id, rows }) => `${id} ${rows}`).sort(), expected);
  }
});

joins('a function that fails tells its place, and the row that had come', async () => {
  const subject = job('failing', { inputs: { left: Left, right: Right } }, ({ left, right }) => ({
    out: left
      .keyBy('id')
      .join(right.keyBy('n'))
      .map((): { n: number } => {
        throw new RangeError('no');
      }),
  }));
  const inputs = {
    left: [{ id: 1, who: null, list: [], at: 1 }],
    right: [{ name: null, n: 1, weight: 0, at: 2 }],
  };
  const failure: any = await runInline(subject, { inputs }).then(
    () => null,
    (error: unknown) => error,
  );
  assert.is(failure.code, 'USER_FUNCTION_FAILED');
  assert.match(failure.message, /joins\.sim\.ts:\d+.*at record \{/s);
  assert.match(failure.message, /RangeError: no/);
});

joins.run();
