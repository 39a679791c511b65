import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { count, max, mean, min, sum, windowEnd, windowStart } from '../../engine/api/aggregates.js';
import { job } from '../../engine/api/job.js';
import { tumbling } from '../../engine/api/windows.js';
import { Prng } from '../../engine/base/prng.js';
import { t } from '../../engine/records/schema.js';
import { runInline } from '../../engine/testing/run-inline.js';

/**
 * Whole jobs in one thread, stepped by seeds over tiny segments so that every output is full again and again, against
 * plain loops over the same rows.
 */
const pipelines = suite('pipelines');

const Event = t.record({
  at: t.timestamp,
  user: t.string,
  amount: t.int32,
  price: t.float64,
  note: t.nullable(t.string),
  rank: t.nullable(t.int32),
  big: t.bigint,
});
type Event = typeof Event.row;

function events(seed: number, length: number): Event[] {
  const prng = new Prng(seed);
  return Array.from({ length }, (_, i) => ({
    at: 1_000_000 + i * 7 + prng.below(40),
    user: `${'ü'.repeat(prng.below(3))}user-${prng.below(13)}`,
    amount: prng.below(1000) - 500,
    price: prng.below(10_000) / 16,
    note: prng.below(3) === 0 ? null : 'n'.repeat(prng.below(20)),
    rank: prng.below(4) === 0 ? null : prng.below(100),
    big: BigInt(prng.below(1_000_000)) * 1_000_000_007n,
  }));
}

/** Settings that every pipeline must give the same rows in. */
const SETTINGS = [1, 2, 3, 7].flatMap((parallelism) =>
  [true, false].map((chaining) => ({ parallelism, chaining, seed: parallelism * 31 + (chaining ? 0 : 1) })),
);

async function everywhere(
  subject: any,
  inputs: Record<string, object[]>,
  expected: Record<string, object[]>,
): Promise<void> {
  for (const { parallelism, chaining, seed } of SETTINGS) {
    const exclusive = parallelism % 3;
    const options = {
      'pipeline.operator-chaining.enabled': chaining,
      'taskmanager.memory.segment-size': '512 bytes',
      'taskmanager.network.memory.buffers-per-channel': exclusive,
      'taskmanager.network.memory.floating-buffers-per-gate': exclusive === 0 ? 1 : parallelism % 4,
      'taskmanager.network.memory.max-overdraft-buffers-per-gate': parallelism,
    };
    const got = await runInline(subject, { inputs, parallelism, seed, options });
    for (const [name, rows] of Object.entries(expected)) {
      const where = `${name}, parallelism ${parallelism}, chaining ${chaining}, seed ${seed}`;
      assert.equal(sorted((got as Record<string, object[]>)[name]!), sorted(rows), where);
    }
  }
}

const text = (row: object): string =>
  JSON.stringify(row, (_, value) => (typeof value === 'bigint' ? `${value}n` : value));

const sorted = (rows: readonly object[]): string[] => rows.map(text).sort();

function groupBy<T>(rows: readonly T[], key: (row: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const row of rows) groups.set(key(row), [...(groups.get(key(row)) ?? []), row]);
  return [...groups.values()];
}

const Out = t.record({ user: t.string, double: t.int32, label: t.nullable(t.string) });

pipelines('filter, map, flatMap, pick and with give what a loop gives', async () => {
  const rows = events(1, 700);
  const subject = job('stateless', { inputs: { events: Event } }, ({ events }) => ({
    mapped: events
      .filter((e) => e.amount > 0)
      .map(Out, ({ user, amount, note }) => ({ user, double: amount * 2, label: note })),
    many: events.pick('user', 'amount').flatMap(t.record({ user: t.string, k: t.int32 }), (e, emit) => {
      for (let k = 0; k < e.amount % 5; k++) emit({ user: e.user, k });
    }),
    added: events.with({ dollars: [t.float64, (e) => e.price * 0.908] }).pick('dollars', 'big', 'rank'),
  }));
  await everywhere(
    subject,
    { events: rows },
    {
      mapped: rows
        .filter((e) => e.amount > 0)
        .map((e) => ({ user: e.user, double: e.amount * 2, label: e.note })),
      many: rows.flatMap((e) =>
        Array.from({ length: Math.max(0, e.amount % 5) }, (_, k) => ({ user: e.user, k })),
      ),
      added: rows.map((e) => ({ dollars: e.price * 0.908, big: e.big, rank: e.rank })),
    },
  );
});

pipelines('windows aggregate every kind, nulls left out', async () => {
  const rows = events(2, 900);
  const subject = job('windows', { inputs: { events: Event } }, ({ events }) => ({
    windows: events
      .eventTime('at', { outOfOrderness: '1s' })
      .keyBy('user')
      .window(tumbling('500ms', { offset: '100ms' }))
      .aggregate({
        start: windowStart(),
        end: windowEnd(),
        n: count(),
        total: sum('amount'),
        low: min('price'),
        high: max('rank'),
        average: mean('rank'),
        big: sum('big'),
      }),
  }));
  const startOf = (at: number): number => Math.floor((at - 100) / 500) * 500 + 100;
  const expected = groupBy(rows, (e) => `${startOf(e.at)} ${e.user}`).map((group) => {
    const ranks = group.flatMap((e) => e.rank ?? []);
    const start = startOf(group[0]!.at);
    return {
      user: group[0]!.user,
      start,
      end: start + 500,
      n: group.length,
      total: group.reduce((all, e) => all + e.amount, 0),
      low: Math.min(...group.map((e) => e.price)),
      high: ranks.length === 0 ? null : Math.max(...ranks),
      average: ranks.length === 0 ? null : ranks.reduce((a, b) => a + b, 0) / ranks.length,
      big: group.reduce((all, e) => all + e.big, 0n),
    };
  });
  await everywhere(subject, { events: rows }, { windows: expected });
});

