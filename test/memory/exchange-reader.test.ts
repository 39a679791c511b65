import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BroadcastWriter } from '../../engine/exchange/broadcast-writer.js';
import { type ChannelFigures, ExchangeReader } from '../../engine/memory/exchange-reader.js';
import type { SharedMemory } from '../../engine/memory/region.js';
import { writeToAll } from '../kit/exchange-kit.js';
import { type Many, many } from '../kit/exchange-pair.js';

const readers = suite('exchange reader');

const readerOf = ({ exchange }: Many): ExchangeReader =>
  new ExchangeReader(exchange.view.i32.buffer as SharedMemory);
const figuresOf = (all: Many): ChannelFigures => readerOf(all).channels()[0]!;

readers('exchange/figures: a region says by itself who sends to whom', () => {
  const shape = (pattern: 'all-to-all' | 'pointwise', senders: number, receivers: number): string[] => {
    const all = many({ pattern, senders, receivers });
    return readerOf(all)
      .channels()
      .map(({ senderTask, receiverTask }) => `${senderTask}>${receiverTask}`);
  };
  assert.equal(shape('all-to-all', 2, 3), ['0>2', '0>3', '0>4', '1>2', '1>3', '1>4']);
  assert.equal(shape('pointwise', 2, 2), ['0>2', '1>3']);
  assert.equal(shape('pointwise', 2, 3), ['0>2', '0>3', '1>4']);
  assert.equal(shape('pointwise', 3, 2), ['0>3', '1>4', '2>4']);
  const changes = {
    floatingPerGate: 3,
    exclusivePerChannel: 1,
    overdraftPerPartition: 5,
    buffersPerSubpartitionMax: 7,
  };
  const reader = readerOf(many(changes));
  const { exclusive, floating, overdraft, backlogMax } = reader;
  assert.equal([exclusive, floating, overdraft, backlogMax], [1, 3, 5, 7]);
  assert.equal([reader.isAdaptive, readerOf(many({ isAdaptive: true })).isAdaptive], [false, true]);
  assert.is(reader.segmentsOf(1), 1 + 1 + 8 + 5, 'one open, one and eight in flight, the overdraft');
});

readers('exchange/figures: what lies in a channel is told at every step of it', () => {
  const all = many({ exclusivePerChannel: 2 });
  const told = (): string => {
    const { queued, readable, backlog, credits, takeable, outstanding, isOpen, isReading } = figuresOf(all);
    const flags = `${isOpen ? ', open' : ''}${isReading ? ', reading' : ''}`;
    return `queued ${queued}, readable ${readable}, backlog ${backlog}, credits ${credits}, takeable ${takeable}, outstanding ${outstanding}${flags}`;
  };
  assert.is(told(), 'queued 0, readable 0, backlog 0, credits 2, takeable 0, outstanding 0');
  all.write(0, 0, 1, 24);
  assert.is(told(), 'queued 0, readable 0, backlog 0, credits 2, takeable 0, outstanding 0, open');
  assert.equal([readerOf(all).isRaised(0), figuresOf(all).hasEnded], [false, false]);
  for (const value of [2, 3, 4]) all.write(0, 0, value);
  assert.is(told(), 'queued 3, readable 2, backlog 1, credits 0, takeable 0, outstanding 1, open');
  assert.is(readerOf(all).isRaised(0), true);
  all.read(0, 1);
  all.gates[0]!.poll();
  assert.is(told(), 'queued 1, readable 1, backlog 0, credits 0, takeable 1, outstanding 1, open, reading');
  all.gates[0]!.recycle();
  assert.is(told(), 'queued 1, readable 1, backlog 0, credits 1, takeable 1, outstanding 1, open');
  all.partitions[0]!.finish();
  assert.is(told(), 'queued 2, readable 2, backlog 0, credits 0, takeable 0, outstanding 0');
  all.read(0);
  assert.is(told(), 'queued 0, readable 0, backlog 0, credits 0, takeable 0, outstanding 0');
  assert.is(figuresOf(all).hasEnded, true);
});

readers('exchange/figures, release/discard: nothing waits in a channel that was left', () => {
  const all = many({ exclusivePerChannel: 1 });
  const told = (): readonly unknown[] => {
    const { queued, readable, backlog, outstanding, discarded, isReleased } = figuresOf(all);
    return [queued, readable, backlog, outstanding, discarded, isReleased];
  };
  for (let value = 1; value <= 4; value++) all.write(0, 0, value);
  assert.equal(told(), [3, 1, 2, 2, 0, false]);
  all.gates[0]!.release();
  assert.equal(told(), [0, 0, 0, 2, 0, true]);
  all.partitions[0]!.refresh();
  assert.equal(told(), [0, 0, 0, 0, 2, true]);
  all.write(0, 0, 5);
  assert.equal(told(), [0, 0, 0, 0, 3, true]);
});

readers(
  'exchange/figures: a buffer opened for a copy of a record that waits holds nothing that could be sent',
  () => {
    const all = many({ receivers: 2, exclusivePerChannel: 1 });
    const partition = all.partitions[0]!;
    for (let value = 1; partition.freeSegments > 1; value++) all.write(0, 1, value);
    const told: (readonly boolean[])[] = [];
    all.whileWaiting = () => {
      told.push(
        readerOf(all)
          .channels()
          .flatMap(({ isOpen, isBegun }) => [isOpen, isBegun]),
      );
      all.read(1);
    };
    const broadcast = new BroadcastWriter(partition, all.exchange.view.i32);
    writeToAll(all.exchange, broadcast, 100, 64);
    assert.equal(told, [[true, false, false, false]]);
  },
);

readers.run();
