import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isSluiceError } from '../../engine/base/errors.js';
import { discard } from '../../engine/connectors/discard.js';
import {
  type DeadLetter,
  deadLetter,
  deadLetterOf,
  job,
  type KeyedContext,
  KeyedCoProcessFunction,
  KeyedProcessFunction,
  outputTag,
  type ProcessContext,
  ProcessFunction,
  type TimerContext,
  t,
} from '../../engine/index.js';
import { operatorHarness } from '../../engine/testing/operator-harness.js';
import { runInline } from '../../engine/testing/run-inline.js';
import { faultsOf, sink, source } from '../kit/plan-kit.js';

const errors = suite('onError');
const Row = t.record({ at: t.timestamp, key: t.string, n: t.int32 });
type Row = typeof Row.row;
const One = t.record({ n: t.int32 });
type One = typeof One.row;

const row = (n: number): Row => ({ at: n, key: `k${n % 2}`, n });
const ROWS = Array.from({ length: 40 }, (_, n) => row(n));
const isBad = (n: number): boolean => n % 7 === 3;
const checked = (n: number): number => {
  if (isBad(n)) throw new RangeError(`not ${n}`);
  return n;
};

class Plain extends ProcessFunction<Row, One> {
  override processElement({ n }: Row, ctx: ProcessContext<One>): void {
    ctx.emit({ n: checked(n) });
  }
}

class Keyed extends KeyedProcessFunction<Row, One> {
  override processElement({ n }: Row, ctx: KeyedContext<One, unknown>): void {
    ctx.emit({ n: checked(n) });
  }
}

class Both extends KeyedCoProcessFunction<Row, Row, One> {
  override processElement1({ n }: Row, ctx: KeyedContext<One, unknown>): void {
    ctx.emit({ n: checked(n) });
  }
  override processElement2(): void {}
}

/** Each gives the numbers of the rows it does not fail at. */
const STEPS: Readonly<Record<string, (rows: any) => any>> = {
  filter: (rows) => rows.filter(({ n }: Row) => checked(n) >= 0),
  map: (rows) => rows.map(({ n }: Row) => ({ n: checked(n) })),
  'map of a schema': (rows) => rows.map(One, ({ n }: Row) => ({ n: checked(n) })),
  'map that gives what does not fit': (rows) =>
    rows.map(One, ({ n }: Row) => ({ n: isBad(n) ? 'x' : n }) as any),
  'map of views': (rows) => rows.map(One, ({ n }: Row) => ({ n: checked(n) }), { view: true }),
  'map of two inputs': (rows) =>
    rows.connect(rows.filter(() => false)).map(
      One,
      ({ n }: Row) => ({ n: checked(n) }),
      ({ n }: Row) => ({ n }),
    ),
  flatMap: (rows) => rows.flatMap(One, ({ n }: Row, emit: (row: One) => void) => emit({ n: checked(n) })),
  'flatMap by a generator': (rows) =>
    rows.flatMap(function* ({ n }: Row) {
      yield { n: checked(n) };
    }),
  with: (rows) => rows.with({ n: [t.int32, ({ n }: Row) => checked(n)] }),
  split: (rows) => rows.split({ none: ({ n }: Row) => checked(n) < 0 }).rest,
  process: (rows) => rows.process(One, Plain),
  'process of two inputs': (rows) => {
    const none = rows.filter(() => false);
    return rows.keyBy('key').connect(none.keyBy('key')).process(One, Both);
  },
  'process by key': (rows) => rows.keyBy('key').process(Keyed),
};

for (const [name, step] of Object.entries(STEPS))
  errors(
    `${name} skips rows that it fails at, or gives them to a side output with cause and place`,
    async () => {
      const good = ROWS.flatMap(({ n }) => (isBad(n) ? [] : [n]));
      const skipping = await operatorHarness(Row, (rows) => step(rows).onError('skip'));
      assert.equal(
        skipping.push(...ROWS).map((each: any) => each.n),
        good,
      );
      assert.is(skipping.droppedRecords, ROWS.length - good.length);
      const unread = await operatorHarness(Row, (rows) =>
        step(rows).onError(deadLetter(outputTag<DeadLetter<Row>>('unread'))),
      );
      assert.equal(
        unread.push(...ROWS).map((each: any) => each.n),
        good,
      );
      assert.is(unread.droppedRecords, ROWS.length - good.length);
      for (const [tag, isDeclared] of [
        [outputTag<DeadLetter<Row>>('failed', deadLetterOf(Row)), true],
        [outputTag<DeadLetter<Row>>('failed'), false],
      ] as const) {
        const input = (rows: any): any => (isDeclared ? rows : rows.map((each: Row) => ({ ...each })));
        const subject = await operatorHarness(Row, (rows) => {
          const passed = step(input(rows)).onError(deadLetter(tag));
          passed.to(discard());
          return passed.sideOutput(tag);
        });
        const letters = subject.push(...ROWS) as DeadLetter<Row>[];
        assert.equal(
          letters.map(({ payload }) => payload),
          ROWS.filter(({ n }) => isBad(n)),
        );
        for (const { payload, cause, operator, place, subtask } of letters) {
          if (name === 'map that gives what does not fit') assert.match(cause, /RECORD_FIELD_INVALID/);
          else assert.is(cause, `RangeError: not ${payload!.n}`);
          assert.match(operator, /^(filter|map|coMap|flatMap|with|split|process)-/);
          assert.match(place, /at .*on-error\.test\.ts:\d+/);
          assert.is(subtask, 0);
        }
        assert.is(subject.droppedRecords, 0);
      }
    },
  );

