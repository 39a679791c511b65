import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  GATE_BARRIER,
  GATE_BUFFER,
  GATE_CHANNEL_ENDED,
  GATE_EMPTY,
  type InputGate,
} from '../../engine/exchange/input-gate.js';
import { INPUT } from '../../engine/memory/parker.js';
import { readBuffer } from '../kit/exchange-kit.js';
import { type Many, many } from '../kit/exchange-pair.js';

const barriers = suite('barriers');

/** Reads until the gate has nothing: `0:7` a record of channel 0, `b3` a barrier, `0:END`. */
function readAll({ exchange }: Many, gate: InputGate): string[] {
  const seen: string[] = [];
  for (let found = gate.poll(); found !== GATE_EMPTY && found !== 3; found = gate.poll()) {
    if (found === GATE_BARRIER) seen.push(`b${gate.barrierId}`);
    else if (found === GATE_CHANNEL_ENDED) seen.push(`${gate.channel}:END`);
    else {
      seen.push(...readBuffer(exchange, gate).map((value) => `${gate.channel}:${value}`));
      gate.recycle();
    }
  }
  return seen;
}

barriers(
  'gate/align: what came before a barrier is read before it, on every channel, and nothing that came after',
  () => {
    const all = many({ senders: 3 });
    const gate = all.gates[0]!;
    all.write(0, 0, 1, 24);
    all.partitions[0]!.emitBarrier(1);
    all.write(0, 0, 2, 24);
    all.partitions[0]!.flush();
    all.write(1, 0, 3, 24);
    all.partitions[1]!.flush();
    assert.equal(readAll(all, gate), ['0:1', '1:3']);
    assert.is(gate.isInputReady(), false, 'what waits behind a barrier is no reason to run');
    all.partitions[1]!.emitBarrier(1);
    all.write(1, 0, 4, 24);
    all.partitions[1]!.flush();
    assert.equal(readAll(all, gate), []);
    all.partitions[2]!.emitBarrier(1);
    assert.equal(readAll(all, gate), ['b1', '0:2', '1:4']);
  },
);

barriers('gate/align: a channel that ends counts as one whose barrier came', () => {
  const all = many({ senders: 3 });
  all.partitions[0]!.emitBarrier(5);
  all.write(0, 0, 1, 24);
  for (const sender of [0, 1]) all.partitions[sender]!.finish();
  assert.equal(readAll(all, all.gates[0]!), ['1:END']);
  all.partitions[2]!.finish();
  assert.equal(readAll(all, all.gates[0]!), ['2:END', 'b5', '0:1', '0:END']);
});

barriers('gate/align: a newer barrier ends the waiting for an older one, which is never told', () => {
  const all = many({ senders: 2 });
  const [first, second] = all.partitions as [(typeof all.partitions)[0], (typeof all.partitions)[0]];
  first.emitBarrier(1);
  all.write(0, 0, 1, 24);
  first.flush();
  assert.equal(readAll(all, all.gates[0]!), []);
  second.emitBarrier(2);
  assert.equal(readAll(all, all.gates[0]!), ['0:1'], 'channel 0 goes on to its own second barrier');
  first.emitBarrier(2);
  assert.equal(readAll(all, all.gates[0]!), ['b2']);
  first.emitBarrier(3);
  first.emitBarrier(4);
  second.emitBarrier(4);
  assert.equal(readAll(all, all.gates[0]!), ['b4']);
});

barriers('gate/align: an older barrier that comes late is passed by', () => {
  const all = many({ senders: 2 });
  const [first, second] = all.partitions as [(typeof all.partitions)[0], (typeof all.partitions)[0]];
  first.emitBarrier(1);
  second.emitBarrier(2);
  second.flush();
  all.write(0, 0, 1, 24);
  first.flush();
  assert.equal(readAll(all, all.gates[0]!), ['0:1']);
  first.emitBarrier(2);
  assert.equal(readAll(all, all.gates[0]!), ['b2']);
});

function writeAll(all: Many, values: readonly number[], bytes: number, isFlushed = false): void {
  for (const value of values) all.write(0, 0, value, bytes);
  if (isFlushed) all.partitions[0]!.flush();
}

barriers('gate/align: after a barrier a channel goes on, whatever lies behind it', () => {
  const behind: readonly (readonly [what: string, send: (all: Many) => void, seen: readonly string[]])[] = [
    ['finished buffers', (all) => writeAll(all, [1, 2, 3], 64), ['0:1', '0:2']],
    ['buffers that are flushed', (all) => writeAll(all, [1, 2], 64, true), ['0:1', '0:2']],
    ['a buffer that is open', (all) => writeAll(all, [1], 24), []],
    ['the end', (all) => all.partitions[0]!.finish(), ['0:END']],
    ['nothing', () => {}, []],
  ];
  for (const [what, send, seen] of behind) {
    const all = many({ senders: 2 });
    all.partitions[0]!.emitBarrier(1);
    send(all);
    assert.equal(readAll(all, all.gates[0]!), [], what);
    all.partitions[1]!.emitBarrier(1);
    assert.equal(readAll(all, all.gates[0]!), ['b1', ...seen], what);
    if (what !== 'the end') all.partitions[0]!.finish();
    all.partitions[1]!.finish();
    const last = readAll(all, all.gates[0]!);
    assert.is(last.includes('1:END'), true, what);
    all.exchange.assertConserved();
  }
});

