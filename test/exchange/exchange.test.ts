import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TAG_SHAPE } from '../../engine/exchange/element.js';
import { ThreadWaiter } from '../../engine/exchange/hard-waiter.js';
import { GATE_CHANNEL_ENDED, GATE_EMPTY, GATE_ENDED, openGate } from '../../engine/exchange/input-gate.js';
import { openPartition } from '../../engine/exchange/open-partition.js';
import {
  CONTROL_FIRST_BYTE,
  ControlArena,
  createControlArena,
  TASK_BYTES,
} from '../../engine/memory/control-arena.js';
import { attachExchange, createExchange } from '../../engine/memory/exchange-arena.js';
import { dump } from '../../engine/memory/layout.js';
import { LENT } from '../../engine/memory/ledger.js';
import { CREDIT, INPUT } from '../../engine/memory/parker.js';
import { drain, steppingWaiter, tinySpec, UNTIMED, writeRecord } from '../kit/exchange-kit.js';
import { pair } from '../kit/exchange-pair.js';

const exchanges = suite('exchange');

exchanges(
  'exchange/swap-by-index, gate/lend, end/reclaim: records arrive once, in order, and every segment comes home',
  () => {
    const { exchange, gate, got, partition, write } = pair();
    for (let value = 1; value <= 500; value++) write(value);
    partition.finish();
    drain(exchange, gate, got);
    assert.equal(got[0], [...Array.from({ length: 500 }, (_, i) => String(i + 1)), 'END']);
    assert.is(gate.poll(), GATE_ENDED);
    exchange.assertConserved();
  },
);

exchanges(
  'watermark/pending: only the newest watermark is written, before the next record and before the end',
  () => {
    const { exchange, gate, got, partition, write } = pair();
    partition.emitWatermark(5);
    write(1);
    partition.emitWatermark(6);
    partition.emitWatermark(7);
    write(2);
    partition.emitIdle(true);
    partition.emitWatermark(9);
    partition.finish();
    drain(exchange, gate, got);
    assert.equal(got[0], ['w5', '1', 'w7', '2', 'w9', 'i1', 'END']);
    exchange.assertConserved();
  },
);

exchanges(
  'watermark/pending: a record as large as a segment follows its watermark in a buffer of its own',
  () => {
    const { exchange, gate, got, partition, write } = pair();
    partition.emitWatermark(5);
    write(1, 64);
    write(2, 64);
    partition.finish();
    drain(exchange, gate, got);
    assert.equal(got[0], ['w5', '1', '2', 'END']);
    assert.is(partition.buffersOut, 3);
    assert.is(partition.bytesOut, 16 + 64 + 64);
    assert.is(gate.bytesIn, partition.bytesOut);
  },
);

exchanges('a record larger than the largest is refused with both numbers', () => {
  const { write } = pair();
  try {
    write(1, 72);
    assert.unreachable();
  } catch (error: any) {
    assert.is(error.code, 'RECORD_TOO_LARGE');
    assert.is(error.detail.recordBytes, 72);
    assert.is(error.detail.recordBytesMax, 64);
  }
});

exchanges(
  'watermark/pending: a control element stands after the watermark and before the next record, padded to 8',
  () => {
    const { exchange, gate, got, partition, write } = pair();
    write(1);
    partition.emitWatermark(2);
    partition.writeControl(0, TAG_SHAPE, Buffer.from('a, b and c'));
    write(3);
    partition.finish();
    drain(exchange, gate, got);
    assert.equal(got[0], ['1', 'w2', 's:a, b and c', '3', 'END']);
  },
);

exchanges(
  'partition/available: at its cap of waiting buffers a subpartition stops the next record, credit allows it again',
  () => {
    const { exchange, gate, got, partition, write } = pair({ buffersPerSubpartitionMax: 3 });
    let written = 0;
    while (partition.available) write(++written);
    assert.is(partition.backlog, 3); // two swapped with the exclusive credits, three wait
    assert.is(partition.isCreditReady(), false);
    drain(exchange, gate, got, 1);
    assert.is(partition.isCreditReady(), true);
    assert.is(partition.refresh(), true);
    assert.is(partition.isCreditReady(), false);
  },
);

exchanges('pool/overdraft: a record that has begun goes on to the last segment and then waits hard', () => {
  const { exchange, gate, got, waiter, partition, write } = pair({
    overdraftPerPartition: 4,
    buffersPerSubpartitionMax: 100,
  });
  while (partition.available) write(0);
  assert.is(partition.freeSegments, 4);
  for (let value = 1; value <= 8; value++) write(value, 64);
  assert.is.not(waiter.waits, 0);
  partition.finish();
  drain(exchange, gate, got);
  assert.equal(got[0]!.slice(-9), ['1', '2', '3', '4', '5', '6', '7', '8', 'END']);
  exchange.assertConserved();
});

