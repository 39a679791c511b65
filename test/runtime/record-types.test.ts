import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { collection } from '../../engine/connectors/collection.js';
import { count, job, max, min, type RowOf, sum, t } from '../../engine/index.js';
import { runInline } from '../../engine/testing/run-inline.js';

const types = suite('record types in jobs');

const Small = t.record({
  tiny: t.int8,
  short: t.int16,
  wide: t.uint32,
  real: t.float32,
  raw: t.bytes,
  maybe: t.nullable(t.bytes),
});

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

const SMALL = Array.from({ length: 100 }, (_, i) => ({
  tiny: (i % 256) - 128,
  short: 300 * i - 32_768,
  wide: 4_294_967_295 - i,
  real: i / 7,
  raw: bytes(i % 3, 255, i % 2),
  maybe: i % 5 === 0 ? null : Buffer.from(`b${i % 4}`),
}));

/** Written again for the purpose: what a row is once the engine has taken it. */
const kept = SMALL.map((row) => ({
  ...row,
  real: new Float32Array([row.real])[0]!,
  maybe: row.maybe === null ? null : Uint8Array.from(row.maybe),
}));

const inOrder = <R extends { wide: number }>(rows: readonly R[]): R[] =>
  [...rows].sort((a, b) => b.wide - a.wide);

for (const parallelism of [1, 3]) {
  types(`small numbers and bytes cross exchanges as they were, on ${parallelism} subtasks`, async () => {
    const through = job('through', (flow) => ({
      out: flow
        .from(collection(SMALL, Small))
        .rebalance()
        .map(Small, (row) => row),
    }));
    const { out } = await runInline(through, { parallelism });
    assert.equal(inOrder(out), kept);
    assert.ok(out.every(({ maybe }) => maybe === null || maybe.constructor === Uint8Array));
  });

  types(
    `keys of every small type group by value, and bytes by content, on ${parallelism} subtasks`,
    async () => {
      for (const key of ['tiny', 'short', 'wide', 'real', 'raw', 'maybe'] as const) {
        const grouped = job('grouped', (flow) => ({
          out: flow.from(collection(SMALL, Small)).keyBy(key).aggregate({ n: count() }, { emit: 'final' }),
        }));
        const { out } = await runInline(grouped, { parallelism });
        const text = (value: unknown): string =>
          value instanceof Uint8Array ? `b${Buffer.from(value).toString('hex')}` : String(value);
        const expected = new Map<string, number>();
        for (const row of kept) expected.set(text(row[key]), (expected.get(text(row[key])) ?? 0) + 1);
        const found = new Map((out as Record<string, any>[]).map((row) => [text(row[key]), row['n']]));
        assert.is(out.length, expected.size, key);
        assert.equal(found, expected, key);
      }
    },
  );
}

types('bytes and composite keys with bytes are grouped by content too', async () => {
  const grouped = job('grouped', (flow) => ({
    out: flow
      .from(collection(SMALL, Small))
      .keyBy('raw', 'maybe')
      .aggregate({ n: count(), total: sum('short'), most: max('wide') }, { emit: 'final' }),
  }));
  const { out } = await runInline(grouped, { parallelism: 2 });
  const keyOf = (row: { raw: Uint8Array; maybe: Uint8Array | null }): string =>
    `${Buffer.from(row.raw).toString('hex')} ${row.maybe && Buffer.from(row.maybe).toString('hex')}`;
  assert.is(out.length, new Set(kept.map(keyOf)).size);
  for (const row of out) {
    const same = kept.filter((each) => keyOf(each) === keyOf(row));
    assert.is(row.n, same.length);
    assert.is(row.total, same.reduce((total, each) => total + each.short, 0)); // biome-ignore format: one claim
    assert.is(row.most, Math.max(...same.map((each) => each.wide)));
  }
});

types('a float32 is rounded where it is made, whether it crosses an exchange or not', async () => {
  const rounded = job('rounded', (flow) => {
    const rows = flow.from(collection(SMALL, Small)).with({ third: [t.float32, () => 1 / 3] });
    return { near: rows.filter(() => true), far: rows.rebalance().filter(() => true) };
  });
  const { near, far } = await runInline(rounded, { parallelism: 2 });
  for (const row of [...near, ...far]) assert.is(row.third, 0.3333333432674408);
});

