import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { cancelled } from '../../engine/exchange/hard-waiter.js';
import { INPUT } from '../../engine/memory/parker.js';
import { drain } from '../kit/exchange-kit.js';
import { many, pair } from '../kit/exchange-pair.js';

const partitions = suite('result partition');

/** Takes away all free segments by buffers for receiver 1, which is never read meanwhile. */
function exhaust(all: ReturnType<typeof many>): void {
  for (let value = 1000; all.partitions[0]!.freeSegments > 0; value++) all.write(0, 1, value);
}

partitions(
  'partition/available: a subpartition at its cap stops the next record however often one looks',
  () => {
    const { partition, write } = pair({ buffersPerSubpartitionMax: 3 });
    for (let value = 1; partition.available; value++) write(value, 64);
    assert.is(partition.backlog, 3);
    assert.equal([partition.refresh(), partition.refresh()], [false, false]);
  },
);

partitions('partition/available: a flush learns of all the room that came, though it sends nothing', () => {
  const { exchange, gate, got, partition, write } = pair({ buffersPerSubpartitionMax: 3 });
  for (let value = 1; partition.available; value++) write(value, 64);
  assert.is(drain(exchange, gate, got), 5);
  assert.is(partition.flush(), true);
  assert.equal([partition.available, partition.freeSegments], [true, exchange.segmentsOfSender(0).length]);
});

partitions(
  'pool/overdraft: what a task that has no room waits for is one segment above the overdraft',
  () => {
    const { exchange, gate, got, partition, write } = pair({
      overdraftPerPartition: 4,
      buffersPerSubpartitionMax: 100,
    });
    while (partition.available) write(0, 64);
    assert.equal([partition.freeSegments, partition.isCreditReady()], [4, false]);
    drain(exchange, gate, got, 1);
    assert.equal([partition.isCreditReady(), partition.refresh(), partition.freeSegments], [true, true, 5]);
  },
);

partitions(
  'flush/only-if-sendable: a buffer that could be sent wakes nobody who did not ask to send it',
  () => {
    const { partition, write } = pair();
    write(1);
    assert.is(partition.isCreditReady(), false);
    partition.emitWatermark(2);
    assert.is(partition.isCreditReady(), false);
  },
);

partitions('partition/available: room that came is known when the next buffer is opened', () => {
  const { partitions, read, write } = many({ receivers: 2, buffersPerSubpartitionMax: 2 });
  const partition = partitions[0]!;
  for (let value = 1; partition.available; value++) write(0, 0, value);
  read(0);
  write(0, 1, 1); // a record that has begun
  assert.is(partition.available, true);
});

partitions(
  'watermark/pending: idleness too stands before the next record, and later ones need no roll',
  () => {
    const { exchange, gate, got, partition, write } = pair();
    const sub = partition.subpartitions[0]!;
    write(1);
    assert.is(sub.limit, sub.end);
    partition.emitIdle(true);
    assert.is(sub.limit, 0);
    write(2, 16);
    assert.is(sub.limit, sub.end);
    partition.finish();
    drain(exchange, gate, got);
    assert.equal(got[0], ['1', 'i1', '2', 'END']);
  },
);

partitions('flush/only-if-sendable: a watermark that found no credit is sent when CREDIT comes', () => {
  const { got, partitions, read, write } = many({ exclusivePerChannel: 1 });
  const partition = partitions[0]!;
  write(0, 0, 1);
  assert.is(partition.flush(), true);
  partition.emitWatermark(2); // no buffer is open, and the credit is gone
  assert.equal([partition.flush(), partition.isCreditReady()], [false, false]);
  read(0);
  assert.is(partition.isCreditReady(), true);
  assert.equal([partition.flush(), partition.isCreditReady()], [true, false]);
  read(0);
  assert.equal(got[0]![0], ['1', 'w2']);
});

partitions('flush/only-if-sendable: a watermark without room takes one credit for the rows before it', () => {
  const { got, partitions, read, write } = many({ exclusivePerChannel: 1 });
  const partition = partitions[0]!;
  write(0, 0, 1, 56);
  partition.emitWatermark(2);
  assert.equal([partition.flush(), partition.isCreditReady()], [false, false]);
  assert.equal(
    [partition.buffersOut, partition.backlog],
    [1, 0],
    'no buffer is finished that waits for credit',
  );
  read(0);
  assert.is(partition.isCreditReady(), true);
  assert.is(partition.flush(), true);
  read(0);
  assert.equal(got[0]![0], ['1', 'w2']);
});

