import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { count } from '../../engine/api/aggregates.js';
import { job } from '../../engine/api/job.js';
import { tumbling } from '../../engine/api/windows.js';
import type { Batch, Source } from '../../engine/connectors/connector.js';
import { t } from '../../engine/records/schema.js';
import { operatorHarness } from '../../engine/testing/operator-harness.js';
import { runInline } from '../../engine/testing/run-inline.js';
import { plant } from '../kit/planted-bug.js';

/** Jobs whose ways part and come together, on the inline host with tiny buffers, against plain loops over arrays. */
const unions = suite('unions');
const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
console.log(`seed ${seed}`);

const Row = t.record({ n: t.int32, pad: t.string });
type Row = typeof Row.row;
const rowsOf = (from: number, length: number): Row[] =>
  Array.from({ length }, (_, i) => ({ n: from + i, pad: 'x'.repeat((from + i) % 9) }));

/** A buffer or two hold a few rows: whoever is not read is full at once. */
const TINY = {
  'taskmanager.memory.segment-size': '256 bytes',
  'taskmanager.network.memory.buffers-per-channel': 1,
  'taskmanager.network.memory.floating-buffers-per-gate': 1,
  'taskmanager.network.memory.max-buffers-per-channel': 1,
  'taskmanager.network.memory.max-overdraft-buffers-per-gate': 1,
};

const WAYS = ['default', 'rebalance', 'rescale', 'broadcast', 'global', 'shuffle', 'custom'] as const;

/** An operator, and which of the streams before it come together above it. */
const step = fc.record({
  kind: fc.constantFrom('map', 'filter', 'keyed'),
  reads: fc.array(fc.record({ at: fc.nat(), way: fc.constantFrom(...WAYS) }), { minLength: 1, maxLength: 3 }),
  parallelism: fc.integer({ min: 1, max: 3 }),
});

const next = ({ n, pad }: Row): Row => ({ n: (n * 7 + 3) % 1009, pad });
const keeps = ({ n }: Row): boolean => n % 3 !== 0;

interface Built {
  readonly stream: any;
  readonly rows: readonly Row[];
}

function marked(stream: any, way: (typeof WAYS)[number]): any {
  if (way === 'default') return stream;
  if (way === 'custom')
    return stream.partitionCustom((n: number, receivers: number) => (n * 5) % receivers, 'n');
  return stream[way]();
}

const text = ({ n, pad }: Row): string => `${n} ${pad}`;
const sorted = (rows: readonly Row[]): string[] => rows.map(text).sort();

unions('input/every-gate: any graph of unions gives what loops give, and none stands still', async () => {
  const property = fc.asyncProperty(
    fc.array(step, { minLength: 1, maxLength: 6 }),
    fc.boolean(),
    fc.boolean(),
    fc.integer({ min: 1, max: 3 }),
    async (steps, declared, chaining, parallelism) => {
      const inputs = { one: rowsOf(0, 90), two: rowsOf(500, 40) };
      const expected: Record<string, readonly Row[]> = {};
      const subject = job('unions', { inputs: { one: Row, two: Row } }, ((flow: any) => {
        const mapOf = (stream: any) =>
          declared ? stream.map(Row, next) : stream.map((row: Row) => next(row));
        const all: Built[] = [
          { stream: mapOf(flow.one), rows: inputs.one.map(next) },
          { stream: mapOf(flow.two), rows: inputs.two.map(next) },
        ];
        const isRead = new Set<Built>();
        for (const { kind, reads, parallelism: own } of steps) {
          const chosen = reads.map(({ at, way }) => ({ from: all[at % all.length]!, way }));
          for (const { from } of chosen) isRead.add(from);
          const [first, ...others] = chosen.map(({ from, way }) => marked(from.stream, way));
          const united = others.length === 0 ? first : first.union(...others);
          const copies = (way: string): number => (way === 'broadcast' && kind !== 'keyed' ? own : 1);
          const rows = chosen.flatMap(({ from, way }) =>
            from.rows.flatMap((row) => Array.from({ length: copies(way) }, () => row)),
          );
          if (kind === 'filter')
            all.push({ stream: united.filter(keeps).parallelism(own), rows: rows.filter(keeps) });
          else if (kind === 'map') all.push({ stream: mapOf(united).parallelism(own), rows: rows.map(next) });
          else {
            const last = (_: Row, row: Row): Row => row;
            all.push({ stream: united.keyBy('n').reduce(last).parallelism(own), rows });
          }
        }
        const outputs: Record<string, any> = {};
        for (const [i, built] of all.entries()) {
          if (isRead.has(built)) continue;
          outputs[`out${i}`] = built.stream;
          expected[`out${i}`] = built.rows;
        }
        return outputs;
      }) as any);
      const options = { ...TINY, 'pipeline.operator-chaining.enabled': chaining };
      const got = (await runInline(subject, { inputs, parallelism, seed: steps.length, options })) as any;
      for (const [name, rows] of Object.entries(expected))
        assert.equal(sorted(got[name]), sorted(rows), name);
    },
  );
  await fc.assert(property, { seed, numRuns: Number(process.env['RUNS'] ?? 12) });
});

