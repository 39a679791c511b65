import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { poolMetrics } from '../../../engine/control/metrics/pool-metrics.js';
import { ExchangeReader } from '../../../engine/memory/exchange-reader.js';
import type { SharedMemory } from '../../../engine/memory/region.js';
import { type Many, many } from '../../kit/exchange-pair.js';

const pools = suite('pool metrics');

const readerOf = ({ exchange }: Many): ExchangeReader =>
  new ExchangeReader(exchange.view.i32.buffer as SharedMemory);

pools('queues and pools of a task are those of its gate and of all its channels', () => {
  const all = many({ receivers: 2, exclusivePerChannel: 1, floatingPerGate: 4, overdraftPerPartition: 2 });
  for (const value of [1, 2, 3, 4]) all.write(0, 0, value);
  all.write(0, 1, 5, 24);
  const before = poolMetrics([readerOf(all)], 3);
  assert.equal(before[0], {
    input: null,
    output: {
      ...{ queuedBuffers: 2, discardedBuffers: 0, freeSegments: 10, overdraft: 2, segments: 14 },
      poolUsage: 4 / 12,
    },
  });
  assert.is(before[1]!.output, null);
  all.gates[0]!.poll(); // reads one of three, and lends for the others and one more
  assert.equal(poolMetrics([readerOf(all)], 3)[1]!.input, {
    ...{ queuedBuffers: 2, exclusiveInUse: 0, exclusive: 1, floatingInUse: 3, floating: 4, poolUsage: 3 / 5 },
  });
  const twice = poolMetrics([readerOf(all), readerOf(all)], 3)[0]!.output!;
  assert.equal([twice.segments, twice.freeSegments, twice.poolUsage], [28, 24, 4 / 24], 'over all outputs');
  const both = poolMetrics([readerOf(all), readerOf(many({ receivers: 2, exclusivePerChannel: 3 }))], 3)[1]!;
  assert.equal(
    both.input,
    {
      ...{ queuedBuffers: 2, exclusiveInUse: 0, exclusive: 4, floatingInUse: 3, floating: 4 },
      poolUsage: 3 / 8,
    },
    'over all gates',
  );
});

/** Input of the only receiver, and output of sender 0. */
function usageOf(all: Many): string {
  const tasks = poolMetrics([readerOf(all)], all.partitions.length + 1);
  const { exclusiveInUse, floatingInUse, poolUsage } = tasks.at(-1)!.input!;
  const { freeSegments, poolUsage: outUsage } = tasks[0]!.output!;
  return `exclusive ${exclusiveInUse}, floating ${floatingInUse}, in ${poolUsage}; free ${freeSegments}, out ${outUsage}`;
}

pools('floating segments fill first, and exclusive ones of those channels that get no more', () => {
  const all = many({ senders: 2, exclusivePerChannel: 2, floatingPerGate: 4, buffersPerSubpartitionMax: 20 });
  assert.is(usageOf(all), 'exclusive 0, floating 0, in 0; free 10, out 0');
  for (let value = 1; value <= 5; value++) all.write(0, 0, value); // the last one stays open
  all.gates[0]!.poll();
  assert.is(usageOf(all), 'exclusive 0, floating 4, in 0.5; free 9, out 0.1');
  for (let value = 6; value <= 8; value++) all.write(0, 0, value);
  assert.is(
    usageOf(all),
    'exclusive 2, floating 4, in 0.75; free 8, out 0.2',
    'none is left for the seventh',
  );
  for (let value = 1; value <= 5; value++) all.write(1, 0, value);
  assert.is(usageOf(all), 'exclusive 4, floating 4, in 1; free 8, out 0.2', 'everything is full');
});

pools('without floating segments a task that reads has all of its segments in use', () => {
  const all = many({ exclusivePerChannel: 2 });
  for (let value = 1; value <= 3; value++) all.write(0, 0, value);
  all.gates[0]!.poll();
  assert.is(usageOf(all), 'exclusive 2, floating 0, in 1; free 9, out 0.1');
  all.gates[0]!.recycle();
  all.read(0);
  assert.is(usageOf(all), 'exclusive 0, floating 0, in 0; free 9, out 0.1');
});

pools(
  'what a receiver has read is free again, though its sender sleeps, and after the end nothing is in use',
  () => {
    const all = many({ exclusivePerChannel: 2, floatingPerGate: 2 });
    for (let value = 1; value <= 6; value++) all.write(0, 0, value); // the sender looks at nothing after this
    assert.is(usageOf(all), 'exclusive 2, floating 0, in 0.5; free 6, out 0.4');
    all.read(0);
    assert.is(usageOf(all), 'exclusive 0, floating 0, in 0; free 9, out 0.1', 'the open buffer is left');
    all.partitions[0]!.finish();
    all.read(0);
    assert.is(usageOf(all), 'exclusive 0, floating 0, in 0; free 10, out 0');
  },
);

pools('release/discard: what lies in a channel that was left is in use by nobody', () => {
  const all = many({ exclusivePerChannel: 2, floatingPerGate: 2 });
  for (let value = 1; value <= 6; value++) all.write(0, 0, value);
  assert.is(usageOf(all), 'exclusive 2, floating 0, in 0.5; free 6, out 0.4');
  all.gates[0]!.release();
  assert.is(usageOf(all), 'exclusive 0, floating 0, in 0; free 9, out 0.1', 'the open buffer is left');
  const output = () => poolMetrics([readerOf(all)], 2)[0]!.output!;
  assert.is(output().discardedBuffers, 0, 'the sender has not seen it yet');
  all.partitions[0]!.flush();
  assert.is(output().discardedBuffers, 4, 'all that no credit had met, and the open one');
});

pools('a record that uses the overdraft makes the usage of the output larger than 1', () => {
  const all = many({ exclusivePerChannel: 1, overdraftPerPartition: 2, buffersPerSubpartitionMax: 100 });
  for (let value = 1; all.partitions[0]!.freeSegments > 0; value++) all.write(0, 0, value);
  assert.is(usageOf(all), 'exclusive 1, floating 0, in 1; free 0, out 1.2');
});

pools.run();
