import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BroadcastWriter } from '../../engine/exchange/broadcast-writer.js';
import {
  GATE_BARRIER,
  GATE_BUFFER,
  GATE_CHANNEL_ENDED,
  GATE_EMPTY,
} from '../../engine/exchange/input-gate.js';
import type { ResultPartition } from '../../engine/exchange/result-partition.js';
import { CHANNEL, POSITION_START } from '../../engine/memory/channel.js';
import type { Exchange } from '../../engine/memory/exchange-arena.js';
import { CREDIT, INPUT } from '../../engine/memory/parker.js';
import { drain, writeInTurn, writeToAll } from '../kit/exchange-kit.js';
import { many, pair } from '../kit/exchange-pair.js';

const releases = suite('receivers that leave');

/** Buffers of a channel of the whole exchange: published, read, and discarded. */
function counts(exchange: Exchange, channel = 0): number[] {
  const { words, base } = exchange.channelMemory(channel);
  const since = (word: number): number => (words[base + word]! - POSITION_START) | 0;
  return [since(CHANNEL.tail), since(CHANNEL.head), words[base + CHANNEL.discarded]!];
}

const all = (exchange: Exchange): number => exchange.segmentsOfSender(0).length;

/** Ends everything that is open, and reads what is left. */
function endAll(exchange: Exchange, partitions: readonly ResultPartition[], read: () => void): void {
  for (const partition of partitions) partition.finish();
  read();
  exchange.assertConserved();
}

releases(
  'release/discard: what waits for credit goes back to its pool, and what follows goes to nobody',
  () => {
    const { exchange, gate, got, partition, write } = pair({ buffersPerSubpartitionMax: 3 });
    let written = 0;
    for (; partition.available; written++) write(written, 64);
    assert.equal([partition.backlog, partition.isCreditReady()], [3, false]);
    gate.release();
    assert.is(partition.isCreditReady(), true, 'before anything was looked at');
    assert.is(partition.refresh(), true);
    assert.equal([partition.backlog, partition.freeSegments], [0, all(exchange) - 1], 'one is open');
    for (; written < 100; written++) write(written, 64);
    assert.is(partition.available, true);
    assert.is(partition.flush(), true);
    assert.equal([drain(exchange, gate, got), counts(exchange)], [0, [2, 2, 98]]);
    endAll(exchange, [partition], () => drain(exchange, gate, got));
    assert.equal(got, [['END']]);
    assert.is(partition.buffersOut, 100);
  },
);

releases('release/discard: a record that waits inside goes on when its receiver leaves', () => {
  const all = many({ receivers: 2, buffersPerSubpartitionMax: 100 });
  const { exchange, gates, partitions, read, write } = all;
  let waits = 0;
  all.whileWaiting = () => {
    waits++;
    gates[0]!.release();
  };
  write(0, 1, 1);
  for (let value = 1; waits === 0; value++) write(0, 0, value);
  assert.ok(counts(exchange)[2]! > 0, 'what had waited for credit is discarded');
  for (let value = 1; value <= 50; value++) write(0, 0, value);
  assert.is(waits, 1);
  read(1);
  endAll(exchange, partitions, () => [0, 1].map((receiver) => read(receiver)));
  assert.equal(all.got[1], [['1', 'END']]);
});

releases('release/discard: room and a flush are waited for no longer when the receiver has left', () => {
  const changes = { exclusivePerChannel: 1, overdraftPerPartition: 4, buffersPerSubpartitionMax: 100 };
  const { gate, partition, write } = pair(changes);
  while (partition.available) write(0, 64);
  assert.equal([partition.freeSegments, partition.isCreditReady()], [4, false]);
  gate.release();
  assert.equal([partition.isCreditReady(), partition.refresh()], [true, true]);
  const flushed = pair({ exclusivePerChannel: 1 });
  for (const value of [1, 2]) flushed.write(value, 64);
  assert.equal([flushed.partition.flush(), flushed.partition.isCreditReady()], [false, false]);
  flushed.gate.release();
  assert.equal([flushed.partition.isCreditReady(), flushed.partition.flush()], [true, true]);
});

releases('release/discard: a buffer begun for who has left is a segment for a record that waits', () => {
  const all = many({ receivers: 2, exclusivePerChannel: 1, buffersPerSubpartitionMax: 100 });
  const { exchange, gates, partitions, read, write } = all;
  for (const value of [1, 2]) write(0, 0, value);
  assert.is(partitions[0]!.subpartitions[0]!.channel.outstanding, 0, 'nothing is to be taken back');
  let waits = 0;
  all.whileWaiting = () => {
    waits++;
    gates[0]!.release();
  };
  for (let value = 1; waits === 0; value++) write(0, 1, value);
  assert.equal([waits, counts(exchange)], [1, [1, 0, 1]]);
  endAll(exchange, partitions, () => [0, 1].map((receiver) => read(receiver)));
});