/** What comes out of a way that parts in two, one of them nearly empty, and comes together again. */
async function diamond(engine: { t: typeof t; operatorHarness: typeof operatorHarness }): Promise<number> {
  const Count = engine.t.record({ n: engine.t.int32 });
  const harness = await engine.operatorHarness(Count, (rows) =>
    rows
      .filter(({ n }) => n % 50 === 0)
      .union(rows)
      .map(Count, (row) => row),
  );
  return harness.push(...Array.from({ length: 400 }, (_, n) => ({ n }))).length;
}

unions('input/every-gate: a diamond with one way that is nearly empty lets all rows through', async () => {
  assert.is(await diamond({ t, operatorHarness }), 408);
});

unions(
  'input/every-gate: a task that waited for one gate while another is full would stand still',
  async () => {
    const { root, remove } = plant({
      file: 'runtime/gates-input.js',
      find: 'if (--this.#open === 0) return step;\n      }\n      this.#passOn();',
      replace: 'if (--this.#open === 0) return step;\n      this.#passOn(); }',
    });
    try {
      const [{ t }, { operatorHarness }] = await Promise.all(
        ['records/schema.js', 'testing/operator-harness.js'].map((file) => import(`${root}/engine/${file}`)),
      );
      assert.ok((await diamond({ t, operatorHarness })) < 200);
    } finally {
      remove();
    }
  },
);

const TimedRow = t.record({ at: t.timestamp, who: t.string });

unions('the event time of a union is that of the stream that is furthest behind', async () => {
  const rowsFrom = (who: string, from: number, length: number) =>
    Array.from({ length }, (_, i) => ({ at: from + i * 100, who: `${who}${i % 3}` }));
  const inputs = {
    old: rowsFrom('a', 0, 300),
    young: rowsFrom('b', 20_000, 300),
    short: rowsFrom('c', 5_000, 7),
  };
  const all = Object.values(inputs).flat();
  const subject = job('timed', { inputs: { old: TimedRow, young: TimedRow, short: TimedRow } }, (flow) => {
    const timed = (stream: any) => stream.eventTime('at');
    return {
      windows: timed(flow.old)
        .union(timed(flow.young), timed(flow.short))
        .keyBy('who')
        .window(tumbling('1s'))
        .aggregate({ rows: count() }),
      functions: timed(flow.old)
        .union(timed(flow.young).rebalance(), timed(flow.short))
        .keyBy((row: any) => row.who.slice(0, 1), t.string)
        .window(tumbling('1s'))
        .aggregate({ rows: count() }),
    };
  });
  const countBy = (key: (row: (typeof all)[number]) => string): string[] => {
    const counts = new Map<string, number>();
    for (const row of all) {
      const group = `${key(row)} ${Math.floor(row.at / 1000)}`;
      counts.set(group, (counts.get(group) ?? 0) + 1);
    }
    return [...counts].map(([group, n]) => `${group.split(' ')[0]} ${n}`).sort();
  };
  for (const parallelism of [1, 2, 3]) {
    for (const run of [1, 2]) {
      const got = (await runInline(subject, { inputs, parallelism, seed: run, options: TINY })) as any;
      const where = `parallelism ${parallelism}, seed ${run}`;
      assert.equal(
        got.windows.map((row: any) => `${row.who} ${row.rows}`).sort(),
        countBy(({ who }) => who),
        where,
      );
      const byLetter = countBy(({ who }) => who.slice(0, 1));
      assert.equal(got.functions.map((row: any) => `${row.key} ${row.rows}`).sort(), byLetter, where);
    }
  }
});