exchanges(
  'pool/yield: before a hard wait, an open buffer that can swap is finished and its segment used',
  () => {
    const spec = tinySpec({ receivers: 2, buffersPerSubpartitionMax: 100 });
    const control = new ControlArena(createControlArena({ tasks: 3, cursors: 0, attempt: 1 }), 1);
    const exchange = attachExchange(spec, createExchange(spec, 1), 1);
    const waiter = steppingWaiter(() => {}, 0);
    const partition = openPartition(exchange, 0, control, waiter);
    writeRecord(exchange, partition, 0, 1); // stays open, and a credit waits for it
    const ofOthers = exchange.segmentsOfSender(0).length - 1 + spec.exclusivePerChannel;
    for (let value = 1; value <= ofOthers; value++) writeRecord(exchange, partition, 1, value, 64);
    assert.is(partition.freeSegments, 0);
    writeRecord(exchange, partition, 1, ofOthers + 1, 64);
    assert.is(waiter.waits, 0);
    assert.throws(() => writeRecord(exchange, partition, 1, ofOthers + 2, 64), /nobody gives a credit/);
  },
);

exchanges('flush/only-if-sendable: a flush without credit keeps filling, and CREDIT finishes it', () => {
  const { exchange, gate, got, partition, write } = pair();
  assert.is(partition.flush(), true);
  for (let value = 1; value <= 5; value++) write(value); // two a buffer: two buffers swap, the third is open
  assert.is(partition.flush(), false);
  assert.is(partition.isCreditReady(), false);
  write(6);
  drain(exchange, gate, got, 1);
  assert.is(partition.isCreditReady(), true);
  assert.is(partition.flush(), true);
  assert.is(partition.isCreditReady(), false);
  drain(exchange, gate, got);
  assert.equal(got[0], ['1', '2', '3', '4', '5', '6']);
});

exchanges('flush/only-if-sendable: a pending watermark alone is something to send', () => {
  const { exchange, gate, got, partition } = pair();
  partition.emitWatermark(3);
  assert.is(partition.flush(), true);
  drain(exchange, gate, got);
  assert.equal(got[0], ['w3']);
  partition.emitIdle(true);
  assert.is(partition.flush(), true);
  partition.emitWatermark(4);
  partition.emitIdle(false);
  assert.is(partition.flush(), true);
  drain(exchange, gate, got);
  assert.equal(got[0], ['w3', 'i1', 'i0', 'w4']);
});

exchanges(
  'wait/hysteresis: a sender is rung for when half of what may wait in its channel was read, or when asked to',
  () => {
    const spec = tinySpec({ exclusivePerChannel: 6, buffersPerSubpartitionMax: 3 });
    const memory = createControlArena({ tasks: 2, cursors: 0, attempt: 1 });
    const control = new ControlArena(memory, 1);
    const exchange = attachExchange(spec, createExchange(spec, 1), 1);
    const gate = openGate(exchange, 0, control);
    const partition = openPartition(
      exchange,
      0,
      control,
      steppingWaiter(() => {}),
    );
    for (let value = 1; value <= 9; value++) writeRecord(exchange, partition, 0, value, 64);
    const rings = (): number => dump('doorbell', memory, CONTROL_FIRST_BYTE)['seq']!;
    const read = (buffers: number): number => {
      drain(exchange, gate, [], buffers);
      return rings();
    };
    const lookOnly = { isReady: () => checkRings() };
    const checkRings = (): boolean => {
      assert.equal([read(2), read(1), read(2), rings()], [0, 1, 1, 1]);
      gate.ringOwed();
      assert.is(rings(), 2);
      gate.ringOwed();
      assert.is(rings(), 2);
      return true;
    };
    control.parker(0).park(CREDIT, lookOnly, 0); // the sender's interest is raised meanwhile
  },
);

exchanges(
  'wait/coalesce: a receiver is rung for when half of what may wait has gathered, or when asked to',
  () => {
    const spec = tinySpec({ buffersPerSubpartitionMax: 6 });
    const memory = createControlArena({ tasks: 2, cursors: 0, attempt: 1 });
    const control = new ControlArena(memory, 1);
    const exchange = attachExchange(spec, createExchange(spec, 1), 1);
    const partition = openPartition(
      exchange,
      0,
      control,
      steppingWaiter(() => {}),
    );
    const receiver = CONTROL_FIRST_BYTE + TASK_BYTES;
    const afterBuffers = (count: number): number => {
      for (let i = 0; i < count; i++) writeRecord(exchange, partition, 0, i, 64);
      return dump('doorbell', memory, receiver)['seq']!;
    };
    const checkRings = (): boolean => {
      assert.equal([afterBuffers(3), afterBuffers(1), afterBuffers(1)], [0, 1, 1]); // the last buffer stays open
      partition.ringOwed();
      assert.is(afterBuffers(0), 2);
      partition.ringOwed();
      assert.is(afterBuffers(0), 2);
      return true;
    };
    control.parker(1).park(INPUT, { isReady: checkRings }, 0); // the receiver's interest is raised meanwhile
  },
);

