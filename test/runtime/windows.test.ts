import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { count, max, mean, min, sum, windowEnd, windowStart } from '../../engine/api/aggregates.js';
import type { Stream } from '../../engine/api/stream.js';
import { sliding, tumbling } from '../../engine/api/windows.js';
import { isSluiceError } from '../../engine/base/errors.js';
import { type OutputTag, outputTag } from '../../engine/functions/output-tag.js';
import { t } from '../../engine/records/schema.js';
import { operatorHarness } from '../../engine/testing/operator-harness.js';
import { randomRuns } from '../kit/random-rows.js';
import { type WindowContents, WindowOracle } from '../kit/window-oracle.js';
import {
  assignerOf,
  checkEach,
  duration,
  Event,
  events,
  lenient,
  ROW,
  tasks,
  window,
} from '../kit/windowed-events.js';

/**
 * Rows go in one by one, in any order, and the watermark follows the newest of them: what comes out of each is what a
 * loop says that puts every row in a list of each of its windows. Buffers are full every other row.
 */
const windows = suite('windows');

const AGGREGATES = {
  start: windowStart(),
  end: windowEnd(),
  n: count(),
  total: sum('amount'),
  low: min('price'),
  high: max('rank'),
  first: min('note'),
  average: mean('rank'),
  ranks: sum('rank'),
  big: sum('big'),
} as const;

function aggregated({ startMs, endMs, rows }: WindowContents<Event>): object {
  const ranks = rows.flatMap(({ rank }) => rank ?? []);
  const total = (numbers: number[]): number => numbers.reduce((a, b) => a + b, 0);
  const has = ranks.length > 0;
  return {
    key: rows[0]!.key,
    start: startMs,
    end: endMs,
    n: rows.length,
    total: total(rows.map(({ amount }) => amount)),
    low: Math.min(...rows.map(({ price }) => price)),
    high: has ? Math.max(...ranks) : null,
    first: rows.flatMap(({ note }) => note ?? []).sort()[0] ?? null,
    average: has ? total(ranks) / ranks.length : null,
    ranks: has ? total(ranks) : null,
    big: rows.reduce((all, { big }) => all + big, 0n),
  };
}

const LATE = { sizeMs: 1, slideMs: 1, offsetMs: 0, latenessMs: 0 };

const windowsOf = (stream: Stream<Event>, shape: typeof LATE, late: OutputTag<any>) =>
  stream
    .eventTime('at')
    .keyBy('key')
    .window(assignerOf(shape), { late, allowedLateness: duration(shape.latenessMs) });

const pick = ({ key, at, amount }: Event): object => ({ key, at, amount });

windows('aggregates of tumbling and sliding windows are those of a plain loop, after every row', async () => {
  await fc.assert(
    fc.asyncProperty(window, events, tasks, async (shape, rows, parallelism) => {
      const subject = await operatorHarness(Event, (stream) =>
        stream
          .eventTime('at')
          .keyBy('key')
          .window(assignerOf(shape))
          .aggregate(AGGREGATES)
          .parallelism(parallelism),
      );
      await checkEach(rows, shape, subject, aggregated);
    }),
    randomRuns(10),
  );
});

windows(
  'reduced windows are those of a plain loop, also of undeclared rows and where functions change their rows',
  async () => {
    type Total = { key: string; at: number; amount: number; least: string };
    const total = ({ rows }: WindowContents<Event>): Total => {
      const all = rows.map(({ key, at, amount, note }) => ({ key, at, amount, least: note ?? '' }));
      return all.reduce((a, b) => ({
        key: a.key,
        at: Math.max(a.at, b.at),
        amount: a.amount + b.amount,
        least: [a.least, b.least].sort()[0]!,
      }));
    };
    const merge = (a: Total, b: Total): Total => {
      a.at = Math.max(a.at, b.at);
      a.amount += b.amount;
      if (b.least < a.least) a.least = b.least;
      return a;
    };
    const Declared = t.record({ key: t.string, at: t.timestamp, amount: t.int32, least: t.string });
    const toTotal = ({ key, at, amount, note }: Event): Total => ({ key, at, amount, least: note ?? '' });
    await fc.assert(
      fc.asyncProperty(window, events, fc.boolean(), async (shape, rows, declared) => {
        const subject = await operatorHarness(Event, (stream) => {
          const timed = stream.eventTime('at');
          const totals = declared ? timed.map(Declared, toTotal) : timed.map(toTotal);
          return totals.keyBy('key').window(assignerOf(shape)).reduce(merge);
        });
        await checkEach(rows, shape, subject, total);
      }),
      randomRuns(6),
    );
  },
);