releases('release/discard: a buffer discarded that somebody would have read is noticed at the end', () => {
  const { exchange, gate, got, partition, write } = pair();
  write(1, 64);
  endAll(exchange, [partition], () => drain(exchange, gate, got));
  const { words, base } = exchange.channelMemory(0);
  words[base + CHANNEL.discarded] = 1;
  assert.throws(() => exchange.assertConserved(), /nothing was discarded that somebody would have read/);
});

releases(
  'release/discard: each sender is woken once, and nothing that it writes then wakes the receiver',
  () => {
    const { gates, partitions, read, rings, whileParked, write } = many({ senders: 2 });
    const gate = gates[0]!;
    write(0, 0, 1);
    partitions[0]!.flush();
    whileParked(0, CREDIT, () =>
      whileParked(1, CREDIT, () => {
        gate.release();
        assert.equal([rings(0), rings(1)], [1, 1]);
        gate.release();
        gate.ringOwed();
        assert.equal([rings(0), rings(1)], [1, 1]);
      }),
    );
    read(0);
    const buffersIn = gate.buffersIn;
    whileParked(2, INPUT, () => {
      for (const sender of [0, 1]) {
        partitions[sender]!.refresh();
        for (let value = 1; value <= 50; value++) write(sender, 0, value);
        partitions[sender]!.flush();
      }
      assert.equal([gate.isInputReady(), rings(2)], [false, 0]);
      for (const partition of partitions) partition.finish();
      assert.equal([gate.isInputReady(), rings(2)], [true, 2], 'but their ends do');
    });
    assert.equal([read(0), gate.buffersIn], [0, buffersIn]);
  },
);

releases('release/discard: the watermarks of a channel that was left wait for nothing', () => {
  const { exchange, gate, got, partition } = pair({ exclusivePerChannel: 1 });
  gate.release();
  for (let watermark = 1; watermark <= 50; watermark++) {
    partition.emitWatermark(watermark);
    assert.is(partition.flush(), true);
  }
  endAll(exchange, [partition], () => drain(exchange, gate, got));
  assert.equal(got, [['END']]);
});

releases('release/discard: no buffer is begun for a watermark that nobody reads', () => {
  const all = many({ receivers: 2 });
  const { exchange, gates, partitions, read, got } = all;
  gates[0]!.release();
  const [partition] = partitions;
  partition!.refresh();
  partition!.emitWatermark(5);
  partition!.emitIdle(true);
  assert.is(partition!.flush(), true);
  read(1);
  assert.equal(got[1], [['w5', 'i1']]);
  assert.equal(counts(exchange), [0, 0, 0]);
  endAll(exchange, partitions, () => [0, 1].map((receiver) => read(receiver)));
  assert.equal(counts(exchange), [0, 0, 0]);
});

releases('release/end: what was published before the end is read and dropped, credit or none', () => {
  for (const changes of [{}, { exclusivePerChannel: 0, floatingPerGate: 1 }]) {
    const { exchange, gate, got, partition, write } = pair(changes);
    for (let value = 1; value <= 8; value++) write(value, 64);
    partition.finish();
    gate.release();
    assert.is(drain(exchange, gate, got), 0);
    assert.equal([got, counts(exchange)], [[['END']], [8, 8, 0]]);
    partition.refresh();
    assert.equal([partition.freeSegments, counts(exchange)], [all(exchange), [8, 8, 0]]);
    exchange.assertConserved();
  }
});

releases('release/drop: a gate that waits at a barrier and is left tells none, and its senders go on', () => {
  const { exchange, gates, partitions, got, read, write } = many({ senders: 2, exclusivePerChannel: 1 });
  const gate = gates[0]!;
  for (const value of [1, 2]) {
    write(0, 0, value);
    partitions[0]!.emitBarrier(value);
  }
  write(0, 0, 3);
  partitions[0]!.flush();
  const found: number[] = [];
  for (let event = gate.poll(); event !== GATE_EMPTY; event = gate.poll()) {
    found.push(event);
    if (event === GATE_BUFFER) gate.recycle();
  }
  assert.equal(found, [GATE_BUFFER, GATE_BUFFER], 'then it waits for the barrier of the other');
  gate.release();
  partitions[1]!.emitBarrier(2);
  assert.is(gate.poll(), GATE_EMPTY);
  for (const partition of partitions) partition.emitBarrier(3);
  assert.is(gate.poll(), GATE_EMPTY);
  for (const [sender, partition] of partitions.entries()) {
    write(sender, 0, 9);
    partition.finish();
  }
  const rest = [gate.poll(), gate.poll(), gate.poll()];
  assert.is(rest.filter((event) => event === GATE_CHANNEL_ENDED).length, 2);
  assert.not(rest.includes(GATE_BARRIER));
  assert.is(read(0), 0);
  assert.equal(got[0], []);
  exchange.assertConserved();
});

