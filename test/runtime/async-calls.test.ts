import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type AsyncCall,
  count,
  deadLetter,
  deadLetterOf,
  isSluiceError,
  job,
  outputTag,
  type SluiceError,
  type Stream,
  t,
  tumbling,
  windowStart,
} from '../../engine/index.js';
import { runInline } from '../../engine/testing/index.js';
import { later } from '../kit/run-kit.js';

const calls = suite('async functions');

const Numbered = t.record({ n: t.int32, at: t.timestamp });
type Numbered = typeof Numbered.row;
const Answer = t.record({ n: t.int32, answer: t.string });

const rowsOf = (count: number): Numbered[] => Array.from({ length: count }, (_, n) => ({ n, at: n * 1_000 }));

async function answersOf<R extends object>(
  build: (rows: Stream<Numbered>) => Stream<R>,
  rows: readonly Numbered[],
  options: { seed?: number; parallelism?: number; options?: Record<string, string | number> } = {},
): Promise<R[]> {
  const subject = job('calls', { inputs: { rows: Numbered } }, (flow) => ({ out: build(flow.rows) }));
  const { out } = await runInline(subject, { inputs: { rows }, ...options });
  return out as R[];
}

async function failureOf(build: (rows: Stream<Numbered>) => Stream<object>, count = 3): Promise<SluiceError> {
  try {
    await answersOf(build, rowsOf(count));
  } catch (error) {
    assert.ok(isSluiceError(error), String(error));
    return error;
  }
  throw new Error('it did not fail');
}

calls('every row has its answer, in the order of the rows or not, with any buffers', async () => {
  const tiny = { 'taskmanager.memory.segment-size': '256 bytes' };
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 40 }),
      fc.boolean(),
      fc.integer({ min: 1, max: 7 }),
      fc.boolean(),
      fc.nat(),
      async (delays, ordered, capacity, declared, seed) => {
        let [open, most] = [0, 0];
        const ask = async ({ n }: Numbered) => {
          most = Math.max(most, ++open);
          for (let turn = 0; turn < delays[n]!; turn++) await new Promise((resolve) => setImmediate(resolve));
          open--;
          return { n, answer: `answer ${n}` };
        };
        const given = await answersOf(
          (rows) =>
            declared
              ? rows.mapAsync(Answer, ask, { ordered, capacity })
              : rows.mapAsync(ask, { ordered, capacity }),
          rowsOf(delays.length),
          { seed, options: tiny },
        );
        const expected = delays.map((_, n) => ({ n, answer: `answer ${n}` }));
        assert.equal(ordered ? given : given.sort((a, b) => a.n - b.n), expected);
        assert.ok(most <= capacity, `${most} at a time, of ${capacity}`);
      },
    ),
    { numRuns: 40 },
  );
});

calls('an answer is overtaken by others, but by no watermark', async () => {
  // Four rows a second, the first of them answered last: a watermark that passed it would make it late.
  const rows = Array.from({ length: 600 }, (_, n) => ({ n, at: Math.floor(n / 4) * 1_000 + (n % 4) }));
  const answered: number[] = [];
  const ask = async (row: Numbered) => {
    for (let turn = 0; turn < 5 - (row.n % 4); turn++) await new Promise((resolve) => setImmediate(resolve));
    answered.push(row.n);
    return { n: row.n, at: row.at };
  };
  const windows = await answersOf(
    (stream) =>
      stream
        .eventTime('at')
        .mapAsync(Numbered, ask, { ordered: false, capacity: 16 })
        .with({ all: [t.int32, () => 0] })
        .keyBy('all')
        .window(tumbling('1s'))
        .aggregate({ start: windowStart(), n: count() }),
    rows,
  );
  assert.not.equal(
    answered,
    rows.map(({ n }) => n),
    'some answers overtook others',
  );
  assert.equal(
    windows,
    Array.from({ length: 150 }, (_, i) => ({ all: 0, start: i * 1_000, n: 4 })),
  );
});

