import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { GATE_BUFFER, GATE_CHANNEL_ENDED, GATE_EMPTY } from '../../engine/exchange/input-gate.js';
import { POSITION_START } from '../../engine/memory/channel.js';
import { dump } from '../../engine/memory/layout.js';
import { GATE_FREE } from '../../engine/memory/ledger.js';
import { CREDIT } from '../../engine/memory/parker.js';
import { type Many, many } from '../kit/exchange-pair.js';

const floating = suite('floating credits and pieces');

/** A word of the channel line of each sender to gate 0, as a count. */
function counts(all: Many, word: 'tail' | 'granted'): readonly number[] {
  return all.partitions.map((_, sender) => {
    const { words, base } = all.exchange.channelMemory(sender * all.gates.length);
    return (dump('channel', words.buffer, base * 4)[word]! - POSITION_START) | 0;
  });
}

const granted = (all: Many): readonly number[] => counts(all, 'granted');

/** Publishes as many buffers of one record each; another record may be left in an open buffer. */
function publish(all: Many, sender: number, buffers: number): void {
  const tail = counts(all, 'tail')[sender]! + buffers;
  for (let value = 1; counts(all, 'tail')[sender]! < tail; value++) all.write(sender, 0, value);
}

floating('credit/demand: a channel is lent what its backlog needs and E more, and no more than that', () => {
  const all = many({ exclusivePerChannel: 2, floatingPerGate: 8 });
  publish(all, 0, 5);
  assert.equal(granted(all), [2], 'nobody has looked yet');
  all.gates[0]!.poll();
  assert.equal(granted(all), [7]);
  all.gates[0]!.recycle();
  assert.equal(granted(all), [7], 'what is lent already is enough for five buffers and two more');
  all.read(0);
  assert.equal(granted(all), [7]);
  publish(all, 0, 1);
  all.read(0);
  assert.equal(granted(all), [8]);
});

floating(
  'gate/lend: what a channel has beyond its exclusive credits goes home as its buffers are read',
  () => {
    const all = many({ exclusivePerChannel: 2, floatingPerGate: 8 });
    const home = (): number => all.exchange.ledger.counts()[GATE_FREE]!;
    publish(all, 0, 5);
    const seen = [home()];
    for (let buffers = 0; buffers < 5; buffers++) {
      all.gates[0]!.poll();
      seen.push(home());
      all.gates[0]!.recycle();
    }
    assert.equal([...seen, home()], [8, 3, 4, 5, 6, 7, 8]);
  },
);

floating(
  'gate/lend: when the floating segments are out, each that comes back goes to who waits first',
  () => {
    const all = many({ senders: 3, exclusivePerChannel: 1, floatingPerGate: 3 });
    for (const sender of [0, 1, 2]) publish(all, sender, 4);
    const lent: (readonly number[])[] = [];
    for (let buffers = 0; buffers < 7; buffers++) {
      all.read(0, 1);
      lent.push(granted(all));
    }
    assert.equal(lent, [
      [5, 1, 1], // the first that is seen takes what it wants
      [5, 2, 1], // an exclusive segment goes back to its channel
      [5, 2, 2],
      [5, 3, 2], // a floating one of channel 0 goes to channel 1, which waits since it was read
      [5, 3, 3],
      [5, 4, 3],
      [5, 4, 4],
    ]);
    all.read(0);
    assert.equal(granted(all), [5, 5, 5]);
  },
);

floating('gate/lend: three channels that always want more get equal shares', () => {
  for (const [exclusivePerChannel, floatingPerGate] of [
    [0, 1],
    [0, 2],
    [1, 4],
  ] as const) {
    const all = many({ senders: 3, exclusivePerChannel, floatingPerGate, buffersPerSubpartitionMax: 6 });
    for (let buffers = 0; buffers < 300; buffers++) {
      for (const [sender, partition] of all.partitions.entries())
        while (partition.available || partition.refresh()) all.write(sender, 0, 1);
      assert.is(all.read(0, 1), 1);
    }
    const shares = granted(all);
    assert.ok(Math.max(...shares) - Math.min(...shares) <= 4, `equal but for the first look: ${shares}`);
  }
});