partitions('flush/only-if-sendable: a flush never waits for a segment to write a watermark into', () => {
  const all = many({ receivers: 2, buffersPerSubpartitionMax: 100 });
  const partition = all.partitions[0]!;
  exhaust(all);
  partition.emitWatermark(5);
  assert.is(partition.flush(), false);
  assert.is(partition.isCreditReady(), false, 'a credit is there, a segment is not');
  all.read(1, 1);
  assert.is(partition.isCreditReady(), true);
  partition.flush(); // finds the segment on the second channel,
  assert.is(partition.isCreditReady(), true);
  partition.flush(); // and fills it for the first
  assert.is(partition.isCreditReady(), false);
  all.read(0);
  assert.equal(all.got[0]![0], ['w5']);
});

partitions('pool/yield: while a record waits hard, a credit for another open buffer is a segment too', () => {
  const all = many({ receivers: 3, exclusivePerChannel: 1, buffersPerSubpartitionMax: 100 });
  const partition = all.partitions[0]!;
  all.write(0, 0, 1);
  all.write(0, 0, 2, 24); // finishes the first; the second stays open, and no credit waits for it
  exhaust(all);
  let waits = 0;
  all.whileWaiting = () => {
    waits++;
    assert.is(partition.isSegmentReady(), false, 'what is open cannot swap yet');
    assert.is(all.read(0, 1), 1);
    assert.is(partition.isSegmentReady(), true);
  };
  all.write(0, 2, 3); // its own credit waits, but it has nothing to write into
  assert.is(waits, 1);
  partition.assertConserved();
});

partitions('pool/yield: a credit on any channel ends a hard wait', () => {
  for (const reader of [1, 2]) {
    const all = many({ receivers: 3, exclusivePerChannel: 1, buffersPerSubpartitionMax: 100 });
    for (let i = 0; all.partitions[0]!.freeSegments > 0; i++) all.write(0, 1 + (i % 2), i);
    all.whileWaiting = () => void all.read(reader, 1);
    all.write(0, 0, 1);
    all.partitions[0]!.assertConserved();
  }
});

partitions('wait/coalesce: a wait during the end rings for all buffers finished before', () => {
  const all = many({ receivers: 3, exclusivePerChannel: 1, buffersPerSubpartitionMax: 100 });
  const partition = all.partitions[0]!;
  partition.emitWatermark(1);
  partition.flush();
  for (const receiver of [0, 2]) all.read(receiver);
  partition.emitWatermark(2);
  assert.is(partition.flush(), false, 'receiver 1 did not read, so its watermark has no credit');
  for (let value = 1; partition.freeSegments > 0; value++) all.write(0, 2, value);
  let waits = 0;
  all.whileWaiting = () => {
    waits++;
    assert.is(all.rings(3), 1);
    all.read(2, 1);
  };
  all.whileParked(3, INPUT, () => partition.finish());
  assert.is(waits, 1, 'for a segment to write the watermark of receiver 1 into');
  for (const receiver of [0, 1, 2]) all.read(receiver);
  assert.equal(all.got[1]![0], ['w1', 'w2', 'END']);
  all.exchange.assertConserved();
});

partitions('a record that was begun and not written leaves an empty buffer, which is never sent', () => {
  const all = many({ receivers: 2, buffersPerSubpartitionMax: 100 });
  const partition = all.partitions[0]!;
  partition.roll(0, 24); // a user function threw after this
  assert.is(partition.flush(), true);
  assert.is(partition.isCreditReady(), false);
  exhaust(all);
  all.whileWaiting = () => {
    assert.is(partition.isSegmentReady(), false);
    all.read(1, 1);
  };
  all.write(0, 1, 1);
  partition.finish();
  for (const receiver of [0, 1]) all.read(receiver);
  assert.equal(all.got[0]![0], ['END']);
  all.exchange.assertConserved();
});

partitions('wait/hard: after a wait that ended in an error nothing more is written or sent', () => {
  const all = many({ receivers: 2, exclusivePerChannel: 1, buffersPerSubpartitionMax: 100 });
  const partition = all.partitions[0]!;
  all.write(0, 0, 1);
  all.write(0, 0, 2, 24); // stays open, without a credit
  exhaust(all);
  all.whileWaiting = () => {
    throw cancelled();
  };
  assert.throws(() => all.write(0, 1, 3), /TASK_CANCELLED/);
  const sent = partition.buffersOut;
  for (const receiver of [0, 1]) all.read(receiver, 2);
  for (const receiver of [0, 1])
    assert.throws(() => all.write(0, receiver, 4, 24), /TASK_CANCELLED/, `receiver ${receiver}`);
  assert.throws(() => partition.finish(), /TASK_CANCELLED/);
  assert.equal([partition.flush(), partition.buffersOut], [true, sent]);
});

