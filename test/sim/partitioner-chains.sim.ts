import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { count } from '../../engine/api/aggregates.js';
import { job } from '../../engine/api/job.js';
import { tumbling } from '../../engine/api/windows.js';
import { t } from '../../engine/records/schema.js';
import { runInline } from '../../engine/testing/run-inline.js';
import { Sent } from '../kit/routing-kit.js';

/** Whole jobs with one partitioner after another, on the inline host with tiny segments, against plain loops. */
const routing = suite('chains of partitioners');

routing('watermarks and the end reach every receiver of every partitioner', async () => {
  const Timed = t.record({ at: t.timestamp, n: t.int32 });
  const rows = Array.from({ length: 500 }, (_, n) => ({ at: n * 10, n }));
  const marks: Record<string, (stream: any) => any> = {
    rebalance: (stream) => stream.rebalance(),
    rescale: (stream) => stream.rescale(),
    global: (stream) => stream.global(),
    shuffle: (stream) => stream.shuffle(),
    custom: (stream) => stream.partitionCustom((n: number, receivers: number) => n % receivers, 'n'),
    broadcast: (stream) => stream.broadcast(),
  };
  for (const [name, mark] of Object.entries(marks)) {
    const subject = job('timed', { inputs: { rows: Timed } }, (({ rows: input }: any) => ({
      windows: mark(input.eventTime('at', { outOfOrderness: '1s' }))
        .map(Timed, (row: any) => row)
        .parallelism(3)
        .keyBy((row: any) => row.n % 2, t.int32)
        .window(tumbling('1s'))
        .aggregate({ rows: count() }),
    })) as any);
    const options = { 'taskmanager.memory.segment-size': '512 bytes' };
    const { windows } = (await runInline(subject, {
      inputs: { rows },
      parallelism: 2,
      seed: 4,
      options,
    })) as any;
    const copies = name === 'broadcast' ? 3 : 1;
    assert.equal(
      windows.map((window: any) => `${window.key} ${window.rows}`).sort(),
      [0, 1].flatMap((key) => Array.from({ length: 5 }, () => `${key} ${50 * copies}`)),
      name,
    );
  }
});

const WAYS = ['default', 'rebalance', 'rescale', 'broadcast', 'global', 'shuffle', 'custom', 'hash'] as const;

const stages = fc.array(
  fc.record({
    way: fc.constantFrom(...WAYS),
    parallelism: fc.integer({ min: 1, max: 4 }),
    shape: fc.constantFrom('declared', 'undeclared', 'packed'),
  }),
  { minLength: 1, maxLength: 4 },
);

routing(
  'partition/turn, exchange/broadcast-copies: any chain of partitioners gives what loops give',
  async () => {
    const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
    console.log(`seed ${seed}`);
    const property = fc.asyncProperty(
      stages,
      fc.integer({ min: 1, max: 4 }),
      fc.boolean(),
      async (all, senders, isAdaptive) => {
        const subject = job('stages', { inputs: { rows: Sent } }, (({ rows }: any) => {
          let stream: any = rows.map(Sent, (row: Sent) => row).parallelism(senders);
          for (const { way, parallelism, shape } of all) {
            if (way === 'custom')
              stream = stream.partitionCustom((n: number, count: number) => (n * 5) % count, 'n');
            else if (way === 'hash') stream = stream.keyBy('n').reduce((_: Sent, row: Sent) => row);
            else if (way !== 'default') stream = stream[way]();
            const next = ({ sender, n, pad }: Sent): Sent => ({ sender: sender + 1, n, pad });
            const packed = (row: Sent): object =>
              row.n % 4 === 0 ? { ...next(row), more: [row.n] } : next(row);
            stream =
              shape === 'declared' ? stream.map(Sent, next) : stream.map(shape === 'packed' ? packed : next);
            stream.parallelism(parallelism);
          }
          return { out: stream };
        }) as any);
        const rows = Array.from({ length: 130 }, (_, n) => ({ sender: 0, n, pad: 'x'.repeat(n % 9) }));
        const options = {
          'taskmanager.memory.segment-size': '512 bytes',
          'taskmanager.network.memory.max-buffers-per-channel': 2,
          'taskmanager.network.adaptive-partitioner.enabled': isAdaptive,
        };
        const { out } = (await runInline(subject, {
          inputs: { rows },
          parallelism: 2,
          seed: all.length,
          options,
        })) as any;
        const copies = all.reduce(
          (n, { way, parallelism }) => (way === 'broadcast' ? n * parallelism : n),
          1,
        );
        const text = (row: Sent): string => `${row.sender} ${row.n} ${row.pad}`;
        assert.equal(
          out.map(text).sort(),
          rows
            .flatMap((row) => Array.from({ length: copies }, () => text({ ...row, sender: all.length })))
            .sort(),
        );
      },
    );
    await fc.assert(property, { seed, numRuns: Number(process.env['RUNS'] ?? 40) });
  },
);

routing.run();
