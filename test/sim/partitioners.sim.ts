import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { count } from '../../engine/api/aggregates.js';
import { job } from '../../engine/api/job.js';
import { t } from '../../engine/records/schema.js';
import { runInline } from '../../engine/testing/run-inline.js';
import { notingSink, Sent, sendingSource } from '../kit/routing-kit.js';
import { failureOf } from '../kit/run-kit.js';

/** Who gets which row, on the inline host with tiny segments, against plain loops. */
const routing = suite('partitioners');

const ROWS = 150;
const COUNTS = [1, 2, 3, 5] as const;

/** `declared`: rows of a schema; `undeclared`: with a string of varying length; `packed`: rows no flat shape fits. */
const SHAPES = ['declared', 'undeclared', 'packed'] as const;
type Shape = (typeof SHAPES)[number];

interface Setting {
  readonly senders: number;
  readonly receivers: number;
  readonly seed: number;
  readonly shape: Shape;
  readonly rows?: number;
  readonly isAdaptive?: boolean;
  readonly delayMs?: (subtask: number) => number;
}

/** @param mark  puts a partitioner on the stream */
async function route(mark: (rows: any) => any, setting: Setting): Promise<Sent[][]> {
  const { senders, receivers, seed, shape, rows: count = ROWS, isAdaptive = true, delayMs } = setting;
  const sink = notingSink(delayMs);
  const subject = job('routing', (flow) => {
    let rows: any = flow.from(sendingSource(count)).parallelism(senders);
    const shaped = {
      declared: () => rows,
      undeclared: () => rows.map((row: Sent) => ({ sender: row.sender, n: row.n, pad: row.pad })),
      packed: () => rows.map(({ sender, n }: Sent) => ({ sender, n, pad: n % 3 === 0 ? [n, { n }] : 'pad' })),
    };
    if (shape !== 'declared') rows = shaped[shape]().parallelism(senders);
    mark(rows).to(sink).parallelism(receivers);
  });
  const options = {
    'taskmanager.memory.segment-size': '512 bytes',
    'taskmanager.network.adaptive-partitioner.enabled': isAdaptive,
  };
  await runInline(subject, { seed, options });
  return sink.got;
}

/** Every pair of parallelisms and every shape of rows. */
async function everywhere(
  mark: (rows: any) => any,
  check: (got: Sent[][], setting: Setting, where: string) => void,
  changes: Partial<Setting> = {},
): Promise<void> {
  for (const senders of COUNTS) {
    for (const receivers of COUNTS) {
      const shape = SHAPES[(senders + receivers) % 3]!;
      const setting = { senders, receivers, seed: senders * 31 + receivers, shape, ...changes };
      const got = await route(mark, setting);
      const where = `${senders} to ${receivers}, ${shape}`;
      assert.is(got.length, receivers);
      for (const rows of got) checkOrder(rows, where);
      check(got, setting, where);
    }
  }
}

/** Rows of one sender arrive in the order in which they were sent. */
function checkOrder(rows: readonly Sent[], where: string): void {
  const last = new Map<number, number>();
  for (const { sender, n } of rows) {
    assert.ok(n > (last.get(sender) ?? -1), `${where}: ${n} of ${sender} after ${last.get(sender)}`);
    last.set(sender, n);
  }
}

/** Every row arrived once: of each sender 0, 1, 2 and so on, and of all together as many as there are. */
function checkOnce(got: readonly Sent[][], senders: number, where: string): void {
  const all = got.flat();
  assert.is(all.length, senders * ROWS, where);
  const bySender = new Map<number, number[]>();
  for (const { sender, n } of all) bySender.set(sender, [...(bySender.get(sender) ?? []), n]);
  for (const numbers of bySender.values()) {
    numbers.sort((a, b) => a - b);
    assert.equal(
      numbers,
      numbers.map((_, i) => i),
      where,
    );
  }
}

/** The receivers that a sender reaches pointwise, by Flink's formulas. */
function pointwise(sender: number, senders: number, receivers: number): number[] {
  const all = Array.from({ length: receivers }, (_, r) => r);
  if (senders < receivers) {
    return all.filter(
      (r) =>
        r >= Math.ceil((sender * receivers) / senders) && r < Math.ceil(((sender + 1) * receivers) / senders),
    );
  }
  return all.filter(
    (r) =>
      sender >= Math.floor((r * senders) / receivers) && sender < Math.floor(((r + 1) * senders) / receivers),
  );
}

/** Each row was given to the receiver that the oracle names. */
function checkReceivers(
  got: readonly Sent[][],
  receiverOf: (row: Sent) => number,
  senders: number,
  where: string,
): void {
  checkOnce(got, senders, where);
  got.forEach((rows, receiver) => {
    for (const row of rows) assert.is(receiver, receiverOf(row), `${where}: row ${row.n} of ${row.sender}`);
  });
}

