import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { writeInTurn } from '../kit/exchange-kit.js';
import { type Many, many } from '../kit/exchange-pair.js';

const turns = suite('turn of subpartitions');

/** Writes records of a whole buffer each; `01201` is who got them. */
function deal({ exchange, partitions }: Many, count: number, sender = 0, bytes = 64): string {
  const partition = partitions[sender]!;
  return Array.from({ length: count }, (_, i) => writeInTurn(exchange, partition, i, bytes)).join('');
}

const backlogs = ({ partitions }: Many): string =>
  partitions[0]!.subpartitions.map(({ channel }) => channel.backlog).join(' ');

turns(
  'partition/turn: a strict turn goes round whatever happens, and senders begin at different ones',
  () => {
    const all = many({ senders: 4, receivers: 3, buffersPerSubpartitionMax: 100 });
    assert.equal(
      [0, 1, 2, 3].map((sender) => deal(all, 7, sender)),
      ['0120120', '1201201', '2012012', '0120120'],
    );
    for (const receiver of [1, 2]) all.read(receiver);
    assert.is(deal(all, 4), '1201', 'receiver 0 reads nothing, and gets its share');
  },
);

turns('partition/turn: while receivers keep up an adaptive turn is strict', () => {
  const all = many({ receivers: 3, exclusivePerChannel: 4, isAdaptive: true });
  for (let round = 0; round < 20; round++) {
    assert.is(deal(all, 3, 0, 24), '012');
    if (round % 3 === 0) all.partitions[0]!.flush();
    for (const receiver of [0, 1, 2]) all.read(receiver);
  }
});

turns('partition/turn: a flush after every record leaves the turn where it was', () => {
  const all = many({ receivers: 3, isAdaptive: true });
  let dealt = '';
  for (let i = 0; i < 12; i++) {
    dealt += deal(all, 1, 0, 24);
    all.partitions[0]!.flush();
    for (const receiver of [0, 1, 2]) all.read(receiver);
  }
  assert.is(dealt, '012012012012');
});

turns('partition/turn: receivers with a credit come first, then those with the fewest buffers', () => {
  const all = many({
    receivers: 3,
    exclusivePerChannel: 1,
    buffersPerSubpartitionMax: 100,
    isAdaptive: true,
  });
  const partition = all.partitions[0]!;
  const open = (k: number) => partition.subpartitions[k]!.pos > 0;
  assert.is(deal(all, 3), '012');
  assert.is(
    deal(all, 1),
    '2',
    'each in turn finishes a full buffer and gives way to one that has a credit left',
  );
  assert.is(deal(all, 2), '01');
  assert.is(backlogs(all), '0 0 0');
  all.read(1); // its only credit comes back
  assert.is(partition.refresh(), true);
  assert.is(deal(all, 1), '1');
  assert.equal([backlogs(all), open(0), open(2)], ['0 0 0', true, true], 'the others were not touched');
  assert.is(deal(all, 1), '1', 'nobody has a credit: each has as many buffers as the others, in turn');
  assert.is(backlogs(all), '1 1 1');
  assert.is(deal(all, 2), '20');
  all.read(0, 1);
  partition.refresh();
  assert.is(backlogs(all), '0 1 1');
  assert.is(deal(all, 1), '0', 'the one with the fewest');
  assert.is(backlogs(all), '1 1 1');
});

turns('partition/turn: who comes back is fed again, and the turn goes on after the last one', () => {
  const all = many({
    receivers: 3,
    exclusivePerChannel: 1,
    buffersPerSubpartitionMax: 100,
    isAdaptive: true,
  });
  deal(all, 9);
  for (let i = 0; i < 4; i++) {
    for (const receiver of [1, 2]) all.read(receiver);
    all.partitions[0]!.refresh();
    assert.match(deal(all, 2), /^(12|21)$/);
  }
  for (const receiver of [0, 1, 2]) all.read(receiver);
  all.partitions[0]!.refresh();
  const before = deal(all, 1);
  assert.is(deal(all, 2, 0, 24), `${(Number(before) + 1) % 3}${(Number(before) + 2) % 3}`);
});