types('what a function does to its bytes, others do not see: each has a copy of its own', async () => {
  const source = [{ raw: bytes(1, 2, 3) }];
  const Raw = t.record({ raw: t.bytes });
  const changed: Uint8Array[] = [];
  const clobber = (row: { raw: Uint8Array }): boolean => {
    row.raw.fill(9);
    return true;
  };
  const jobs = job('copies', (flow) => {
    const near = flow.from(collection(source, Raw)).filter(clobber);
    const far = near.rebalance().filter(clobber).filter(clobber);
    const mapped = far.map(Raw, (row) => {
      changed.push(row.raw);
      return row;
    });
    const reduced = near.keyBy('raw').reduce((a, b) => {
      a.raw.fill(7);
      return b;
    });
    const spoiled = mapped.filter(() => changed.at(-1)!.fill(8).length > 0);
    return { near, far, mapped: spoiled, reduced };
  });
  const { near, far, mapped, reduced } = await runInline(jobs);
  for (const rows of [near, far, mapped, reduced]) assert.equal(rows, [{ raw: bytes(1, 2, 3) }]);
  assert.equal(source, [{ raw: bytes(1, 2, 3) }]);
});

const Order = t.record({
  id: t.int32,
  url: t.record({ host: t.string, port: t.nullable(t.uint32) }),
  items: t.list(t.record({ name: t.category, price: t.float32, tags: t.list(t.string) })),
  labels: t.map(t.nullable(t.bigint)),
  event: t.nullable(
    t.union('kind', { click: t.record({ x: t.int16 }), view: t.record({ page: t.string, raw: t.bytes }) }),
  ),
});

type OrderRow = RowOf<typeof Order>;

const ORDERS = Array.from({ length: 60 }, (_, id): OrderRow => {
  const events = [
    null,
    { kind: 'click' as const, x: -id },
    { kind: 'view' as const, page: 'ü', raw: bytes(id) },
  ];
  return {
    id,
    url: { host: `host${id % 4}`, port: id % 3 === 0 ? null : 8000 + id },
    // Some records are longer than a segment, and travel in pieces.
    items: Array.from({ length: id % 10 === 9 ? 900 : id % 3 }, (_, i) => {
      return { name: `n${i % 5}`, price: i / 2, tags: ['a'.repeat(i % 40), 'ß'] };
    }),
    labels: new Map(Array.from({ length: id % 4 }, (_, i) => [`l${i}`, i === 2 ? null : BigInt(id * i)])),
    event: events[id % 3]!,
  };
});

const byId = <R extends { id: number }>(rows: readonly R[]): R[] => [...rows].sort((a, b) => a.id - b.id);

for (const parallelism of [1, 3]) {
  types(
    `nested values cross exchanges as they were, whole or in pieces, on ${parallelism} subtasks`,
    async () => {
      const through = job('nested', (flow) => ({
        out: flow
          .from(collection(ORDERS, Order))
          .rebalance()
          .filter((order) => order.items.length >= 0)
          .map(Order, (row) => row)
          .keyBy('id')
          .reduce((a) => a),
      }));
      const { out } = await runInline(through, {
        parallelism,
        options: { 'taskmanager.memory.segment-size': '4kb' },
      });
      assert.equal(byId(out), ORDERS);
    },
  );
}

types('a scalar inside a nested value is a key by a function, and the nested value is none', async () => {
  const hosts = job('hosts', (flow) => ({
    out: flow
      .from(collection(ORDERS, Order))
      .keyBy((order) => order.url.host, t.string)
      .aggregate({ n: count() }, { emit: 'final' }),
  }));
  const { out } = await runInline(hosts, { parallelism: 2 });
  assert.equal(
    [...out].sort((a, b) => (a.key < b.key ? -1 : 1)),
    ['host0', 'host1', 'host2', 'host3'].map((key) => ({ key, n: 15 })),
  );
  const refused = job('refused', (flow) => {
    const orders = flow.from(collection(ORDERS, Order));
    return {
      items: orders.keyBy('items').aggregate({ n: count() }),
      url: orders.keyBy((order) => order.url, t.record({ host: t.string })).aggregate({ n: count() }),
      least: orders.keyBy('id').aggregate({ least: min('labels' as never) }),
    };
  });
  const error = await runInline(refused).catch((thrown) => thrown);
  assert.is(error.code, 'PLAN_INVALID');
  assert.equal(
    error.errors.map(({ code }: { code: string }) => code),
    ['PLAN_FIELD_TYPE', 'PLAN_FIELD_TYPE', 'PLAN_FIELD_TYPE'],
  );
});

