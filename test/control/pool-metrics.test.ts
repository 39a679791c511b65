import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { poolMetrics } from '../../engine/control/pool-metrics.js';
import { ExchangeReader } from '../../engine/memory/exchange-reader.js';
import type { SharedMemory } from '../../engine/memory/region.js';
import { type Many, many } from '../kit/exchange-pair.js';

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
    output: { queuedBuffers: 2, freeSegments: 10, overdraft: 2, segments: 14, poolUsage: 4 / 12 },
  });
  assert.is(before[1]!.output, null);
  all.gates[0]!.poll(); // reads one of three, and lends for the others and one more
  assert.equal(poolMetrics([readerOf(all)], 3)[1]!.input, {
    ...{ queuedBuffers: 2, exclusiveInUse: 1, exclusive: 1, floatingInUse: 1, floating: 4, poolUsage: 2 / 5 },
  });
  const twice = poolMetrics([readerOf(all), readerOf(all)], 3)[0]!.output!;
  assert.equal([twice.segments, twice.freeSegments, twice.poolUsage], [28, 20, 8 / 24], 'over all outputs');
});

pools.run();
