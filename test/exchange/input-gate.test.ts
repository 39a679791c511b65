import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { GATE_BUFFER, GATE_ENDED } from '../../engine/exchange/input-gate.js';
import { CREDIT } from '../../engine/memory/parker.js';
import { many } from '../kit/exchange-pair.js';

const gates = suite('input gate');

gates('wait/park: a gate is ready for a buffer or an end on any channel, and for nothing else', () => {
  const { gates, partitions, read, write } = many({ senders: 3 });
  const gate = gates[0]!;
  assert.is(gate.isInputReady(), false);
  for (const sender of [2, 0, 1, 1, 0, 2]) {
    write(sender, 0, 1);
    assert.is(gate.isInputReady(), false, 'the buffer is still open');
    partitions[sender]!.flush();
    assert.is(gate.isInputReady(), true);
    read(0);
    assert.is(gate.isInputReady(), false);
  }
  for (const sender of [1, 0, 2]) {
    partitions[sender]!.finish();
    assert.is(gate.isInputReady(), true);
    read(0);
    assert.is(gate.isInputReady(), sender === 2, 'a channel whose end was said is no news');
  }
  assert.is(gate.poll(), GATE_ENDED);
});

gates(
  'wait/hysteresis: with few credits, half of the buffers that may wait decides when a sender is rung for',
  () => {
    const { gates, read, rings, whileParked, write } = many({ buffersPerSubpartitionMax: 8 });
    for (let value = 1; value <= 9; value++) write(0, 0, value);
    whileParked(0, CREDIT, () => {
      assert.equal([read(0, 3), rings(0)], [3, 0]);
      assert.equal([read(0, 1), rings(0)], [1, 1]);
      assert.equal([read(0, 3), rings(0)], [3, 1]);
      gates[0]!.ringOwed();
      assert.is(rings(0), 2);
    });
  },
);

gates('wait/hysteresis: rings are owed to every sender, and a channel that ends owes none any more', () => {
  const { gates, partitions, read, rings, whileParked, write } = many({ senders: 3 });
  const park = (task: number, look: () => void): void => whileParked(task, CREDIT, look);
  for (const sender of [0, 1, 2]) {
    write(sender, 0, 1);
    write(sender, 0, 2);
  }
  partitions[1]!.finish();
  park(0, () =>
    park(1, () =>
      park(2, () => {
        assert.is(read(0), 4);
        assert.equal([0, 1, 2].map(rings), [0, 1, 0], 'the end of channel 1 was read too');
        gates[0]!.ringOwed();
        assert.equal([0, 1, 2].map(rings), [1, 1, 1]);
        gates[0]!.ringOwed();
        assert.equal([0, 1, 2].map(rings), [1, 1, 1]);
      }),
    ),
  );
});

gates('in checked code the bytes of a buffer that was given back are overwritten, and no others', () => {
  const { exchange, gates, partitions, write } = many({});
  const gate = gates[0]!;
  write(0, 0, 77);
  write(0, 0, 78);
  partitions[0]!.flush();
  assert.is(gate.poll(), GATE_BUFFER);
  const { begin, end } = gate;
  const { u8 } = exchange.view;
  assert.ok(u8.subarray(begin, end).some((byte) => byte !== 0xef));
  const before = u8.slice();
  gate.recycle();
  for (const [at, byte] of u8.entries()) {
    if (at >= begin && at < end) assert.is(byte, 0xef);
  }
  const { segmentBytes } = exchange.spec;
  const segment = Math.floor((begin - exchange.segmentStart(0)) / segmentBytes);
  const first = exchange.segmentStart(segment);
  const last = first + segmentBytes;
  assert.equal(u8.slice(first, begin), before.slice(first, begin));
  assert.equal(u8.slice(end, last), before.slice(end, last));
});

gates.run();