releases('release/drop, debloat/lent: a gate that was left tells no sizes and lends nothing for them', () => {
  const debloat = { targetMs: 1, periodMs: 1, samples: 1, threshold: 0.2, bufferBytesMin: 8 };
  const { exchange, gates, partitions, read, write } = many({ floatingPerGate: 4 }, debloat);
  const gate = gates[0]!;
  assert.is(gate.isDebloatDue(1e6), true);
  for (let value = 1; value <= 9; value++) write(0, 0, value);
  gate.release();
  const { words, base } = exchange.channelMemory(0);
  const granted = words[base + CHANNEL.granted]!;
  assert.is(gate.isDebloatDue(1e6), false);
  read(0);
  for (let value = 1; value <= 9; value++) write(0, 0, value);
  read(0);
  assert.is(words[base + CHANNEL.granted], granted);
  endAll(exchange, partitions, () => read(0));
});

releases('partition/available: one that has left lets nothing begin for a receiver at its cap', () => {
  for (const isAdaptive of [false, true]) {
    const { exchange, gates, partitions, read, write } = many({
      ...{ receivers: 2, buffersPerSubpartitionMax: 2, exclusivePerChannel: 1 },
      isAdaptive,
    });
    const partition = partitions[0]!;
    for (let value = 1; value <= 4; value++) write(0, 0, value);
    gates[0]!.release();
    assert.is(partition.refresh(), true);
    for (let value = 1; value <= 4; value++) write(0, 1, value);
    assert.is(partition.refresh(), false, 'the other one is at its cap');
    assert.is(partition.isCreditReady(), false);
    gates[1]!.release();
    assert.is(partition.isCreditReady(), true);
    assert.is(partition.refresh(), true, 'nobody is left to wait for');
    endAll(exchange, partitions, () => [0, 1].map((receiver) => read(receiver)));
  }
});

releases('partition/turn: a receiver that has left is in no turn while another one has not', () => {
  for (const isAdaptive of [false, true]) {
    const { exchange, gates, got, partitions, read } = many({ receivers: 3, isAdaptive });
    const partition = partitions[0]!;
    const turns = (count: number): number[] =>
      Array.from({ length: count }, (_, value) => {
        const k = writeInTurn(exchange, partition, value, 64);
        for (const receiver of [0, 1, 2]) read(receiver);
        return k;
      });
    assert.equal(turns(4), [0, 1, 2, 0]);
    gates[1]!.release();
    partition.refresh();
    assert.equal(turns(4), [2, 0, 2, 0]);
    gates[0]!.release();
    partition.refresh();
    assert.equal(turns(3), [2, 2, 2]);
    gates[2]!.release();
    partition.refresh();
    assert.equal([...new Set(turns(6))].sort(), [0, 1, 2], 'it goes to nobody, whoever it is for');
    endAll(exchange, partitions, () => [0, 1, 2].map((receiver) => read(receiver)));
    assert.equal(got[1], [['END']], 'what was begun for it is discarded');
  }
});

releases(
  'exchange/broadcast-copies, release/discard: the copies of who has left are dropped, no others',
  () => {
    const { exchange, gates, got, partitions, read } = many({ receivers: 3, exclusivePerChannel: 1 });
    const broadcast = new BroadcastWriter(partitions[0]!, exchange.view.i32);
    for (let value = 1; value <= 60; value++) {
      if (value === 20) gates[0]!.release();
      if (value === 40) gates[2]!.release();
      writeToAll(exchange, broadcast, value, 24);
      for (const receiver of [0, 1, 2]) read(receiver);
    }
    endAll(exchange, partitions, () => [0, 1, 2].map((receiver) => read(receiver)));
    const values = (from: number, to: number): string[] =>
      Array.from({ length: to - from + 1 }, (_, n) => String(from + n));
    assert.equal(got[1], [[...values(1, 60), 'END']]);
    assert.equal(got[0]![0]!.slice(0, -1), values(1, got[0]![0]!.length - 1));
    assert.ok(got[0]![0]!.length < 20 && got[2]![0]!.length > 20 && got[2]![0]!.length < 40);
  },
);

releases.run();
