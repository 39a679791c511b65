import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ManualClock } from '../../engine/base/clock.js';
import { generate } from '../../engine/connectors/generate.js';
import { t } from '../../engine/records/schema.js';
import { checkSourceContract } from '../../engine/testing/contracts.js';
import { throwsCode } from './connector-kit.js';

const generating = suite('generate');

const make = (i: number) => ({ i, odd: i % 2 === 1 });
const rowsOf = (count: number) => Array.from({ length: count }, (_, i) => make(i));

generating('keeps the contract of sources, for any count and with a rate', async () => {
  for (const count of [0, 1, 6, 7, 100]) await checkSourceContract(generate({ make, count }), rowsOf(count));
  const schema = t.record({ i: t.int32, odd: t.bool });
  await checkSourceContract(generate({ make, count: 20, ratePerSecond: 2_000, schema }), rowsOf(20));
});

generating('split k of n makes every n-th row from k', async () => {
  const source = generate({ make, count: 10 });
  const { splits } = await source.discover({ parallelism: 3 });
  const reader = source.createReader({ subtask: 1, parallelism: 3, fields: null, clock: new ManualClock() });
  reader.open(splits[1]!);
  assert.equal(reader.poll(2), { kind: 'sequence', length: 2, begin: 1, stride: 3 });
  assert.equal(reader.poll(2), { kind: 'sequence', length: 1, begin: 7, stride: 3 });
  assert.is(reader.poll(2), null);
});

generating('never ends without a count', async () => {
  const source = generate({ make });
  assert.not(source.bounded);
  const { splits, recordsTotal } = await source.discover({ parallelism: 1 });
  assert.is(recordsTotal, undefined);
  const reader = source.createReader({ subtask: 0, parallelism: 1, fields: null, clock: new ManualClock() });
  reader.open(splits[0]!);
  for (let i = 0; i < 1_000; i++)
    assert.equal(reader.poll(64), { kind: 'sequence', length: 64, begin: i * 64, stride: 1 });
});

/** Drives all readers on one clock that moves to the next wait; returns rows made and the time that took. */
async function drive(ratePerSecond: number, parallelism: number, forMs: number): Promise<number> {
  const source = generate({ make, ratePerSecond });
  const clock = new ManualClock(1_234.5);
  const { splits } = await source.discover({ parallelism });
  const readers = splits.map((split, subtask) => {
    const reader = source.createReader({ subtask, parallelism, fields: null, clock });
    reader.open(split);
    return { reader, untilMs: 0 };
  });
  let rows = 0;
  while (clock.monotonicMs() < 1_234.5 + forMs) {
    for (const each of readers) {
      if (each.untilMs > clock.monotonicMs()) continue;
      const batch = each.reader.poll(1_000);
      if (batch === null || batch instanceof Promise || batch.kind === 'columns')
        throw new Error('no such batch');
      if (batch.kind === 'wait') each.untilMs = batch.untilMs;
      else rows += batch.length;
    }
    const nextMs = Math.min(...readers.map(({ untilMs }) => untilMs));
    clock.advance(Math.max(0, nextMs - clock.monotonicMs()));
  }
  return rows;
}

generating('all readers together meet the rate', async () => {
  for (const [rate, parallelism] of [
    [10, 1],
    [10, 3],
    [1_000, 2],
    [123_457, 7],
  ] as const) {
    const rows = await drive(rate, parallelism, 10_000);
    assert.ok(Math.abs(rows - rate * 10) <= parallelism + rate / 500, `${rows} rows at ${rate} per second`);
  }
});

generating(
  'waits are never shorter than a millisecond, and a delay is caught up by one second at most',
  async () => {
    const clock = new ManualClock();
    const source = generate({ make, ratePerSecond: 100_000 });
    const { splits } = await source.discover({ parallelism: 1 });
    const reader = source.createReader({ subtask: 0, parallelism: 1, fields: null, clock });
    reader.open(splits[0]!);
    assert.equal(reader.poll(10), { kind: 'sequence', length: 1, begin: 0, stride: 1 });
    assert.equal(reader.poll(10), { kind: 'wait', untilMs: 1 });
    clock.advance(60_000);
    let rows = 0;
    for (let batch = reader.poll(1_000); ; batch = reader.poll(1_000)) {
      if (batch === null || batch instanceof Promise || batch.kind !== 'sequence') break;
      rows += batch.length;
    }
    assert.ok(Math.abs(rows - 100_000) <= 2, `${rows} rows`);
  },
);

generating('refuses options out of range', async () => {
  for (const count of [-1, 1.5, Number.NaN])
    await throwsCode('ARGUMENT_INVALID', () => generate({ make, count }));
  for (const ratePerSecond of [0, -1, Number.POSITIVE_INFINITY])
    await throwsCode('ARGUMENT_INVALID', () => generate({ make, ratePerSecond }));
  await throwsCode('ARGUMENT_INVALID', () => generate({ make: null as never }));
});

generating.run();