floating(
  'credit/ask, gate/lend: without exclusive credits a flush asks once, and one segment serves all in turn',
  () => {
    const all = many({ senders: 3, exclusivePerChannel: 0, floatingPerGate: 1 });
    for (const sender of [2, 0, 1]) {
      all.write(sender, 0, sender, 24);
      assert.is(all.partitions[sender]!.flush(), true, 'the first buffer is published to ask for credit');
      all.write(sender, 0, sender, 24);
      assert.is(all.partitions[sender]!.flush(), false, 'the second waits');
      assert.is(all.partitions[sender]!.isCreditReady(), false);
    }
    assert.equal(granted(all), [0, 0, 0]);
    assert.is(all.gates[0]!.poll(), GATE_BUFFER);
    assert.equal([all.gates[0]!.channel, granted(all)], [0, [1, 0, 0]]);
    all.gates[0]!.recycle();
    assert.equal(granted(all), [1, 0, 0], 'nobody is known to wait');
    assert.is(all.partitions[0]!.isCreditReady(), true, 'what was held back may ask now');
    assert.is(all.read(0), 2);
    assert.equal(granted(all), [1, 1, 1]);
    for (const partition of all.partitions) partition.flush();
    assert.is(all.read(0), 3);
    assert.is(all.gates[0]!.isInputReady(), false);
  },
);

floating('wait/hysteresis: a sender is told of floating credits before the task sleeps', () => {
  const all = many({ senders: 2, exclusivePerChannel: 0, floatingPerGate: 2 });
  publish(all, 1, 1);
  all.whileParked(1, CREDIT, () => {
    all.gates[0]!.poll();
    assert.is(all.rings(1), 0);
    all.gates[0]!.ringOwed();
    assert.is(all.rings(1), 1);
  });
});

floating(
  'end/reclaim, credit/count: floating segments come home, exclusive ones are taken back at the end',
  () => {
    const all = many({ senders: 2, exclusivePerChannel: 2, floatingPerGate: 3 });
    publish(all, 0, 6);
    publish(all, 1, 1);
    for (const partition of all.partitions) partition.finish();
    all.read(0);
    assert.is(all.gates[0]!.poll(), 3);
    all.exchange.assertConserved();
    const { words, base } = all.exchange.channelMemory(0);
    const line = dump('channel', words.buffer, base * 4);
    assert.equal([line['granted']! - line['tail']!, line['reclaimed']], [2, 2]);
    words[base + 32] = words[base + 32]! + 1; // granted, one too many
    assert.throws(
      () => all.exchange.assertConserved(),
      /every credit met a buffer or was taken back; channel 0/,
    );
  },
);

floating('gate/read-all, gate/ready: of 70 channels each that has something is read once per round', () => {
  const all = many({ senders: 70, exclusivePerChannel: 1, floatingPerGate: 1 });
  const gate = all.gates[0]!;
  const busy = [0, 31, 32, 63, 64, 69];
  for (const sender of busy) publish(all, sender, 3);
  const order: number[] = [];
  while (gate.poll() === GATE_BUFFER) {
    order.push(gate.channel);
    gate.recycle();
  }
  assert.equal(order, [...busy, ...busy, ...busy]);
  publish(all, 5, 2);
  assert.is(gate.poll(), GATE_BUFFER);
  gate.recycle();
  publish(all, 3, 1);
  assert.equal([gate.poll(), gate.channel], [GATE_BUFFER, 3], 'a new round has begun');
  gate.recycle();
  assert.equal([gate.poll(), gate.channel], [GATE_BUFFER, 5]);
  gate.recycle();
  assert.is(gate.poll(), GATE_EMPTY);
  all.partitions[40]!.finish();
  assert.is(gate.isInputReady(), true);
  assert.equal([gate.poll(), gate.channel], [GATE_CHANNEL_ENDED, 40]);
});

floating(
  'record/span: elements larger than a segment arrive whole, between the others, from several channels at once',
  () => {
    const all = many({ senders: 2, exclusivePerChannel: 1, floatingPerGate: 1, elementBytesMax: 400 });
    all.whileWaiting = () => void all.read(0, 1);
    for (const sender of [0, 1]) {
      all.write(sender, 0, 1, 24);
      all.write(sender, 0, 2, 400);
      all.partitions[sender]!.emitWatermark(2.5);
      all.write(sender, 0, 3, 200);
      all.write(sender, 0, 4, 24);
      all.partitions[sender]!.finish();
    }
    all.read(0);
    assert.equal(all.got[0], [
      ['1', '2', 'w2.5', '3', '4', 'END'],
      ['1', '2', 'w2.5', '3', '4', 'END'],
    ]);
    assert.is(all.gates[0]!.bytesIn, 2 * (24 + 400 + 16 + 200 + 24));
    all.exchange.assertConserved();
  },
);

floating('record/span: an element of many more pieces than there are segments is sent by waiting', () => {
  const all = many({ exclusivePerChannel: 1, floatingPerGate: 0, elementBytesMax: 64 * 50 });
  all.whileWaiting = () => void all.read(0, 1);
  all.write(0, 0, 7, 64 * 50);
  all.partitions[0]!.finish();
  all.read(0);
  assert.equal(all.got[0], [['7', 'END']]);
  all.exchange.assertConserved();
});

floating.run();