exchanges('gate/read-all: channels with buffers are read in turn', () => {
  const spec = tinySpec({ senders: 3 });
  const control = new ControlArena(createControlArena({ tasks: 4, cursors: 0, attempt: 1 }), 1);
  const exchange = attachExchange(spec, createExchange(spec, 1), 1);
  const gate = openGate(exchange, 0, control);
  const waiter = steppingWaiter(() => {});
  for (let sender = 0; sender < 3; sender++) {
    const partition = openPartition(exchange, sender, control, waiter);
    writeRecord(exchange, partition, 0, sender, 64);
    writeRecord(exchange, partition, 0, sender, 64);
    partition.finish();
  }
  const order: number[] = [];
  for (let found = gate.poll(); found !== GATE_ENDED; found = gate.poll()) {
    assert.is.not(found, GATE_EMPTY);
    if (found === GATE_CHANNEL_ENDED) continue;
    order.push(gate.channel);
    gate.recycle();
  }
  assert.equal(order, [0, 1, 2, 0, 1, 2]);
  exchange.assertConserved();
});

exchanges('event/position-words: the end needs no segment and no credit', () => {
  const { exchange, gate, got, waiter, partition, write } = pair({ buffersPerSubpartitionMax: 100 });
  const count = exchange.segmentsOfSender(0).length + exchange.spec.exclusivePerChannel;
  for (let value = 1; value <= count; value++) write(value, 64); // the last buffer is open and nothing is free
  assert.is(partition.freeSegments, 0);
  partition.finish();
  assert.is(waiter.waits, 0);
  drain(exchange, gate, got);
  assert.is(got[0]!.length, count + 1);
  exchange.assertConserved();
});

exchanges('credit/demand: no more than E segments are lent ahead of the buffers', () => {
  const { exchange, gate, got, write } = pair({ exclusivePerChannel: 3 });
  const lent = (): number => exchange.ledger.counts()[LENT]!;
  assert.is(lent(), 3);
  for (let value = 1; value <= 4; value++) write(value, 64); // three are finished and the fourth is open
  assert.is(lent(), 0);
  drain(exchange, gate, got);
  assert.is(lent(), 3);
});

exchanges('pointwise joins sender i with receiver i alone', () => {
  const spec = tinySpec({ pattern: 'pointwise', senders: 2, receivers: 2 });
  const control = new ControlArena(createControlArena({ tasks: 4, cursors: 0, attempt: 1 }), 1);
  const exchange = attachExchange(spec, createExchange(spec, 1), 1);
  for (let i = 0; i < 2; i++) {
    const partition = openPartition(
      exchange,
      i,
      control,
      steppingWaiter(() => {}),
    );
    assert.is(partition.subpartitions.length, 1);
    writeRecord(exchange, partition, 0, 10 + i);
    partition.finish();
    const got: string[][] = [];
    drain(exchange, openGate(exchange, i, control), got);
    assert.equal(got, [[String(10 + i), 'END']]);
  }
});

exchanges(
  'wait/hard: on the stop word a record throws TASK_CANCELLED, and so does every record after it',
  () => {
    const spec = tinySpec();
    const control = new ControlArena(createControlArena({ tasks: 2, cursors: 0, attempt: 1 }), 1);
    const exchange = attachExchange(spec, createExchange(spec, 1), 1);
    const partition = openPartition(
      exchange,
      0,
      control,
      new ThreadWaiter(control, 0, control.parker(0), UNTIMED),
    );
    writeRecord(exchange, partition, 0, 1);
    control.requestStop(0);
    const code = (write: () => void): string => {
      try {
        write();
      } catch (error: any) {
        return error.code;
      }
      return 'none';
    };
    writeRecord(exchange, partition, 0, 2); // fits the open buffer
    assert.is(
      code(() => writeRecord(exchange, partition, 0, 3)),
      'TASK_CANCELLED',
    );
    assert.is(
      code(() => writeRecord(exchange, partition, 0, 4)),
      'TASK_CANCELLED',
    );
    assert.is(
      code(() => partition.finish()),
      'TASK_CANCELLED',
    );
  },
);

exchanges.run();
