import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isSluiceError } from '../../engine/base/errors.js';
import {
  count,
  type FunctionContext,
  job,
  type KeyedContext,
  KeyedProcessFunction,
  listState,
  mapState,
  outputTag,
  type ProcessContext,
  ProcessFunction,
  reducingState,
  type TimerContext,
  t,
  tumbling,
  valueState,
} from '../../engine/index.js';
import { operatorHarness } from '../../engine/testing/operator-harness.js';
import { runInline } from '../../engine/testing/run-inline.js';

const processes = suite('process functions');
const Event = t.record({ at: t.timestamp, key: t.string, value: t.int32 });
type Event = typeof Event.row;
const Out = t.record({ key: t.string, text: t.string });
type Out = typeof Out.row;

const event = (key: string, value: number, at = 0): Event => ({ at, key, value });

/** Counts, and says so; `value` says what to do. */
class Counter extends KeyedProcessFunction<Event, Out, string> {
  readonly seen = valueState(t.int32);

  override processElement({ value }: Event, ctx: KeyedContext<Out, string>): void {
    const seen = (this.seen.value() ?? 0) + 1;
    if (value < 0) this.seen.clear();
    else this.seen.update(seen);
    ctx.emit({ key: ctx.key, text: `${seen}` });
  }
}

processes('a keyed function sees the state of the key of its row, across snapshots', async () => {
  const subject = await operatorHarness(Event, (events) => events.keyBy('key').process(Out, Counter));
  assert.equal(subject.push(event('a', 1), event('b', 1), event('a', 1)), [
    { key: 'a', text: '1' },
    { key: 'b', text: '1' },
    { key: 'a', text: '2' },
  ]);
  assert.equal(subject.push(event('a', -1), event('a', 1), event('b', 1)), [
    { key: 'a', text: '3' },
    { key: 'a', text: '1' },
    { key: 'b', text: '2' },
  ]);
  assert.equal(await subject.end(), []);
});

/** Everything about keys, timers and contexts as text. */
class Timed extends KeyedProcessFunction<Event, Out, { key: string; value: number }> {
  override processElement(
    row: Event,
    { timers, emit, ...ctx }: KeyedContext<Out, { key: string; value: number }>,
  ) {
    timers.registerEventTime(row.at + 10);
    timers.registerEventTime(row.at + 10);
    emit({ key: row.key, text: `row ${ctx.timestamp}` });
  }
  override onTimer(ms: number, ctx: TimerContext<Out, { key: string; value: number }>): void {
    ctx.emit({ key: ctx.key.key, text: `${ctx.timeDomain} ${ms} ${ctx.currentWatermark} ${ctx.key.value}` });
    if (ms < 100) ctx.timers.registerEventTime(ms + 1);
    if (ms === 15) for (const late of [16, 30]) ctx.timers.deleteEventTime(late);
  }
}

processes('event-time timers fire in order up to the watermark, once, before it goes on', async () => {
  const subject = await operatorHarness(Event, (events) =>
    events.eventTime('at').keyBy('key', 'value').process(Out, Timed),
  );
  assert.equal(subject.push(event('a', 1, 5), event('b', 2, 3)).length, 2);
  const fired = subject.push(event('c', 0, 18)).filter(({ text }) => text.startsWith('event'));
  assert.equal(
    fired.map(({ key, text }) => `${key} ${text}`),
    [
      'b event 13 17 2',
      'b event 14 17 2',
      'a event 15 17 1',
      'b event 15 17 2',
      'b event 16 17 2',
      'b event 17 17 2',
    ].filter((line) => line !== 'b event 16 17 2' && line !== 'b event 17 17 2'),
  );
});

class Alarm extends KeyedProcessFunction<Event, Out, string> {
  override processElement(row: Event, ctx: KeyedContext<Out, string>): void {
    if (row.value < 0) ctx.timers.deleteProcessingTime(-row.value);
    else ctx.timers.registerProcessingTime(row.value);
  }
  override onTimer(ms: number, ctx: TimerContext<Out, string>): void {
    ctx.emit({ key: ctx.key, text: `${ctx.timeDomain} ${ms} at ${ctx.processingTime}` });
  }
}

