import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BufferDebloater } from '../../engine/exchange/buffer-debloater.js';
import { dump } from '../../engine/memory/layout.js';
import { type Many, many } from '../kit/exchange-pair.js';

const debloats = suite('buffer debloating');

const KB = 1024;
const USUAL = { targetMs: 1000, periodMs: 200, samples: 20, threshold: 0.25, bufferBytesMin: 256 };

/** One channel read at a rate for some periods, with as many buffers on the way. */
function sizeAfter(bytesPerMs: number, buffers: number, options = USUAL, periods = 5): number {
  const debloater = new BufferDebloater(options, 32 * KB, 1);
  for (let n = 0; n <= periods; n++)
    debloater.endPeriod(n * 200, [n * 200 * bytesPerMs], [buffers], [32 * KB]);
  return debloater.bufferBytes(0);
}

debloats('a buffer gets its share of what is read within the target time, within its bounds', () => {
  assert.is(sizeAfter(80, 10), 8000);
  assert.is(sizeAfter(80, 10, { ...USUAL, targetMs: 500 }), 4000);
  assert.is(sizeAfter(81, 1), 32 * KB, 'no more than a segment');
  assert.is(sizeAfter(0.1, 10), 256, 'no less than the minimum');
  assert.is(sizeAfter(20, 0), 20_000, 'where nothing is on the way, the next buffer may be all there is');
});

debloats(
  'only time in which a task did not wait for input counts, and a silent channel keeps its size',
  () => {
    const debloater = new BufferDebloater(USUAL, 32 * KB, 2);
    debloater.endPeriod(0, [0, 0], [10, 10], [1e6, 1e6]);
    debloater.endPeriod(50, [4000, 0], [10, 10], [1e6, 1e6]);
    assert.equal([debloater.bufferBytes(0), debloater.bufferBytes(1)], [8000, 32 * KB]);
    debloater.endPeriod(50, [4000, 0], [10, 10], [1e6, 1e6]);
    assert.is(debloater.bufferBytes(0), 8000, 'a period of waiting changes nothing');
    assert.equal([debloater.segments(0), debloater.segments(1)], [3, Number.POSITIVE_INFINITY]);
  },
);

debloats('a change below the threshold is told when it stays, and one to a bound at once', () => {
  const debloater = new BufferDebloater({ ...USUAL, samples: 1 }, 32 * KB, 1);
  let bytes = 0;
  let activeMs = 0;
  const next = (bytesPerMs: number): number => {
    bytes += 200 * bytesPerMs;
    activeMs += 200;
    debloater.endPeriod(activeMs, [bytes], [10], [32 * KB]);
    return debloater.bufferBytes(0);
  };
  next(100);
  assert.equal([100, 124, 76, 125, 100, 93].map(next), [10_000, 10_000, 10_000, 12_504, 12_504, 9304]);
  assert.equal([2.6, 2.5, 320, 330].map(next), [264, 256, 32_000, 32 * KB]);
  next(100);
  assert.equal([110, 90, 110, 110, 110, 104].map(next), [10_000, 10_000, 10_000, 10_000, 11_000, 11_000]);
  assert.equal([100, 100].map(next), [11_000, 10_000], 'a little less, three times on end');
});

debloats('what whole records leave empty of a buffer is added, but not what a flush leaves', () => {
  const sizeFor = (lastBytes: number): number => {
    const debloater = new BufferDebloater(USUAL, 32 * KB, 1);
    for (let n = 0; n <= 2; n++)
      debloater.endPeriod(n * 200, [n * 200 * 80], [10], [n === 2 ? lastBytes : 32 * KB]);
    return debloater.bufferBytes(0);
  };
  assert.equal([8000, 5000, 100].map(sizeFor), [8000, 12_800, 16_000]);
});

debloats('the throughput is that of the last samples, and no older one', () => {
  const debloater = new BufferDebloater({ ...USUAL, samples: 4, threshold: 0 }, 32 * KB, 1);
  const sizes: number[] = [];
  for (let n = 0, bytes = 0; n < 12; n++) {
    bytes += n <= 4 ? 200 * 100 : 200 * 20;
    debloater.endPeriod(n * 200, [bytes], [10], [32 * KB]);
    sizes.push(debloater.bufferBytes(0));
  }
  assert.equal(sizes.slice(4), [10_000, 8000, 6000, 4000, 2000, 2000, 2000, 2000]);
});