routing('rebalance deals rows to all receivers in turn', async () => {
  await everywhere(
    (rows) => rows.rebalance(),
    (got, { senders, receivers }, where) => {
      checkReceivers(got, ({ sender, n }) => (sender + n) % receivers, senders, where);
    },
    { isAdaptive: false },
  );
});

routing('rescale deals rows in turn to an even share of the receivers', async () => {
  await everywhere(
    (rows) => rows.rescale(),
    (got, { senders, receivers }, where) => {
      const receiverOf = ({ sender, n }: Sent): number => {
        const mine = pointwise(sender, senders, receivers);
        return mine[(sender + n) % mine.length]!;
      };
      checkReceivers(got, receiverOf, senders, where);
    },
    { isAdaptive: false },
  );
});

routing(
  'partition/turn: adaptive rebalance and rescale give each row to one receiver, where it may go',
  async () => {
    await everywhere(
      (rows) => rows.rebalance(),
      (got, { senders }, where) => checkOnce(got, senders, where),
    );
    await everywhere(
      (rows) => rows.rescale(),
      (got, { senders, receivers }, where) => {
        checkOnce(got, senders, where);
        got.forEach((rows, receiver) => {
          for (const { sender } of rows)
            assert.ok(pointwise(sender, senders, receivers).includes(receiver), `${where}: ${sender}`);
        });
      },
    );
  },
);

routing('exchange/broadcast-copies: broadcast gives every row to every receiver', async () => {
  await everywhere(
    (rows) => rows.broadcast(),
    (got, { senders }, where) => {
      for (const rows of got) checkOnce([rows], senders, where);
      const texts = got.map((rows) => rows.map((row) => JSON.stringify(row)).sort());
      for (const text of texts) assert.equal(text, texts[0], where);
    },
  );
});

routing('global gives all rows to the first receiver', async () => {
  await everywhere(
    (rows) => rows.global(),
    (got, { senders }, where) => checkReceivers(got, () => 0, senders, where),
  );
});

routing('forward keeps rows in the subtask of the same number, chained or not', async () => {
  for (const chaining of [true, false]) {
    for (const parallelism of COUNTS) {
      const sink = notingSink();
      const subject = job('forward', (flow) => void flow.from(sendingSource(ROWS)).forward().to(sink));
      const options = { 'pipeline.operator-chaining.enabled': chaining };
      await runInline(subject, { parallelism, seed: parallelism, options });
      checkReceivers(sink.got, ({ sender }) => sender, parallelism, `${parallelism}, ${chaining}`);
    }
  }
});

routing('shuffle draws a receiver for each row, evenly, and alike in equal runs', async () => {
  await everywhere(
    (rows) => rows.shuffle(),
    (got, { senders, receivers }, where) => {
      checkOnce(got, senders, where);
      const mean = (senders * ROWS) / receivers;
      const deviation = Math.sqrt(mean * (1 - 1 / receivers));
      for (const rows of got)
        assert.ok(Math.abs(rows.length - mean) <= 4 * deviation, `${where}: ${rows.length}`);
    },
  );
  const setting = { senders: 3, receivers: 3, seed: 9, shape: 'declared' } as const;
  const runs = [
    await route((rows) => rows.shuffle(), setting),
    await route((rows) => rows.shuffle(), setting),
  ];
  assert.equal(runs[0], runs[1]);
  const turns = runs[0]!.map((rows) => rows.filter(({ sender }) => sender === 0).map(({ n }) => n % 3));
  assert.ok(
    turns.some((each) => new Set(each).size > 1),
    'it is no turn',
  );
  const others = runs[0]!.map((rows) => rows.filter(({ sender }) => sender === 1).map(({ n }) => n));
  assert.not.equal(
    others,
    runs[0]!.map((rows) => rows.filter(({ sender }) => sender === 0).map(({ n }) => n)),
    'each sender draws for itself',
  );
});

routing('a custom partitioner gives each row where its function says, by field or by function', async () => {
  await everywhere(
    (rows) => rows.partitionCustom((n: number, receivers: number) => (n * 7 + 3) % receivers, 'n'),
    (got, { senders, receivers }, where) =>
      checkReceivers(got, ({ n }) => (n * 7 + 3) % receivers, senders, where),
  );
  await everywhere(
    (rows) =>
      rows.partitionCustom(
        ({ sender, n }: Sent, receivers: number) => (sender + (n >> 2)) % receivers,
        (row: Sent) => ({ sender: row.sender, n: row.n }),
      ),
    (got, { senders, receivers }, where) =>
      checkReceivers(got, ({ sender, n }) => (sender + (n >> 2)) % receivers, senders, where),
  );
});

