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
import { faultsOf } from '../kit/plan-kit.js';

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

const Timed = t.record({ at: t.timestamp, key: t.int32, n: t.int32 });
const DISORDER_MS = 100;
/** Rows that are out of order by less than that. */
const stream = fc
  .array(fc.tuple(fc.nat({ max: 120 }), fc.nat({ max: DISORDER_MS - 1 }), fc.nat({ max: 3 }), fc.nat()), {
    maxLength: 60,
  })
  .map((rows) => {
    let ms = 0;
    return rows.map(([gap, jitter, key, n]) => {
      ms += gap;
      return { at: ms + jitter, key, n: n % 100 };
    });
  });

/** Counts the slices of joins that are dropped while it runs. */
async function slicesDropped(run: () => Promise<unknown>): Promise<number> {
  const original = Map.prototype.delete;
  let dropped = 0;
  Map.prototype.delete = function (this: Map<unknown, unknown>, key: unknown) {
    const value = this.get(key);
    if (typeof value === 'object' && value !== null && 'rows0' in value) dropped++;
    return original.call(this, key);
  };
  try {
    await run();
  } finally {
    Map.prototype.delete = original;
  }
  return dropped;
}

joins('rows between two bounds meet, as a loop over all pairs says, while state is let go', async () => {
  const bound = fc.integer({ min: -900, max: 900 });
  let dropped = 0;
  const property = fc.asyncProperty(
    ...([stream, stream, bound, bound, fc.boolean(), fc.boolean()] as const),
    fc.integer({ min: 1, max: 3 }),
    async (left, right, a, b, lowerExclusive, upperExclusive, parallelism) => {
      const [lower, upper] = [Math.min(a, b), Math.max(a, b)];
      const keyed = (rows: any) => rows.eventTime('at', { outOfOrderness: `${DISORDER_MS}ms` }).keyBy('key');
      const subject = job('near', { inputs: { left: Timed, right: Timed } }, ({ left, right }) => ({
        out: keyed(left)
          .join(keyed(right))
          .between(`${lower}ms`, `${upper}ms`, { lowerExclusive, upperExclusive })
          .map((l: any, r: any) => ({ l: l.n, r: r.n, apart: r.at - l.at })),
      }));
      let out: object[] = [];
      dropped += await slicesDropped(async () => {
        ({ out } = (await runInline(subject, {
          inputs: { left, right },
          parallelism,
          options: TINY,
        })) as any);
      });
      const isNear = (apart: number): boolean =>
        (lowerExclusive ? apart > lower : apart >= lower) &&
        (upperExclusive ? apart < upper : apart <= upper);
      const pairs = left.flatMap((l) => right.filter((r) => l.key === r.key).map((r) => ({ l, r })));
      const near = pairs.map(({ l, r }) => ({ l: l.n, r: r.n, apart: r.at - l.at }));
      assert.equal(sorted(out), sorted(near.filter(({ apart }) => isNear(apart))));
    },
  );
  await fc.assert(property, { seed, numRuns: Number(process.env['RUNS'] ?? 12) });
  assert.ok(dropped > 12, `${dropped} slices`);
});

joins(
  'a row that comes after its time meets nobody, and bounds are inclusive unless it is said',
  async () => {
    const Sided = t.record({ side: t.string, at: t.timestamp });
    const harness = await operatorHarness(Sided, (rows) => {
      const timed = rows.eventTime('at');
      const side = (name: string) => timed.filter((row) => row.side === name).keyBy(() => 1, t.int32);
      return side('left')
        .join(side('right'))
        .between('-1s', '2s', { upperExclusive: true })
        .map(t.record({ left: t.timestamp, right: t.timestamp }), (a, b) => ({ left: a.at, right: b.at }));
    });
    const push = (side: string, at: number): string[] =>
      harness.push({ side, at }).map(({ left, right }) => `${left} ${right}`);
    assert.equal(push('left', 1_000), []);
    assert.equal(push('right', 2_999), ['1000 2999']);
    assert.equal(push('right', 2_998), [], 'the watermark is there already');
    assert.equal(push('right', 3_000), [], 'that is 2 s later, which is excluded');
    assert.equal(push('left', 4_000), ['4000 3000'], 'a second earlier is not');
    assert.equal(await harness.end(), []);
  },
);

joins('a bound may be exclusive, each by itself, whichever row comes first', async () => {
  const left = [{ at: 10_000, key: 1, n: 0 }];
  const right = [-1_001, -1_000, -999, 0, 1_999, 2_000, 2_001].map((n) => ({ at: 10_000 + n, key: 1, n }));
  for (const [lowerExclusive, upperExclusive] of [
    [false, false],
    [true, false],
    [false, true],
  ] as const) {
    const subject = job('bounds', { inputs: { left: Timed, right: Timed } }, ({ left, right }) => {
      const [l, r] = [left, right].map((rows) => rows.eventTime('at', { outOfOrderness: '1h' }).keyBy('key'));
      const options = { lowerExclusive, upperExclusive };
      return {
        out: l!
          .join(r!)
          .between('-1s', '2s', options)
          .map((_, b) => ({ n: b.n })),
        turned: r!
          .join(l!)
          .between('-2s', '1s', { lowerExclusive: upperExclusive, upperExclusive: lowerExclusive })
          .map((b) => ({ n: b.n })),
      };
    });
    const expected = [
      ...(lowerExclusive ? [] : [-1_000]),
      ...[-999, 0, 1_999],
      ...(upperExclusive ? [] : [2_000]),
    ];
    for (const run of [1, 2, 3]) {
      const { out, turned } = await runInline(subject, { inputs: { left, right }, seed: run });
      for (const rows of [out, turned])
        assert.equal(
          rows.map(({ n }) => n).sort((a, b) => a - b),
          expected,
        );
    }
  }
});

joins('bounds that cannot be, and rows without event time, are refused', () => {
  const faults = (lower: any, upper: any, isTimed = true): readonly string[] =>
    faultsOf(
      job('near', { inputs: { rows: Timed } }, ({ rows }) => {
        const keyed = (isTimed ? rows.eventTime('at') : rows).keyBy('key');
        return {
          out: keyed
            .join(keyed)
            .between(lower, upper)
            .map((a, b) => ({ a: a.n, b: b.n })),
        };
      }),
    );
  assert.equal(faults('-1s', '1s'), []);
  assert.equal(faults('1s', '-1s'), [
    "PLAN_DURATION_INVALID: between('1s', '-1s'): the lower bound is above the upper one",
  ]);
  assert.match(faults(5, '1s')[0]!, /^PLAN_DURATION_INVALID: between\('5', '1s'\): the lower bound is '5'/);
  assert.equal(faults('-1s', '1s', false), [
    'PLAN_EVENT_TIME_MISSING: map: a join of rows that are near in event time needs event time; add .eventTime(field) above keyBy',
  ]);
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