turns('partition/available: one receiver below its cap is enough where the turn is adaptive', () => {
  for (const isAdaptive of [false, true]) {
    const all = many({ receivers: 2, exclusivePerChannel: 1, buffersPerSubpartitionMax: 2, isAdaptive });
    const partition = all.partitions[0]!;
    while (partition.available) deal(all, 1);
    assert.is(partition.refresh(), false);
    assert.match(backlogs(all), isAdaptive ? /^2 2$/ : /^(2 1|1 2|2 2)$/);
    all.read(1, 2);
    const isReady = partition.isCreditReady();
    assert.equal([isReady, partition.refresh()], [isAdaptive, isAdaptive]);
    if (isAdaptive) assert.is(deal(all, 1), '1');
  }
});

turns('partition/turn: a receiver that never reads is left out, and the others get everything', () => {
  const counts = [0, 0, 0, 0];
  const all = many({
    receivers: 4,
    buffersPerSubpartitionMax: 4,
    overdraftPerPartition: 4,
    isAdaptive: true,
  });
  const partition = all.partitions[0]!;
  for (let i = 0; i < 5000; i++) {
    if (!partition.available && !partition.refresh()) {
      for (const receiver of [0, 1, 3]) all.read(receiver, 1 + (i % 3));
      continue;
    }
    const k = Number(deal(all, 1));
    counts[k]!++;
    const { channel } = partition.subpartitions[k]!;
    const others = partition.subpartitions.filter((sub) => sub.channel.backlog < 4);
    assert.ok(channel.backlog < 4 || others.length === 0, 'nothing goes to one at its cap');
    partition.assertConserved();
  }
  assert.ok(counts[2]! <= 2 + 4 + 1, `the stalled one has its credits, its cap and an open one: ${counts}`);
  for (const k of [0, 1, 3]) assert.ok(counts[k]! > 1000, `${counts}`);
});

turns('wait/hard: where the turn is adaptive nothing more is written either after an error', () => {
  const all = many({
    receivers: 2,
    exclusivePerChannel: 1,
    buffersPerSubpartitionMax: 100,
    isAdaptive: true,
  });
  all.whileWaiting = () => {
    throw new Error('stopped');
  };
  assert.throws(() => deal(all, 100), 'stopped');
  const partition = all.partitions[0]!;
  const sent = partition.buffersOut;
  for (const k of [0, 1]) assert.throws(() => partition.yieldTurn(k, 64), /TASK_CANCELLED/);
  assert.is(partition.buffersOut, sent);
});

turns('watermark/pending: a receiver whose buffer has no room for a watermark too may be passed over', () => {
  const all = many({ receivers: 2, exclusivePerChannel: 1, buffersPerSubpartitionMax: 1, isAdaptive: true });
  const partition = all.partitions[0]!;
  for (const k of [0, 1]) all.write(0, k, 1, 64);
  for (const k of [0, 1]) all.write(0, k, 2, k === 0 ? 40 : 16); // the credits are used up
  partition.emitWatermark(7);
  assert.is(partition.turn.next(), 0);
  assert.is(partition.yieldTurn(0, 24), 1);
  assert.is(backlogs(all), '1 0');
});

turns('watermark/pending: a watermark stands before the next record of an adaptive turn', () => {
  const all = many({ receivers: 2, exclusivePerChannel: 4, isAdaptive: true });
  deal(all, 2, 0, 40);
  all.partitions[0]!.emitWatermark(7);
  deal(all, 2, 0, 40); // does not fit any more with the watermark
  all.partitions[0]!.finish();
  for (const receiver of [0, 1]) all.read(receiver);
  assert.equal(
    all.got.map(([elements]) => elements),
    [
      ['0', 'w7', '0', 'END'],
      ['1', 'w7', '1', 'END'],
    ],
  );
  all.exchange.assertConserved();
});

turns.run();