calls(
  'a row is called for again after a failure, as often as was asked for, and then the job fails',
  async () => {
    const attempts: number[] = [];
    const flaky = async ({ n }: Numbered, { attempt }: AsyncCall) => {
      attempts.push(attempt);
      if (attempt < 3) throw new RangeError(`attempt ${attempt}`);
      return { n, answer: 'at last' };
    };
    const retry = { retries: 2, delay: '1ms', factor: 2 } as const;
    assert.equal(await answersOf((rows) => rows.mapAsync(Answer, flaky, { retry }), rowsOf(1)), [
      { n: 0, answer: 'at last' },
    ]);
    assert.equal(attempts, [1, 2, 3]);
    const error = await failureOf((rows) =>
      rows.mapAsync(Answer, flaky, { retry: { retries: 1, delay: '1ms' } }),
    );
    assert.is(error.code, 'USER_FUNCTION_FAILED');
    assert.match(error.message, /mapAsync at .*async-calls\.test.*attempt 2/s);
    assert.match(error.message, /record \{"n":0/);
  },
);

calls('which errors and which answers are worth another call is asked', async () => {
  let count = 0;
  const ask = ({ n }: Numbered) => ({ n, answer: ['not yet', 'not yet', 'good'][count++]! });
  const onResult = ({ answer }: { answer: string }) => answer === 'not yet';
  const retry = { retries: 5, delay: '1ms', onResult } as const;
  assert.equal(await answersOf((rows) => rows.mapAsync(Answer, ask, { retry }), rowsOf(1)), [
    { n: 0, answer: 'good' },
  ]);
  const hopeless = await failureOf((rows) =>
    rows.mapAsync(
      Answer,
      (): { n: number; answer: string } => {
        count++;
        throw new TypeError('hopeless');
      },
      { retry: { retries: 5, delay: '1ms', onError: (error) => !(error instanceof TypeError) } },
    ),
  );
  assert.match(hopeless.message, /hopeless/);
  assert.ok(count <= 3 + 3, `${count} calls: none was repeated`);
});

calls('a call that never settles is given up when its time is over', async () => {
  const signals: AbortSignal[] = [];
  const never = (_: Numbered, { signal }: AsyncCall) => {
    signals.push(signal);
    return new Promise<typeof Answer.row>(() => {});
  };
  const error = await failureOf((rows) => rows.mapAsync(Answer, never, { timeout: '5ms' }), 1);
  assert.is(error.code, 'ASYNC_TIMEOUT');
  assert.match(
    error.message,
    /mapAsync at .*async-calls\.test.* had no answer within 5ms, in 1 calls .*at record \{/s,
  );
  assert.equal(
    await answersOf((rows) => rows.mapAsync(Answer, never, { timeout: '5ms' }).onError('skip'), rowsOf(2)),
    [],
  );
  assert.ok(signals.every(({ aborted }) => aborted));
  const onTimeout = ({ n }: Numbered) => ({ n, answer: 'unknown' });
  assert.equal(
    await answersOf((rows) => rows.mapAsync(Answer, never, { timeout: '5ms', onTimeout }), rowsOf(2)),
    [
      { n: 0, answer: 'unknown' },
      { n: 1, answer: 'unknown' },
    ],
  );
});

calls('an answer after the time is over is ignored', async () => {
  const slow = async ({ n }: Numbered) => {
    await later(15);
    return { n, answer: 'too late' };
  };
  const onTimeout = ({ n }: Numbered) => ({ n, answer: 'unknown' });
  const out = await answersOf(
    (rows) => rows.mapAsync(Answer, slow, { timeout: '3ms', capacity: 1, onTimeout }),
    rowsOf(8),
  );
  assert.equal(
    out.map(({ answer }) => answer),
    new Array(8).fill('unknown'),
  );
});

calls('an answer may be any number of rows', async () => {
  const repeat = async ({ n }: Numbered) => Array.from({ length: n }, (_, i) => ({ n, answer: `${i}` }));
  const out = await answersOf((rows) => rows.flatMapAsync(Answer, repeat), rowsOf(4));
  assert.equal(
    out.map(({ n, answer }) => `${n}.${answer}`),
    ['1.0', '2.0', '2.1', '3.0', '3.1', '3.2'],
  );
});

calls('what is no record, and a field that does not fit, is the fault of the function', async () => {
  const nothing: any = async ({ n }: Numbered) => (n < 0 ? n : undefined);
  const wrong: any = async ({ n }: Numbered) => ({ n: n + 0.5, answer: '' });
  for (const [fn, message] of [
    [nothing, /returned undefined, not a record/],
    [wrong, /field 'n' the value 0.5/],
  ] as const) {
    const error = await failureOf((rows) => rows.mapAsync(Answer, fn));
    assert.is(error.code, 'RECORD_FIELD_INVALID');
    assert.match(error.message, message);
    assert.match(error.message, /record \{"n":0/);
  }
});

calls('rows whose calls fail are skipped, or become dead letters in their turn', async () => {
  const failed = outputTag('failed', deadLetterOf(Numbered));
  const ask = async ({ n }: Numbered) => {
    await later(n % 3);
    if (n % 4 === 1) throw new RangeError(`${n}`);
    return n % 4 === 2 ? ({ n: 'two' } as unknown as typeof Answer.row) : { n, answer: 'good' };
  };
  const build = (rows: Stream<Numbered>) => {
    const good = rows.mapAsync(Answer, ask).onError(deadLetter(failed));
    const letters = good.sideOutput(failed).map(({ payload, cause }) => ({ at: payload?.at, cause }));
    return { good, letters };
  };
  const subject = job('letters', { inputs: { rows: Numbered } }, ({ rows }) => build(rows));
  const { good, letters } = await runInline(subject, { inputs: { rows: rowsOf(8) } });
  assert.equal(
    good.map(({ n }) => n),
    [0, 3, 4, 7],
  );
  assert.equal(
    letters.map(({ at, cause }) => `${at} ${/^\w+: \w+/.exec(cause)?.[0]}`),
    [
      '1000 RangeError: 1',
      '2000 SluiceError: RECORD_FIELD_INVALID',
      '5000 RangeError: 5',
      '6000 SluiceError: RECORD_FIELD_INVALID',
    ],
  );
  const skipped = await answersOf((rows) => rows.mapAsync(Answer, ask).onError('skip'), rowsOf(8));
  assert.is(skipped.length, 4);
});

calls('wrong options are refused before anything runs', async () => {
  const ask = async ({ n }: Numbered) => ({ n, answer: '' });
  for (const [options, code, message] of [
    [{ capacity: 0 }, 'ARGUMENT_INVALID', /capacity is a whole number/],
    [{ timeout: 'soon' }, 'PLAN_DURATION_INVALID', /timeout is 'soon'/],
    [{ timeout: '0ms' }, 'PLAN_DURATION_INVALID', /above zero/],
    [{ retry: { retries: 0 } }, 'ARGUMENT_INVALID', /retries/],
    [{ retry: { retries: 1, factor: 0.5 } }, 'ARGUMENT_INVALID', /factor/],
    [{ retry: { retries: 1, delays: '1s' } }, 'ARGUMENT_INVALID', /no 'delays'/],
    [{ onTimeout: () => ({ n: 0, answer: '' }) }, 'ARGUMENT_INVALID', /without a timeout/],
    [{ orderd: true }, 'ARGUMENT_INVALID', /no 'orderd'/],
  ] as const) {
    const error = await failureOf((rows) => rows.mapAsync(Answer, ask, options as any));
    assert.is(error.code, code, error.message);
    assert.match(error.message, message);
  }
});

calls.run();