processes(
  'processing-time timers wake a task that waits, and are dropped at the end of the input',
  async () => {
    const subject = await operatorHarness(Event, (events) => events.keyBy('key').process(Out, Alarm));
    assert.equal(
      subject.push(event('a', 50), event('b', 20), event('c', 30), event('c', -30), event('d', 1_000)),
      [],
    );
    assert.equal(subject.advance(19), []);
    assert.equal(subject.advance(1), [{ key: 'b', text: 'processing 20 at 20' }]);
    assert.equal(subject.advance(100), [{ key: 'a', text: 'processing 50 at 120' }]);
    assert.equal(subject.push(event('e', 7)), [{ key: 'e', text: 'processing 7 at 120' }]);
    assert.equal(await subject.end(), []);
  },
);

/** Keeps nothing when its timer has fired. */
class Forgetful extends KeyedProcessFunction<Event, Out, string> {
  readonly seen = valueState<boolean>();
  override processElement(row: Event, ctx: KeyedContext<Out, string>): void {
    if (row.value === 0) return;
    this.seen.update(true);
    ctx.timers.registerEventTime(row.at);
  }
  override onTimer(): void {
    this.seen.clear();
  }
}

processes(
  'a key has a place while it has a state or a timer, and a timer fires with the watermark of its time',
  async () => {
    const subject = await operatorHarness(Event, (events) =>
      events.eventTime('at').keyBy('key').process(Out, Forgetful),
    );
    subject.push(event('a', 1, 10), event('b', 0, 10));
    assert.is(subject.keyCount, 1);
    subject.push(event('c', 0, 11));
    assert.is(subject.keyCount, 0);
    subject.push(...Array.from({ length: 200 }, (_, n) => event(`key ${n}`, 1, 12 + n)));
    assert.is(subject.keyCount, 1);
  },
);

const odd = outputTag('odd', t.record({ n: t.int32 }));
const log: string[] = [];

class Sorter extends ProcessFunction<Event, { n: number }> {
  override open({ subtask, parallelism }: FunctionContext): void {
    log.push(`open ${subtask}/${parallelism}`);
  }
  override processElement({ value }: Event, ctx: ProcessContext<{ n: number }>): void {
    if (value % 2 === 0) ctx.emit({ n: value });
    else ctx.output(odd, { n: value });
  }
  override close(): void {
    log.push('close');
  }
}

processes('a function without key emits, gives to side outputs, and is opened and closed', async () => {
  log.length = 0;
  const subject = await operatorHarness(Event, (events) => {
    const sorted = events.process(Sorter);
    return sorted.sideOutput(odd);
  });
  assert.equal(subject.push(...[1, 2, 3].map((n) => event('a', n))), [{ n: 1 }, { n: 3 }]);
  assert.equal(log, ['open 0/1']);
  await subject.end();
  assert.equal(log, ['open 0/1', 'close']);
});

processes(
  'what open and close throw ends the job with the place, and close is called whatever happens',
  async () => {
    const closed: string[] = [];
    let failing = '';
    class Failing extends ProcessFunction<Event, Event> {
      override open(): void {
        if (failing === 'open') throw new RangeError('at open');
      }
      override processElement(row: Event, ctx: ProcessContext<Event>): void {
        if (failing === 'row') throw new RangeError('at row');
        ctx.emit(row);
      }
      override close(): void {
        closed.push(failing);
        if (failing !== 'none') throw new RangeError(`at close ${failing}`);
      }
    }
    const subject = job('failing', { inputs: { rows: Event } }, ({ rows }) => ({
      out: rows.process(Failing),
    }));
    for (const [at, words] of [
      ['open', /USER_FUNCTION_FAILED: process at .*process\.test\.ts:\d+.*at open/],
      ['row', /USER_FUNCTION_FAILED: process at .*at row/],
      ['close', /USER_FUNCTION_FAILED: process at .*at close close/],
      ['none', /none/],
    ] as const) {
      failing = at;
      const run = runInline(subject, { inputs: { rows: [event('a', 1)] } });
      assert.match(
        await run.then(
          () => 'none',
          (error: Error) => error.message,
        ),
        words,
      );
    }
    assert.equal(closed, ['open', 'row', 'close', 'none']);
  },
);