routing('where parallelism changes and nothing was said, rows are dealt as by rebalance', async () => {
  await everywhere(
    (rows) => rows,
    (got, { senders, receivers }, where) => {
      const receiverOf = ({ sender, n }: Sent): number =>
        senders === receivers ? sender : (sender + n) % receivers;
      checkReceivers(got, receiverOf, senders, where);
    },
    { isAdaptive: false },
  );
});

routing(
  'partition/turn: a slow receiver holds up all where the turn is strict, and itself where it is adaptive',
  async () => {
    const setting = { senders: 2, receivers: 4, seed: 3, shape: 'declared', rows: 1500 } as const;
    const delayMs = (subtask: number): number => (subtask === 1 ? 1000 : 0);
    const mark = (rows: any): any => rows.rebalance();
    const counts = async (isAdaptive: boolean): Promise<number[]> =>
      (await route(mark, { ...setting, delayMs, isAdaptive })).map((rows) => rows.length);
    for (const each of await counts(false)) assert.ok(Math.abs(each - 750) <= 1, `${each}`);
    const [a, slow, b, c] = (await counts(true)) as [number, number, number, number];
    assert.is(a + slow + b + c, 3000);
    assert.ok(slow < 300, `the slow one got ${slow} of 3000`);
    for (const fast of [a, b, c]) assert.ok(fast > 750, `${[a, slow, b, c]}`);
  },
);

routing('equally fast receivers get equally many rows where the turn is adaptive', async () => {
  for (const timeout of ['0 ms', '100 ms']) {
    const sink = notingSink();
    const subject = job('even', (flow) => {
      flow.from(sendingSource(600, 20)).parallelism(1).rebalance().to(sink).parallelism(3);
    });
    const options = { 'execution.buffer-timeout.interval': timeout };
    await runInline(subject, { seed: 5, options });
    for (const rows of sink.got)
      assert.is(rows.length, 200, `${timeout}: ${sink.got.map((each) => each.length)}`);
  }
});

routing('a custom partitioner that names no receiver is told with its place and the record', async () => {
  for (const bad of [-1, 3, 0.5, Number.NaN, '1', undefined, null]) {
    for (const shape of ['declared', 'undeclared'] as const) {
      const mark = (rows: any): any => rows.partitionCustom((n: number) => (n === 100 ? bad : n % 3), 'n');
      const error = await failureOf(route(mark, { senders: 1, receivers: 3, seed: 1, shape }));
      assert.is(error.code, 'RECORD_PARTITION_INVALID');
      const shown = typeof bad === 'string' ? `"${bad}"` : String(bad);
      assert.ok(
        error.message.includes(`answered ${shown}, which is not a whole number from 0 to 2`),
        error.message,
      );
      const after = shape === 'declared' ? 'sending' : 'map';
      assert.match(
        error.message,
        new RegExp(`partitionCustom after ${after} at \\S*partitioners\\.sim\\.ts:\\d+`),
      );
      assert.match(error.message, /subtask 0, at record .*"n":100/);
    }
  }
  const mark = (rows: any): any =>
    rows.partitionCustom(
      () => 0,
      (row: Sent) => {
        if (row.n === 100) throw new RangeError('no key');
        return row.n;
      },
    );
  const error = await failureOf(route(mark, { senders: 1, receivers: 3, seed: 1, shape: 'declared' }));
  assert.is(error.code, 'USER_FUNCTION_FAILED');
  assert.match(error.message, /partitionCustom after sending at .*, at record .*"n":100.*RangeError: no key/);
});

routing('what follows a partitioner takes its place', async () => {
  const setting = { senders: 2, receivers: 3, seed: 2, shape: 'declared' } as const;
  const got = await route((rows) => rows.broadcast().global(), setting);
  checkReceivers(got, () => 0, 2, 'broadcast, then global');
  const subject = job('keyed', { inputs: { rows: Sent } }, (({ rows }: any) => ({
    byField: rows.broadcast().keyBy('n').aggregate({ rows: count() }, { emit: 'final' }),
    byFunction: rows
      .broadcast()
      .keyBy((row: Sent) => row.n, t.int32)
      .aggregate({ rows: count() }, { emit: 'final' }),
  })) as any);
  const rows = Array.from({ length: 50 }, (_, n) => ({ sender: 0, n: n % 5, pad: '' }));
  const { byField, byFunction } = (await runInline(subject, { inputs: { rows }, parallelism: 3 })) as any;
  for (const counts of [byField, byFunction]) {
    assert.equal(
      counts.map((each: any) => each.rows),
      [10, 10, 10, 10, 10],
    );
  }
});

routing.run();