types('what a function does to a nested value, others do not see', async () => {
  const spoil = (order: OrderRow): boolean => {
    order.items.push({ name: 'x', price: 0, tags: [] });
    order.url.host = 'elsewhere';
    order.labels.clear();
    return true;
  };
  const spoiling = job('spoiling', (flow) => {
    const near = flow.from(collection(ORDERS, Order)).filter(spoil);
    return {
      near,
      far: near
        .rebalance()
        .filter(spoil)
        .filter((order) => spoil(order)),
    };
  });
  const { near, far } = await runInline(spoiling);
  for (const rows of [near, far]) assert.equal(byId(rows), ORDERS);
});

types(
  'a bad value inside a record ends the job with path, operator and record, behind what was good',
  async () => {
    const seen: number[] = [];
    const wrong = job('wrong', (flow) => ({
      out: flow
        .from(collection(ORDERS, Order))
        .map(Order, (row) => {
          seen.push(row.id);
          if (row.id === 5) row.items[1]!.tags[0] = 7 as never;
          return row;
        })
        .named('spoil'),
    }));
    const error = await runInline(wrong).catch((thrown) => thrown);
    assert.is(error.code, 'RECORD_FIELD_INVALID');
    assert.match(
      error.message,
      /spoil at .*record-types.*gave field 'items\[1\]\.tags\[0\]' the value 7.*at record \{"id":5/,
    );
    assert.is(error.detail.field, 'items[1].tags[0]');
    assert.equal(seen, [0, 1, 2, 3, 4, 5]);
  },
);

types(
  'a member that cannot be read, and a value without text, are the fault of who made the record',
  async () => {
    const Made = t.record({ n: t.int32, raw: t.bytes });
    const detached = new Uint8Array(1);
    structuredClone(detached.buffer, { transfer: [detached.buffer] });
    const raw = bytes(1);
    const failing = { raw, get n(): number { throw new RangeError('none today'); } }; // biome-ignore format: short
    const noText = Object.create(null);
    for (const [made, code, text] of [
      [failing, 'USER_FUNCTION_FAILED', /: RangeError: none today/],
      [{ n: 1, raw: detached }, 'USER_FUNCTION_FAILED', /: TypeError: .*detached/],
      [
        { n: noText, raw },
        'RECORD_FIELD_INVALID',
        /gave field 'n' the value \(an object without text\), which/,
      ],
      [
        Object.assign(() => {}, { toString: null }),
        'RECORD_FIELD_INVALID',
        /returned \(an object .*, not a record/,
      ],
    ] as const) {
      const spoiling = job('spoiling', (flow) => {
        const rows = flow.from(collection([{ id: 7 }], t.record({ id: t.int32 })));
        return { mapped: rows.map(Made, () => made as RowOf<typeof Made>).named('spoil') };
      });
      const error = await runInline(spoiling).catch((thrown) => thrown);
      assert.is(error.code, code);
      assert.match(error.message, /spoil at .*record-types.*at record \{"id":7/);
      assert.match(error.message, text);
    }
  },
);

types('a map that gives a list where nothing is declared gives no record', async () => {
  const listing = job('listing', (flow) => ({
    out: flow.from(collection([{ id: 7 }], t.record({ id: t.int32 }))).map(({ id }): object => [id]),
  }));
  const error = await runInline(listing).catch((thrown) => thrown);
  assert.is(error.code, 'RECORD_FIELD_INVALID');
  assert.match(error.message, /map at .*record-types.* returned \[7\], not a record/);
});

types.run();