processes('a side output has many readers, and the watermarks of its operator', async () => {
  const subject = await operatorHarness(Event, (events) => {
    const sorted = events.eventTime('at').process(Sorter);
    const [one, other] = [sorted.sideOutput(odd), sorted.sideOutput(odd)];
    return one.union(other).keyBy('n').window(tumbling('10ms')).aggregate({ rows: count() });
  });
  assert.equal(subject.push(event('a', 1, 3), event('a', 2, 4), event('a', 1, 9)), []);
  assert.equal(subject.push(event('a', 2, 10)), [{ n: 1, rows: 4 }]);
  await subject.end();
});

async function failure(
  act: (key: KeyedContext<Out, string>, self: Misused) => void,
  at: 'row' | 'open' = 'row',
): Promise<string> {
  misuse = { act, at };
  try {
    const subject = await operatorHarness(Event, (events) => events.keyBy('key').process(Out, Misused));
    subject.push(event('a', 1));
    subject.push(event('a', 1));
  } catch (error) {
    if (isSluiceError(error)) return error.message;
    throw error;
  }
  return 'none';
}
let misuse: { act: (ctx: KeyedContext<Out, string>, self: Misused) => void; at: string } = {
  act: () => {},
  at: 'row',
};
let kept: KeyedContext<Out, string> | null = null;

class Misused extends KeyedProcessFunction<Event, Out, string> {
  readonly last = valueState(t.int32);
  readonly all = listState(t.int32);
  readonly by = mapState(t.string, t.int32);
  readonly sum = reducingState(t.int32, (a, b) => a + b);
  override open(): void {
    if (misuse.at === 'open') misuse.act(null as never, this);
  }
  override processElement(_: Event, ctx: KeyedContext<Out, string>): void {
    if (misuse.at === 'row') misuse.act(ctx, this);
    kept = ctx;
  }
  override onTimer(): void {}
}

processes('what is used out of its scope is refused with the place', async () => {
  assert.match(
    await failure((_, self) => self.last.value(), 'open'),
    /CONTEXT_OUT_OF_SCOPE: process at .* used state 'last' while there is no key/,
  );
  assert.match(await failure((_, self) => self.all.add(1), 'open'), /CONTEXT_OUT_OF_SCOPE.*'all'/);
  assert.match(await failure((_, self) => self.by.put('a', 1), 'open'), /CONTEXT_OUT_OF_SCOPE.*'by'/);
  assert.match(await failure((_, self) => self.sum.add(1), 'open'), /CONTEXT_OUT_OF_SCOPE.*'sum'/);
  assert.match(await failure((ctx) => ctx.timers.registerEventTime(Number.NaN)), /TIMER_INVALID.*NaN/);
  assert.match(await failure((ctx) => ctx.timers.registerProcessingTime(1.5)), /TIMER_INVALID.*1.5/);
  assert.match(await failure((ctx) => ctx.timers.deleteEventTime(Infinity)), /TIMER_INVALID.*Infinity/);
  assert.is(await failure((ctx) => ctx.timers.registerEventTime(Number.MAX_SAFE_INTEGER)), 'none');
  assert.throws(() => kept!.emit({ key: 'a', text: '' }), /CONTEXT_OUT_OF_SCOPE/);
  assert.throws(() => kept!.timers.registerEventTime(5), /CONTEXT_OUT_OF_SCOPE/);
  assert.throws(() => kept!.key, /CONTEXT_OUT_OF_SCOPE/);
  assert.throws(() => valueState(t.int32).value(), /CONTEXT_OUT_OF_SCOPE/);
  assert.match(await failure((ctx) => ctx.emit({ key: 5, text: '' } as never)), /RECORD_FIELD_INVALID/);
});

processes.run();