windows('with allowed lateness each late row gives its windows out anew, until they are gone', async () => {
  await fc.assert(
    fc.asyncProperty(lenient, events, fc.boolean(), tasks, async (shape, rows, reduces, parallelism) => {
      const subject = await operatorHarness(Event, (stream): Stream<any> => {
        const allowedLateness = duration(shape.latenessMs);
        const windowed = stream.eventTime('at').keyBy('key').window(assignerOf(shape), { allowedLateness });
        if (!reduces) return windowed.aggregate(AGGREGATES).parallelism(parallelism);
        return windowed.reduce((a, { at, amount }) =>
          Object.assign(a, { at: Math.max(a.at, at), amount: a.amount + amount }),
        );
      });
      const resultOf = (contents: WindowContents<Event>): object => {
        if (!reduces) return aggregated(contents);
        const at = Math.max(...contents.rows.map((row) => row.at));
        return {
          key: contents.rows[0]!.key,
          at,
          amount: contents.rows.reduce((all, { amount }) => all + amount, 0),
        };
      };
      const picked = {
        push: (row: Event) => subject.push(row).map((out) => (reduces ? pick(out) : out)),
        end: async () => (await subject.end()).map((out) => (reduces ? pick(out) : out)),
      };
      await checkEach(rows, shape, picked, resultOf);
    }),
    randomRuns(10),
  );
});

windows('late rows of several slices that had none stay where windows leave them', async () => {
  const shape = { sizeMs: 10, slideMs: 1, offsetMs: 0, latenessMs: 0 };
  const subject = await operatorHarness(Event, (stream) =>
    stream.eventTime('at').keyBy('key').window(assignerOf(shape)).aggregate(AGGREGATES),
  );
  const later = Array.from({ length: 14 }, (_, i) => 12 + i);
  const rows = [0, 8, 9, 10, 11, 5, 4, 3, 4, 9, ...later].map((at): Event => ({ at, ...ROW }));
  await checkEach(rows, shape, subject, aggregated);
});

windows(
  'windows that were given out stay as they were for late rows, however often slices are put together',
  async () => {
    const shape = { sizeMs: 5, slideMs: 1, offsetMs: 0, latenessMs: 30 };
    const subject = await operatorHarness(Event, (stream) =>
      stream
        .eventTime('at')
        .keyBy('key')
        .window(assignerOf(shape), { allowedLateness: '30ms' })
        .aggregate(AGGREGATES),
    );
    const each = Array.from({ length: 20 }, (_, i) => i);
    const rows = [...each, 3, 9, 14, 17, 18, 40, 9, 17].map((at): Event => ({ at, ...ROW }));
    await checkEach(rows, shape, subject, aggregated);
  },
);

windows("a window that another subtask's row has closed takes no row of this one", async () => {
  for (const other of ['b', 'ü', 'dddd']) {
    for (const latenessMs of [0, 5]) {
      for (const slideMs of [10, 5]) {
        const shape = { sizeMs: 10, slideMs, offsetMs: 0, latenessMs };
        const subject = await operatorHarness(Event, (stream) =>
          stream
            .eventTime('at')
            .keyBy('key')
            .window(assignerOf(shape), { allowedLateness: duration(latenessMs) })
            .aggregate(AGGREGATES)
            .parallelism(3),
        );
        const rows = [
          { at: 0, ...ROW },
          { at: 100, ...ROW, key: other },
          { at: 1, ...ROW },
        ];
        await checkEach(rows, shape, subject, aggregated);
      }
    }
  }
});