errors('what fails further down in the chain is not the fault of who enumerates, maps or emits', async () => {
  for (const [name, step] of Object.entries(STEPS)) {
    const subject = job('failing', { inputs: { rows: Row } }, (({ rows }: any) => ({
      out: step(rows.filter(({ n }: Row) => !isBad(n)))
        .onError('skip')
        .map(One, ({ n }: One) => {
          if (n === 20) throw new TypeError('further down');
          return { n };
        })
        .named('last'),
    })) as any);
    try {
      await runInline(subject, { inputs: { rows: ROWS } });
      assert.unreachable(name);
    } catch (error) {
      assert.ok(isSluiceError(error), String(error));
      assert.match(error.message, /USER_FUNCTION_FAILED: last at .*further down/, name);
    }
  }
});

errors('a timer that fails has no row, and its key goes on', async () => {
  const failed = outputTag<DeadLetter<Row>>('failed', deadLetterOf(Row));
  class Failing extends KeyedProcessFunction<Row, One> {
    override processElement({ at }: Row, ctx: KeyedContext<One, unknown>): void {
      ctx.timers.registerEventTime(at);
    }
    override onTimer(ms: number, ctx: TimerContext<One, unknown>): void {
      ctx.emit({ n: -1 });
      ctx.emit({ n: checked(ms) });
    }
  }
  for (const isRead of [true, false]) {
    const subject = await operatorHarness(Row, (rows) => {
      const processed = rows.eventTime('at').keyBy('key').process(One, Failing).onError(deadLetter(failed));
      return isRead ? (processed.sideOutput(failed) as any) : processed;
    });
    const out = [...subject.push(...ROWS), ...(await subject.end())] as any[];
    if (isRead)
      assert.equal(
        out.map(({ payload, cause }) => [payload, cause]),
        ROWS.filter(({ n }) => isBad(n)).map(({ n }) => [null, `RangeError: not ${n}`]),
      );
    else
      assert.equal(
        out.map(({ n }) => n).filter((n) => n >= 0),
        ROWS.flatMap(({ n }) => (isBad(n) ? [] : [n])),
      );
  }
});

errors('rows emitted before a failure stay, and the last word on it counts', async () => {
  const subject = await operatorHarness(Row, (rows) =>
    rows
      .flatMap(One, ({ n }, emit) => {
        emit({ n });
        checked(n);
      })
      .onError('skip'),
  );
  assert.is(subject.push(...ROWS).length, ROWS.length);
  const failing = await operatorHarness(Row, (rows) =>
    rows
      .map(({ n }) => ({ n: checked(n) }))
      .onError('skip')
      .onError('fail'),
  );
  assert.throws(() => failing.push(...ROWS), /USER_FUNCTION_FAILED.*not 3/);
});

errors(
  'a row that was emitted and does not fit is forgotten when the next one fails further down',
  async () => {
    const subject = job('blamed', { inputs: { rows: Row } }, (({ rows }: any) => ({
      out: rows
        .flatMap(One, ({ n }: Row, emit: (row: One) => void) => emit({ n: isBad(n) ? ('x' as never) : n }))
        .onError('skip')
        .filter(({ n }: One) => {
          if (n === 4) throw new TypeError('further down');
          return true;
        }),
    })) as any);
    const failure = await runInline(subject, { inputs: { rows: ROWS } }).catch(
      (error: Error) => error.message,
    );
    assert.match(failure as string, /USER_FUNCTION_FAILED: filter at .*further down/);
  },
);

errors('where there is no function, or no such action, it is refused', () => {
  const faults = (build: (rows: any) => any) =>
    faultsOf(job('faulty', (flow) => void build(flow.from(source(Row))).to(sink()))).join();
  assert.match(
    faults((rows) => rows.eventTime('at').onError('skip')),
    /onError is for operators that call a function/,
  );
  assert.match(
    faults((rows) => rows.map((each: Row) => each).onError('ignore')),
    /onError is 'fail', 'skip' or/,
  );
  assert.match(
    faults((rows) => rows.rebalance().onError('skip')),
    /rebalance\(\) is no operator/,
  );
  assert.throws(() => deadLetter('failed' as never), /ARGUMENT_INVALID: deadLetter/);
});

errors.run();