pipelines('a rolling aggregate ends where a final one ends', async () => {
  const rows = events(3, 500);
  const subject = job('rolling', { inputs: { events: Event } }, ({ events }) => ({
    final: events.keyBy('user', 'rank').aggregate({ n: count(), total: sum('amount') }, { emit: 'final' }),
    changes: events.keyBy('user', 'rank').aggregate({ n: count() }),
  }));
  const groups = groupBy(rows, (e) => `${e.user} ${e.rank}`);
  const key = (e: Event) => ({ user: e.user, rank: e.rank });
  await everywhere(
    subject,
    { events: rows },
    {
      final: groups.map((group) => ({
        ...key(group[0]!),
        n: group.length,
        total: group.reduce((all, e) => all + e.amount, 0),
      })),
      changes: groups.flatMap((group) => group.map((e, i) => ({ ...key(e), n: i + 1 }))),
    },
  );
});

pipelines('reduce keeps the record its function chooses', async () => {
  const rows = events(4, 500);
  const dearer = (a: Event, b: Event): Event =>
    b.price > a.price || (b.price === a.price && text(b) > text(a)) ? b : a;
  const subject = job('reduce', { inputs: { events: Event } }, ({ events }) => ({
    all: events.keyBy('user').reduce(dearer, { emit: 'final' }),
    windowed: events
      .eventTime('at', { outOfOrderness: '1s' })
      .keyBy('user')
      .window(tumbling('1s'))
      .reduce(dearer),
  }));
  const best = (group: Event[]): Event => group.reduce(dearer);
  await everywhere(
    subject,
    { events: rows },
    {
      all: groupBy(rows, (e) => e.user).map(best),
      windowed: groupBy(rows, (e) => `${e.user} ${Math.floor(e.at / 1000)}`).map(best),
    },
  );
});

pipelines('undeclared rows arrive as they were, whatever shapes they take', async () => {
  const rows = events(5, 600);
  const odd = (e: Event, i: number): object => {
    if (i % 97 === 96) return { id: e.amount, extra: [1, { deep: new Date(e.at) }] };
    return { id: e.amount, value: i % 50 === 49 ? e.price : i, flag: e.rank === null ? null : e.rank > 50 };
  };
  const numbered = rows.map((e, i) => ({ ...e, amount: i }));
  const subject = job('undeclared', { inputs: { events: Event } }, ({ events }) => ({
    all: events
      .map((e): any => odd(e, e.amount))
      .keyBy('id')
      .reduce((a) => a, { emit: 'changes' }),
    counts: events
      .map((e) => ({ bucket: e.amount % 7 === 0 ? 0.5 : e.amount % 7, name: e.user, price: e.price }))
      .keyBy('bucket', 'name')
      .aggregate({ n: count(), total: sum('price') }, { emit: 'final' }),
  }));
  const bucket = (i: number): number => (i % 7 === 0 ? 0.5 : i % 7);
  await everywhere(
    subject,
    { events: numbered },
    {
      all: numbered.map((e) => odd(e, e.amount)),
      counts: groupBy(numbered, (e) => `${bucket(e.amount)} ${e.user}`).map((group) => ({
        bucket: bucket(group[0]!.amount),
        name: group[0]!.user,
        n: group.length,
        total: group.reduce((all, e) => all + e.price, 0),
      })),
    },
  );
});

pipelines('a key made by a function groups as its value does', async () => {
  const rows = events(6, 400);
  const subject = job('computed key', { inputs: { events: Event } }, ({ events }) => ({
    counts: events
      .keyBy((e) => e.user.slice(-2), t.string)
      .aggregate({ n: count() }, { emit: 'final' })
      .keyBy('n')
      .aggregate({ keys: count() }, { emit: 'final' }),
  }));
  const sizes = groupBy(rows, (e) => e.user.slice(-2)).map((group) => group.length);
  const expected = groupBy(sizes, String).map((group) => ({ n: group[0]!, keys: group.length }));
  await everywhere(subject, { events: rows }, { counts: expected });
});

pipelines(
  'record/span: rows many times larger than a segment pass through exchanges, declared or not',
  async () => {
    const rows = events(7, 300).map((e, i) => ({
      ...e,
      note: i % 10 === 3 ? `${i}-${'ö'.repeat(40 * i)}` : e.note,
    }));
    const subject = job('large rows', { inputs: { events: Event } }, ({ events }) => ({
      declared: events.keyBy('user').reduce((_, e) => e, { emit: 'changes' }),
      undeclared: events
        .map((e) => ({ name: e.user, text: e.note, list: e.note === null ? [] : [e.note.length, e.note] }))
        .keyBy('name')
        .reduce((_, e) => e, { emit: 'changes' }),
    }));
    await everywhere(
      subject,
      { events: rows },
      {
        declared: rows,
        undeclared: rows.map((e) => ({
          name: e.user,
          text: e.note,
          list: e.note === null ? [] : [e.note.length, e.note],
        })),
      },
    );
  },
);

pipelines.run();