barriers(
  'event/atomic, event/position-words: a barrier needs no credit, no segment and no room in a ring',
  () => {
    const all = many({ exclusivePerChannel: 0, floatingPerGate: 1, buffersPerSubpartitionMax: 2 });
    const partition = all.partitions[0]!;
    for (let value = 1; partition.freeSegments > 1; value++) all.write(0, 0, value, 64);
    all.write(0, 0, 99, 24);
    assert.is(partition.freeSegments, 0);
    for (let id = 1; id <= 100; id++) partition.emitBarrier(id);
    const seen = readAll(all, all.gates[0]!);
    assert.equal(seen.slice(-2), ['0:99', 'b100']);
  },
);

barriers('event/position-words, wait/park: a barrier wakes the receiver, though nothing follows it', () => {
  const all = many({});
  const { partitions, gates, rings } = all;
  all.whileParked(1, INPUT, () => {
    partitions[0]!.emitBarrier(1);
    assert.is(rings(1), 1);
  });
  assert.is(gates[0]!.isInputReady(), true);
  assert.is(gates[0]!.poll(), GATE_BARRIER);
  assert.is(gates[0]!.poll(), GATE_EMPTY);
});

barriers(
  'watermark/pending: a watermark on its way when a barrier comes needs no segment, and comes after it',
  () => {
    const all = many({});
    all.write(0, 0, 1, 24);
    all.partitions[0]!.emitWatermark(5);
    all.partitions[0]!.emitBarrier(1);
    all.partitions[0]!.finish();
    assert.equal(readAll(all, all.gates[0]!), ['0:1', 'b1', '0:w5', '0:END']);
  },
);

barriers(
  'credit/barrier-clamp: floating segments go to a channel for what is before its barrier only',
  () => {
    const all = many({ senders: 2, exclusivePerChannel: 0, floatingPerGate: 1 });
    const gate = all.gates[0]!;
    all.partitions[0]!.emitBarrier(1);
    for (let value = 1; value <= 3; value++) all.write(0, 0, value, 64);
    for (let value = 1; value <= 3; value++) all.write(1, 0, value, 64);
    assert.equal(readAll(all, gate), ['1:1', '1:2']);
    all.partitions[1]!.emitBarrier(1);
    assert.equal(readAll(all, gate), ['1:3', 'b1', '0:1', '0:2']);
  },
);

barriers('record/span: a barrier between two large elements cuts between them', () => {
  const all = many({ elementBytesMax: 400 });
  all.whileWaiting = () => {
    throw new Error('there is room');
  };
  all.write(0, 0, 1, 200);
  all.partitions[0]!.emitBarrier(1);
  all.write(0, 0, 2, 200);
  all.partitions[0]!.finish();
  assert.equal(readAll(all, all.gates[0]!), ['0:1', 'b1', '0:2', '0:END']);
});

barriers('gate/read-all: buffers and barriers of a channel keep their order', () => {
  const all = many({});
  for (let id = 1; id <= 4; id++) {
    all.write(0, 0, id, 24);
    all.partitions[0]!.emitBarrier(id);
    assert.equal(all.gates[0]!.poll(), GATE_BUFFER);
    assert.equal(readBuffer(all.exchange, all.gates[0]!), [String(id)]);
    all.gates[0]!.recycle();
    assert.equal(readAll(all, all.gates[0]!), [`b${id}`]);
  }
});

barriers('gate/align, credit/barrier-clamp: an aborted barrier holds nothing back, wherever it is', () => {
  const all = many({ senders: 2, exclusivePerChannel: 0, floatingPerGate: 2 });
  const gate = all.gates[0]!;
  all.partitions[0]!.emitBarrier(1);
  for (let value = 1; value <= 3; value++) all.write(0, 0, value, 64);
  assert.equal(readAll(all, gate), []);
  assert.is(gate.isInputReady(), false);
  gate.abortBarriers(1);
  assert.is(gate.isInputReady(), true, 'wait/park: a gate that has something to read does not sleep');
  assert.equal(readAll(all, gate), ['0:1', '0:2']);
  all.partitions[1]!.emitBarrier(1);
  all.write(1, 0, 1, 64);
  all.partitions[1]!.flush();
  assert.equal(readAll(all, gate), ['1:1'], 'one that comes late is passed by');
  for (const partition of all.partitions) partition.emitBarrier(2);
  assert.equal(readAll(all, gate), ['0:3', 'b2']);
});

barriers.run();
