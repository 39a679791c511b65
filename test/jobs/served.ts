/** Windows between two exchanges, with everything in it that a figure can tell of; it waits to be deployed for a file. */
import { existsSync } from 'node:fs';
import { setTimeout as later } from 'node:timers/promises';
import { isMainThread, threadId } from 'node:worker_threads';
import { count, job, t, tumbling } from 'sluice';
import { discard, generate } from 'sluice/connectors';

const Tick = t.record({ at: t.timestamp, n: t.int64, bucket: t.int32 });

/** Holds a worker up before its job is built; the main thread goes on. */
const gate = process.env['SLUICE_TEST_GATE'] ?? '';
if (!isMainThread) while (gate !== '' && !existsSync(gate)) await later(5);

/** Something for V8 to collect. */
const garbage = (n: number): number => new Array<number>(2_000).fill(n)[1_000]!;

export default job(
  'served "twice" \\ <b>',
  { params: { sourceRate: t.float64.default(6_000), sinkRate: t.float64.default(8_000) } },
  (flow, { sourceRate, sinkRate }) => {
    flow
      .from(
        generate({
          schema: Tick,
          // Every hundredth is long over when it comes.
          make: (n) => ({ at: n % 100 === 99 ? 0 : 1e12 + n, n, bucket: garbage(n) % 7 }),
        }),
        { ratePerSecond: sourceRate },
      )
      .eventTime('at', { outOfOrderness: '1s' })
      .keyBy('bucket')
      .window(tumbling('1s'))
      .aggregate({ ticks: count() })
      .flatMap((row) =>
        Array.from({ length: 300 }, (_, i) => ({ ...row, i, text: `${threadId} ${'x'.repeat(200)}` })),
      )
      .rebalance()
      .filter((row) => row.i >= 0)
      .to(discard({ ratePerSecond: sinkRate }));
  },
);