/** The bytes to fill that a receiver told to sender 0. */
function told(all: Many): number {
  const { words, base } = all.exchange.channelMemory(0);
  return dump('channel', words.buffer, base * 4)['fill']!;
}

/** Lets the first gate read 16 bytes per ms of two channels for two periods, and debloat. */
function shrunk(changes = {}): Many {
  const all = many({ segmentBytes: 512, ...changes }, { ...USUAL, targetMs: 20, bufferBytesMin: 64 });
  all.gates[0]!.debloat(0, 0);
  for (let value = 1; value <= 40; value++) {
    while (!all.partitions[0]!.refresh()) all.read(0, 1);
    all.write(0, 0, value, 512);
  }
  all.gates[0]!.debloat(200, 2000);
  return all;
}

debloats('debloat/fill: a sender fills as much as its receiver says, from the next buffer on', () => {
  const all = shrunk();
  const fill = told(all);
  assert.ok(fill >= 64 && fill < 128, `${fill} bytes`);
  all.read(0);
  const before = all.partitions[0]!.buffersOut;
  for (let value = 41; value <= 80; value++) {
    while (!all.partitions[0]!.refresh()) all.read(0, 1);
    all.write(0, 0, value, 32);
  }
  const perBuffer = Math.floor(fill / 32);
  const buffers = all.partitions[0]!.buffersOut - before;
  assert.ok(Math.abs(buffers - 40 / perBuffer) <= 2, `${buffers} buffers of ${perBuffer} records`);
});

/** Tells the sender how much of a segment to fill for a receiver. */
function tell(all: Many, receiver: number, bytes: number): void {
  all.exchange.receiverEnd(receiver, 0).fillBytes = bytes;
}

debloats('debloat/fill: a size told before anything was sent is that of the first buffer', () => {
  const all = many({ segmentBytes: 512 });
  tell(all, 0, 64);
  for (let value = 1; value <= 3; value++) all.write(0, 0, value, 32);
  assert.equal([all.partitions[0]!.buffersOut, all.partitions[0]!.bytesOut], [1, 64]);
});

debloats('debloat/fill: an open buffer keeps its size, and no size told is larger than a segment', () => {
  const all = many({ segmentBytes: 128 });
  const sizes = (): number[] => {
    const partition = all.partitions[0]!;
    const found: number[] = [];
    for (let before = partition.bytesOut, value = 1; value <= 12; value++) {
      all.write(0, 0, value, 16);
      if (partition.bytesOut > before) found.push(partition.bytesOut - before);
      before = partition.bytesOut;
    }
    all.read(0);
    partition.refresh();
    return found;
  };
  all.write(0, 0, 0, 16);
  tell(all, 0, 32);
  assert.equal(sizes(), [128, 32, 32], 'what was open is filled to its end, and the next ones are small');
  tell(all, 0, 8);
  assert.equal(sizes().slice(1, 4), [16, 16, 16], 'each holds at least its first record');
  tell(all, 0, 4096);
  assert.equal(sizes(), [16, 128]);
});

debloats('debloat/fill: each receiver has buffers of the size that it told', () => {
  const all = many({ receivers: 3, segmentBytes: 512 });
  tell(all, 0, 64);
  tell(all, 2, 128);
  const buffers = [0, 1, 2].map((receiver) => {
    const before = all.partitions[0]!.buffersOut;
    for (let value = 1; value <= 9; value++) all.write(0, receiver, value, 32);
    return all.partitions[0]!.buffersOut - before;
  });
  assert.equal(buffers, [4, 0, 2]);
});

debloats(
  'debloat/lent, end/reclaim: sizes told after a channel has ended lend it nothing and change nothing',
  () => {
    const all = many({ senders: 2, floatingPerGate: 3 }, USUAL);
    const gate = all.gates[0]!;
    for (let value = 1; value <= 4; value++) all.write(0, 0, value);
    all.partitions[0]!.finish();
    all.read(0);
    const before = all.exchange.ledger.counts();
    for (let period = 0; period < 3; period++) gate.debloat(period, period);
    assert.equal(all.exchange.ledger.counts(), before);
    all.write(1, 0, 1);
    all.partitions[1]!.flush();
    all.read(0); // a gate that has read all has its floating segments
    all.partitions[1]!.finish();
    all.read(0);
    gate.debloat(9, 9);
    all.exchange.assertConserved();
  },
);