/** Gives its first rows, waits for ten seconds, and gives the others. */
function pausingSource(first: readonly object[], others: readonly object[]): Source<any> {
  return {
    ...{ urn: 'test:pausing', label: 'pausing', options: null, schema: TimedRow, bounded: true },
    ...{ batchKind: 'rows', paths: [] },
    discover: async () => ({ splits: [{ id: 'all', state: null }] }),
    createReader: ({ clock }) => {
      const parts = [first, others];
      let untilMs = 0;
      const poll = (): Batch | null => {
        if (clock.monotonicMs() < untilMs) return { kind: 'wait', untilMs };
        const rows = parts.shift();
        untilMs = clock.monotonicMs() + 10_000;
        return rows === undefined ? null : { kind: 'rows', length: rows.length, rows };
      };
      return { open: () => {}, poll, close: () => {} };
    },
  };
}

unions('a stream that has ended beside one that is idle makes no row of the idle one late', async () => {
  const rows = (from: number): object[] => [0, 1, 2].map((i) => ({ at: from + i * 100, who: 'a' }));
  const subject = job('idle', { inputs: { ended: TimedRow } }, (flow) => {
    const idle = flow.from(pausingSource(rows(0), rows(2_000))).eventTime('at', { idleAfter: '1s' });
    return {
      windows: flow.ended
        .eventTime('at')
        .union(idle)
        .keyBy('who')
        .window(tumbling('1s'))
        .aggregate({ rows: count() }),
    };
  });
  for (const run of [1, 2, 3]) {
    const { windows } = await runInline(subject, { inputs: { ended: rows(1_000) as any }, seed: run });
    assert.equal(
      windows.map(({ rows }) => rows),
      [3, 3, 3],
    );
  }
});

unions('a union of a stream with itself gives each row twice, each by a partitioner of its own', async () => {
  const subject = job('twice', { inputs: { rows: Row } }, ({ rows }) => ({
    plain: rows.union(rows).map(Row, (row) => row),
    custom: rows
      .partitionCustom(() => 0, 'n')
      .union(rows.partitionCustom((_, receivers) => receivers - 1, 'n'))
      .map(t.record({ n: t.int32 }), ({ n }) => ({ n })),
  }));
  const rows = rowsOf(0, 50);
  for (const parallelism of [1, 2, 3]) {
    const { plain, custom } = await runInline(subject, { inputs: { rows }, parallelism, options: TINY });
    assert.equal(sorted(plain), sorted([...rows, ...rows]));
    assert.equal(
      custom.map(({ n }) => n).sort((a, b) => a - b),
      rows.flatMap(({ n }) => [n, n]),
    );
  }
});

const Wide = t.record({ n: t.int32, list: t.list(t.int32), name: t.category, more: t.nullable(t.float64) });
const Mixed = t.record({ more: t.nullable(t.float64), name: t.category, n: t.int32, list: t.list(t.int32) });

unions(
  'streams whose fields come in another order, or that others read more of, are one all the same',
  async () => {
    const rows = Array.from({ length: 60 }, (_, n) => ({
      ...{ n, list: [n, n + 1], name: `name-${n % 4}`, more: n % 3 === 0 ? null : n / 2 },
    }));
    const subject = job('orders', { inputs: { wide: Wide, mixed: Mixed } }, ({ wide, mixed }) => {
      const both = wide.union(mixed);
      return {
        all: both,
        sum: both.filter(({ more }) => more !== null).pick('n', 'list'),
        viewed: both
          .rebalance()
          .filter((row) => row.list.length === 2, { view: true })
          .pick('n', 'name'),
        last: both.keyBy('n').reduce((_, row) => row, { emit: 'final' }),
        order: both.map((row) => ({ keys: Object.keys({ ...row }).join() })),
      };
    });
    for (const parallelism of [1, 2]) {
      const got = await runInline(subject, {
        inputs: { wide: rows, mixed: rows },
        parallelism,
        options: TINY,
      });
      const twice = (of: (row: (typeof rows)[number]) => object): string[] =>
        [...rows, ...rows].map((row) => JSON.stringify(of(row))).sort();
      const texts = (found: readonly object[]): string[] => found.map((row) => JSON.stringify(row)).sort();
      assert.equal(
        texts(got.all),
        twice((row) => row),
      );
      assert.equal(
        texts(got.viewed),
        twice(({ n, name }) => ({ n, name })),
      );
      assert.equal(
        texts(got.sum),
        twice(({ n, list, more }) => (more === null ? {} : { n, list })).filter((row) => row !== '{}'),
      );
      assert.equal(texts(got.last), rows.map((row) => JSON.stringify(row)).sort());
      assert.equal(new Set(got.order.map(({ keys }) => keys)).size, 1);
    }
  },
);

unions.run();