partitions(
  'wait/hard: a sender that is cancelled leaves what it sent, and no other channel is touched',
  () => {
    const all = many({ senders: 2, receivers: 2 });
    for (const sender of [0, 1]) for (const value of [1, 2]) all.write(sender, 0, value);
    all.control.requestStop(0);
    assert.throws(() => all.write(0, 0, 3), /TASK_CANCELLED/);
    assert.throws(() => all.write(0, 1, 3), /TASK_CANCELLED/, 'nor to another receiver');
    all.write(1, 0, 3);
    all.write(1, 1, 4);
    all.partitions[1]!.finish();
    for (const receiver of [0, 1]) all.read(receiver);
    assert.equal(all.got[0], [
      ['1', '2'],
      ['1', '2', '3', 'END'],
    ]);
    assert.equal(all.got[1]![1], ['4', 'END']);
  },
);

partitions(
  'flush/only-if-sendable: a flush behind finished buffers sends the open one after them, and rings once',
  () => {
    const all = many({ exclusivePerChannel: 3 });
    const partition = all.partitions[0]!;
    for (const value of [1, 2, 3]) all.write(0, 0, value);
    partition.ringOwed();
    all.whileParked(1, INPUT, () => {
      assert.equal([partition.buffersOut, all.rings(1)], [2, 0]);
      assert.is(partition.flush(), true);
      partition.flush();
      assert.equal([partition.buffersOut, all.rings(1)], [3, 1]);
    });
    assert.is(all.read(0), 3);
    assert.equal(all.got[0]![0], ['1', '2', '3']);
  },
);

partitions('the backlog is of finished buffers without a credit, whatever finished them', () => {
  const all = many({ exclusivePerChannel: 1 });
  const partition = all.partitions[0]!;
  const backlogAfter = (act: () => unknown): number => {
    act();
    return partition.backlog;
  };
  const seen = [
    backlogAfter(() => all.write(0, 0, 1)), // open
    backlogAfter(() => partition.flush()), // a credit waited for it
    backlogAfter(() => all.write(0, 0, 2)), // open
    backlogAfter(() => partition.flush()), // stays open, since no credit waits
    backlogAfter(() => partition.emitBarrier(1)), // finishes it, and takes no place itself
    backlogAfter(() => all.write(0, 0, 3)),
    backlogAfter(() => all.write(0, 0, 4)), // finishes the one before
    backlogAfter(() => partition.finish()),
  ];
  assert.equal(seen, [0, 0, 0, 0, 1, 1, 2, 3]);
});

partitions('bytes and buffers on the way are what was sent and not read', () => {
  const all = many({ receivers: 2, exclusivePerChannel: 4 });
  const [partition, gates] = [all.partitions[0]!, all.gates];
  const onTheWay = (): readonly number[] => [
    partition.buffersOut - gates.reduce((sum, { buffersIn }) => sum + buffersIn, 0),
    partition.bytesOut - gates.reduce((sum, { bytesIn }) => sum + bytesIn, 0),
  ];
  all.write(0, 0, 1, 48);
  assert.equal(onTheWay(), [0, 0], 'it is open');
  all.write(0, 0, 2, 40);
  all.write(0, 1, 3, 24);
  assert.equal(onTheWay(), [1, 48]);
  partition.emitWatermark(5); // 16 bytes for each
  partition.flush();
  assert.equal(onTheWay(), [3, 48 + 40 + 16 + 24 + 16]);
  all.read(0, 1);
  assert.equal(onTheWay(), [2, 40 + 16 + 24 + 16]);
  all.read(1);
  assert.equal(onTheWay(), [1, 40 + 16]);
  all.read(0);
  assert.equal(onTheWay(), [0, 0]);
});

partitions('wait/hard: the stop word that counts is that of the task which sends', () => {
  const { control, write } = many({ senderTasks: [1], receiverTasks: [0] });
  control.requestStop(0);
  write(0, 0, 1);
  control.requestStop(1);
  assert.throws(() => write(0, 0, 2), /TASK_CANCELLED/);
});

partitions.run();