windows(
  'rows that come when their windows are gone go to the tag for them, and each row is somewhere',
  async () => {
    const some = outputTag('late', t.record({ key: t.string, at: t.timestamp, note: t.nullable(t.string) }));
    const whole = outputTag<Event>('late');
    const build = {
      'some fields': (stream: Stream<Event>, shape: typeof LATE) =>
        windowsOf(stream, shape, some)
          .aggregate(AGGREGATES)
          .sideOutput(some)
          .map(({ key, at, note }) => ({ late: `${at} ${key} ${note}` })),
      'whole rows': (stream: Stream<Event>, shape: typeof LATE) =>
        windowsOf(stream, shape, whole)
          .reduce((a) => a)
          .sideOutput(whole)
          .map(({ key, at, note }) => ({ late: `${at} ${key} ${note}` })),
      'whole rows by a function': (stream: Stream<Event>, shape: typeof LATE) =>
        stream
          .eventTime('at')
          .keyBy(({ key }) => key, t.string)
          .window(assignerOf(shape), { late: whole, allowedLateness: duration(shape.latenessMs) })
          .aggregate({ n: count() })
          .sideOutput(whole)
          .map((row) => ({
            late: `${row.at} ${row.key} ${row.note}${'$key' in row ? ' with its key' : ''}`,
          })),
      'undeclared rows': (stream: Stream<Event>, shape: typeof LATE) =>
        windowsOf(
          stream.map((row) => ({ ...row })),
          shape,
          whole,
        )
          .aggregate({ n: count() })
          .sideOutput(whole)
          .map(({ key, at, note }) => ({ late: `${at} ${key} ${note}` })),
    };
    await fc.assert(
      fc.asyncProperty(fc.oneof(window, lenient), events, async (shape, rows) => {
        for (const [name, made] of Object.entries(build)) {
          const subject = await operatorHarness(Event, (stream) => made(stream, shape));
          const oracle = new WindowOracle<Event>(
            shape,
            ({ at }) => at,
            ({ key }) => key,
          );
          let newest = Number.NEGATIVE_INFINITY;
          const got: object[] = [];
          for (const row of rows) {
            got.push(...subject.push(row));
            oracle.add(row);
            newest = Math.max(newest, row.at);
            oracle.watermark(newest - 1);
          }
          got.push(...(await subject.end()));
          const late = oracle.late.map(({ key, at, note }) => ({ late: `${at} ${key} ${note}` }));
          assert.equal(got, late, name);
        }
      }),
      randomRuns(3),
    );
  },
);

windows('a lateness beyond the end of time keeps windows for good', async () => {
  for (const slideMs of [10, 5]) {
    const shape = { sizeMs: 10, slideMs, offsetMs: 0, latenessMs: 100_000_000 * 86_400_000 };
    const subject = await operatorHarness(Event, (stream) =>
      stream
        .eventTime('at')
        .keyBy('key')
        .window(assignerOf(shape), { allowedLateness: '100000000d' })
        .aggregate(AGGREGATES),
    );
    const rows = [0, 1, 8_000_000_000_000_000, 2, 30, 1].map((at): Event => ({ at, ...ROW }));
    await checkEach(rows, shape, subject, aggregated);
  }
});

windows('a window of which no record is near is not given out, and the first of all is', async () => {
  const subject = await operatorHarness(Event, (stream) =>
    stream
      .eventTime('at')
      .keyBy('key')
      .window(sliding('10ms', '3ms'))
      .aggregate({ start: windowStart(), n: count() }),
  );
  assert.equal(subject.push({ at: 0, ...ROW }), []);
  const fired = subject.push({ at: 1_000_000, ...ROW });
  assert.equal(
    fired.map(({ start }) => start),
    [-9, -6, -3, 0],
  );
});

windows('times that cannot be told, or whose windows cannot, are refused with the record', async () => {
  const build = (at: unknown): Promise<{ push(row: Event): object[] }> =>
    operatorHarness(Event, (stream) =>
      stream
        .map((row): any => ({ key: row.key, at }))
        .eventTime('at')
        .keyBy('key')
        .window(sliding('10s', '3s'))
        .aggregate({ n: count() }),
    );
  const row = { at: 0, ...ROW };
  const largest = Number.MAX_SAFE_INTEGER;
  for (const at of [NaN, Infinity, -Infinity, 2 ** 60, null, '5', largest, -largest]) {
    const subject = await build(at);
    try {
      subject.push(row);
      assert.unreachable(`event time ${at} was taken`);
    } catch (error) {
      assert.ok(isSluiceError(error), String(error));
      assert.is(error.code, 'RECORD_FIELD_INVALID', String(at));
    }
  }
  for (const at of [8_640_000_000_000_000, -8_640_000_000_000_000, -0.5]) {
    const subject = await build(at);
    assert.equal(subject.push(row), [], `${at}`);
  }
});

windows('a reduce that gives no row is told at once: what it had so far would be lost', async () => {
  for (const nothing of [null, undefined, 5]) {
    const subject = await operatorHarness(Event, (stream) =>
      stream
        .eventTime('at')
        .keyBy('key')
        .window(tumbling('10s'))
        .reduce((): any => nothing),
    );
    try {
      subject.push({ at: 0, ...ROW }, { at: 1, ...ROW });
      assert.unreachable(`${nothing} was taken`);
    } catch (error) {
      assert.ok(isSluiceError(error) && error.code === 'RECORD_FIELD_INVALID', String(error));
    }
  }
});

windows.run();
