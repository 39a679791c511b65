import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BroadcastWriter } from '../../engine/exchange/broadcast-writer.js';
import { writeToAll } from '../kit/exchange-kit.js';
import { type Many, many } from '../kit/exchange-pair.js';

const broadcasts = suite('broadcast writer');

const writerOf = ({ partitions, exchange }: Many): BroadcastWriter =>
  new BroadcastWriter(partitions[0]!, exchange.view.i32);

broadcasts(
  'exchange/broadcast-copies: every receiver reads every record, in order, from segments of its own',
  () => {
    const all = many({ receivers: 3, segmentBytes: 256 });
    const broadcast = writerOf(all);
    const expected: string[] = [];
    all.whileWaiting = () => {
      for (const receiver of [2, 0, 1]) all.read(receiver, 1);
    };
    for (let value = 1; value <= 200; value++) {
      writeToAll(all.exchange, broadcast, value, 16 + 8 * (value % 30));
      expected.push(String(value));
      if (value % 17 === 0) {
        all.partitions[0]!.emitWatermark(value);
        expected.push(`w${value}`);
      }
    }
    all.partitions[0]!.finish();
    for (const receiver of [0, 1, 2]) all.read(receiver);
    for (const receiver of [0, 1, 2]) assert.equal(all.got[receiver]![0], [...expected, 'END']);
    all.exchange.assertConserved();
  },
);

broadcasts(
  'exchange/broadcast-copies: a wait that gives an open buffer away comes before the first byte',
  () => {
    const all = many({ receivers: 3, exclusivePerChannel: 1, buffersPerSubpartitionMax: 100 });
    const partition = all.partitions[0]!;
    const broadcast = writerOf(all);
    writeToAll(all.exchange, broadcast, 1);
    partition.flush();
    writeToAll(all.exchange, broadcast, 2);
    for (const receiver of [0, 1]) all.read(receiver);
    partition.flush(); // receiver 2 did not read: its buffer stays open
    writeToAll(all.exchange, broadcast, 3);
    for (let value = 1000; partition.freeSegments > 0; value++) all.write(0, 1, value);
    let waits = 0;
    all.whileWaiting = () => {
      waits++;
      all.read(waits === 1 ? 0 : 1, 1); // the first credit takes the open buffer of receiver 0, which has room
    };
    writeToAll(all.exchange, broadcast, 4); // fits the buffer of receiver 0 alone
    assert.ok(waits > 1);
    partition.finish();
    for (const receiver of [0, 1, 2]) all.read(receiver);
    const got = all.got.map(([elements]) => elements!.filter((element) => element.length < 4));
    for (const elements of got) assert.equal(elements, ['1', '2', '3', '4', 'END']);
    all.exchange.assertConserved();
  },
);

broadcasts('partition/available: one receiver at its cap stops a broadcast', () => {
  const all = many({ receivers: 2, exclusivePerChannel: 1, buffersPerSubpartitionMax: 2 });
  const broadcast = writerOf(all);
  while (all.partitions[0]!.available) {
    writeToAll(all.exchange, broadcast, 1, 64);
    all.read(0);
  }
  assert.equal([all.partitions[0]!.refresh(), all.partitions[0]!.isCreditReady()], [false, false]);
  all.read(1, 1);
  assert.equal([all.partitions[0]!.isCreditReady(), all.partitions[0]!.refresh()], [true, true]);
});

broadcasts('debloat/fill: the copies of a record go into buffers of the size that each receiver told', () => {
  const all = many({ receivers: 3, segmentBytes: 256, exclusivePerChannel: 8 });
  for (const [receiver, bytes] of [64, 256, 96].entries())
    all.exchange.receiverEnd(receiver, 0).fillBytes = bytes;
  const broadcast = writerOf(all);
  for (let value = 1; value <= 9; value++) writeToAll(all.exchange, broadcast, value, 32);
  assert.equal(
    [0, 1, 2].map((receiver) => all.read(receiver)),
    [4, 1, 2],
  );
});

broadcasts('a record that fits no segment is refused before anything is written', () => {
  const all = many({ receivers: 2 });
  assert.throws(() => writerOf(all).reserve(72), /RECORD_TOO_LARGE/);
  all.partitions[0]!.finish();
  for (const receiver of [0, 1]) all.read(receiver);
  assert.equal(
    all.got.map(([elements]) => elements),
    [['END'], ['END']],
  );
});

broadcasts.run();
