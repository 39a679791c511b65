import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { job } from '../../engine/api/job.js';
import type { Sink } from '../../engine/connectors/connector.js';
import { generate } from '../../engine/connectors/generate.js';
import { start } from '../../engine/control/engine.js';
import { t } from '../../engine/records/schema.js';
import { burstOf } from '../../engine/runtime/token-bucket.js';
import { runInline } from '../../engine/testing/run-inline.js';
import { faultsOf, sink, source } from '../kit/plan-kit.js';
import { randomRuns } from '../kit/random-rows.js';
import { failureOf, jobPath, type Relay, until } from '../kit/run-kit.js';

const rates = suite('rates of sources');
const RUNS = randomRuns(40);

const Tick = t.record({ n: t.int64 });

/** Notes when each row arrives, on the clock of the host. */
function timing(): Sink<any> & { readonly times: number[] } {
  const times: number[] = [];
  return {
    ...{ urn: 'test:timing', label: 'timing', options: null, path: null, times },
    check: async () => {},
    createWriter: ({ clock }) => ({
      write: () => times.push(clock.monotonicMs()),
      ...{ flush: () => {}, prepareCommit: () => null, close: () => {} },
    }),
    createCommitter: () => ({ commit: async () => {}, abort: async () => {} }),
  };
}

rates(
  'rate/bucket: all subtasks together keep the rate of their source, by the clock of the host',
  async () => {
    const given = fc.record({
      rate: fc.integer({ min: 2, max: 200_000 }),
      parallelism: fc.integer({ min: 1, max: 4 }),
      seconds: fc.double({ min: 0.5, max: 4, noNaN: true }),
    });
    await fc.assert(
      fc.asyncProperty(given, async ({ rate, parallelism, seconds }) => {
        const count = Math.min(20_000, Math.max(2 * parallelism, Math.floor(rate * seconds)));
        const arrivals = timing();
        const paced = job('paced', (flow) => {
          flow
            .from(generate({ schema: Tick, count, make: (n) => ({ n }) }), { ratePerSecond: rate })
            .to(arrivals);
        });
        await runInline(paced, { parallelism, seed: RUNS.seed });
        assert.is(arrivals.times.length, count);
        const bursts = parallelism * burstOf(rate / parallelism, 100);
        const sorted = arrivals.times.sort((a, b) => a - b);
        sorted.forEach((atMs, i) => {
          assert.ok(
            i + 1 <= (rate * atMs) / 1000 + bursts + 1e-6,
            `row ${i} of ${rate} a second at ${atMs} ms`,
          );
          // A rate is kept as a float32, and a subtask that has fewer rows than the others ends early.
          const least = (rate * atMs * (1 - 1e-6)) / 1000 - bursts - parallelism;
          assert.ok(i + 1 >= least, `only row ${i} of ${rate} a second at ${atMs} ms`);
        });
      }),
      RUNS,
    );
  },
);

rates(
  'rate/at-once, control/rate: a source that would wait for hours goes on when its rate changes',
  async () => {
    const run = await start<Relay>(jobPath('relay'), {
      ...{ parallelism: 2, params: { ticks: true, rate: 0.001 }, inputs: { events: [] } },
      outputs: { numbers: 'live' },
    });
    const numbers = run.outputs.numbers[Symbol.asyncIterator]();
    const read = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) assert.is((await numbers.next()).done, false);
    };
    const { sources } = run;
    assert.ok(Math.abs(sources['numbers']!.ratePerSecond! - 0.001) < 1e-9);
    await read(2); // one of each subtask; the next would come in half an hour
    const tasks = () => run.metrics().tasks.filter(({ name }) => name.startsWith('generate'));
    await until(() => tasks().every(({ busyRatio }) => busyRatio < 0.5)); // it waits, and is not busy
    sources['numbers']!.setRate(50_000);
    await read(10_000);
    sources['numbers']!.setRate(0.001);
    const taken = tasks().reduce((sum, { recordsIn }) => sum + recordsIn, 0);
    sources['numbers']!.setRate(null);
    assert.is(sources['numbers']!.ratePerSecond, null);
    await read(taken + 10_000);
    for (const wrong of [0, -1, Number.NaN, 1e10, '5' as any])
      assert.throws(
        () => sources['numbers']!.setRate(wrong),
        /ARGUMENT_INVALID: setRate: a rate is a number/,
      );
    await numbers.return!();
    await run.stop();
  },
);

rates('a source that waits for its rate ends at once when it is told to stop', async () => {
  const run = await start<Relay>(jobPath('relay'), {
    ...{ parallelism: 1, params: { ticks: true, rate: 0.001 }, inputs: { events: [] } },
  });
  const { state, recordsIn } = await run.stop();
  assert.is(state, 'STOPPED');
  assert.ok(recordsIn <= 1);
});

rates('a rate out of range is a fault of the plan', async () => {
  for (const ratePerSecond of [0, -5, Number.NaN, 1e12, 'fast' as any]) {
    const wrong = job('wrong', (flow) => void flow.from(source(Tick), { ratePerSecond }).to(sink()));
    assert.match(
      faultsOf(wrong).join(),
      /ARGUMENT_INVALID: from\(rows, \{ ratePerSecond \}\).*a rate is a number/,
    );
    assert.is((await failureOf(runInline(wrong))).code, 'ARGUMENT_INVALID');
  }
  const slip: object = { ratePerSec: 5 };
  const slipped = job('slipped', (flow) => void flow.from(source(Tick), slip).to(sink()));
  assert.match(
    faultsOf(slipped).join(),
    /from\(rows, \{ ratePerSec \}\).*no option 'ratePerSec'; there is ratePerS/,
  );
});

rates.run();