debloats('debloat/fill: a record larger than a shrunk buffer still fits its segment', () => {
  const all = shrunk();
  all.read(0);
  all.write(0, 0, 41, 480);
  all.partitions[0]!.finish();
  all.read(0);
  assert.equal(all.got[0]![0]!.slice(-2), ['41', 'END']);
});

debloats(
  'debloat/grow: while no segment is free, a shrunk buffer is filled further instead of waiting',
  () => {
    const all = shrunk({ receivers: 2 });
    const partition = all.partitions[0]!;
    all.read(0);
    partition.refresh();
    all.write(0, 0, 41, 32);
    for (let value = 1; partition.freeSegments > 0; value++) all.write(0, 1, value, 512);
    const before = partition.buffersOut;
    for (let value = 42; value <= 56; value++) all.write(0, 0, value, 32);
    assert.is(partition.buffersOut, before, 'sixteen records of 32 bytes are in one buffer');
    all.write(0, 0, 57, 32);
    assert.is(partition.buffersOut, before + 1);
  },
);

debloats(
  'debloat/lent: a channel that is read slowly is lent no more than its target needs, and gets it back',
  () => {
    const spec = {
      segmentBytes: 512,
      exclusivePerChannel: 1,
      floatingPerGate: 6,
      buffersPerSubpartitionMax: 4,
    };
    const all = many(spec, { ...USUAL, targetMs: 100, samples: 1, bufferBytesMin: 512 });
    const gate = all.gates[0]!;
    const lent = (): number => {
      const { words, base } = all.exchange.channelMemory(0);
      const line = dump('channel', words.buffer, base * 4);
      return (line['granted']! - line['head']!) | 0;
    };
    const period = (nowMs: number, buffers: number): void => {
      for (let n = 0; n < buffers; n++) {
        while (all.partitions[0]!.refresh()) all.write(0, 0, 1, 512);
        all.read(0, 1);
      }
      gate.debloat(nowMs, nowMs);
    };
    period(0, 20);
    assert.is(lent(), 7);
    period(200, 4); // 4 buffers in 200 ms are 2 in 100
    period(400, 8);
    assert.is(lent(), 4, 'what it had beyond 2 went home as it was read; 4 now');
    period(600, 40);
    period(800, 40);
    assert.is(lent(), 7);
  },
);

debloats('what is on the way follows the target within a quarter, at rates that differ tenfold', () => {
  const targetMs = 100;
  const all = many(
    { senders: 2, segmentBytes: 4 * KB, exclusivePerChannel: 2, floatingPerGate: 8 },
    { ...USUAL, targetMs },
  );
  const [gate, partitions] = [all.gates[0]!, all.partitions];
  let [nowMs, budget] = [0, 0];
  const onTheWay = (): number => partitions.reduce((sum, { bytesOut }) => sum + bytesOut, 0) - gate.bytesIn;
  const run = (forMs: number, bytesPerMs: number): number => {
    for (let ms = 0; ms < forMs; ms++, nowMs++) {
      for (const [sender, partition] of partitions.entries())
        while (partition.available || partition.refresh()) all.write(sender, 0, 1, 64);
      for (budget += bytesPerMs; budget > 0; ) {
        const before = gate.bytesIn;
        if (all.read(0, 1) === 0) break;
        budget -= gate.bytesIn - before;
      }
      if (gate.isDebloatDue(nowMs)) gate.debloat(nowMs, nowMs);
    }
    return onTheWay() / bytesPerMs;
  };
  for (const bytesPerMs of [100, 1000, 100, 1000]) {
    const ms = run(5000, bytesPerMs);
    assert.ok(Math.abs(ms - targetMs) <= targetMs / 4, `${ms} ms of data at ${bytesPerMs} bytes/ms`);
  }
});

debloats.run();
