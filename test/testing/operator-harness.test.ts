import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { count, sum, windowStart } from '../../engine/api/aggregates.js';
import { tumbling } from '../../engine/api/windows.js';
import { isSluiceError } from '../../engine/base/errors.js';
import { t } from '../../engine/records/schema.js';
import { operatorHarness } from '../../engine/testing/operator-harness.js';

const harness = suite('operator harness');
const Event = t.record({ at: t.timestamp, key: t.string, value: t.int32 });

harness('stateless operators give out what each row makes, at once', async () => {
  const subject = await operatorHarness(Event, (events) =>
    events
      .filter((e) => e.value > 0)
      .flatMap(t.record({ n: t.int32 }), (e, emit) => {
        for (let n = 0; n < e.value; n++) emit({ n });
      }),
  );
  assert.equal(subject.push({ at: 0, key: 'a', value: 0 }), []);
  assert.equal(subject.push({ at: 0, key: 'a', value: 2 }), [{ n: 0 }, { n: 1 }]);
  const many = subject.push({ at: 0, key: 'a', value: 500 }, { at: 0, key: 'a', value: 1 });
  assert.is(many.length, 501);
  assert.equal(await subject.end(), []);
});

harness('a window comes out when the watermark passes its end, once, and late rows do not', async () => {
  const subject = await operatorHarness(Event, (events) =>
    events
      .eventTime('at')
      .keyBy('key')
      .window(tumbling('1s'))
      .aggregate({ start: windowStart(), n: count(), total: sum('value') }),
  );
  assert.equal(subject.push({ at: 10, key: 'a', value: 1 }, { at: 900, key: 'b', value: 2 }), []);
  assert.equal(subject.push({ at: 999, key: 'a', value: 3 }), [], 'the window is open until 999 has passed');
  const fired = subject.push({ at: 1_000, key: 'a', value: 4 });
  assert.equal(
    fired.sort((x, y) => (x.key < y.key ? -1 : 1)),
    [
      { key: 'a', start: 0, n: 2, total: 4 },
      { key: 'b', start: 0, n: 1, total: 2 },
    ],
  );
  assert.equal(subject.push({ at: 500, key: 'a', value: 99 }), [], 'late');
  assert.equal(await subject.end(), [{ key: 'a', start: 1_000, n: 1, total: 4 }]);
});

harness('what a user function throws comes out of the call that made it', async () => {
  const subject = await operatorHarness(Event, (events) =>
    events.map(Event, (e) => {
      if (e.value === 7) throw new RangeError('seven');
      return { at: e.at, key: e.key, value: e.value };
    }),
  );
  assert.is(subject.push({ at: 1, key: 'a', value: 6 }).length, 1);
  try {
    subject.push({ at: 1, key: 'a', value: 7 });
    assert.unreachable();
  } catch (error) {
    assert.ok(isSluiceError(error) && error.code === 'USER_FUNCTION_FAILED');
    assert.match((error as Error).message, /seven/);
  }
});

harness('a filter that answers with a promise is refused, as is a map that returns one', async () => {
  const later = (value: unknown): any => Promise.resolve(value);
  const filtered = await operatorHarness(Event, (events) => events.filter(() => later(false)));
  const mapped = await operatorHarness(Event, (events) => events.map((e) => later(e)));
  for (const [subject, code] of [
    [filtered, 'USER_FUNCTION_FAILED'],
    [mapped, 'RECORD_FIELD_INVALID'],
  ] as const) {
    try {
      subject.push({ at: 1, key: 'a', value: 6 });
      assert.unreachable();
    } catch (error) {
      assert.is((error as { code: string }).code, code);
    }
  }
});

harness('a partitioner between operators of several subtasks brings each row where it should', async () => {
  const Got = t.record({ value: t.int32 });
  for (const [way, copies] of [
    ['rebalance', 1],
    ['rescale', 1],
    ['global', 1],
    ['shuffle', 1],
    ['broadcast', 3],
  ] as const) {
    const subject = await operatorHarness(Event, (events) =>
      events[way]()
        .map(Got, ({ value }) => ({ value }))
        .parallelism(3)
        .rescale()
        .map((row) => ({ value: row.value, twice: row.value * 2 }))
        .parallelism(2),
    );
    const out = subject.push(...[1, 2, 3, 4, 5].map((value) => ({ at: 0, key: 'a', value })));
    out.push(...(await subject.end()));
    const expected = [1, 2, 3, 4, 5].flatMap((value) => Array.from({ length: copies }, () => value));
    assert.equal(
      out.map(({ value }) => value).sort((a, b) => a - b),
      expected,
      way,
    );
  }
});

harness.run();
