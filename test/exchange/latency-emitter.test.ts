import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { LatencyEmitter } from '../../engine/exchange/latency-emitter.js';
import { drain } from '../kit/exchange-kit.js';
import { many, pair } from '../kit/exchange-pair.js';

const emitters = suite('latency emitter');

emitters(
  'latency/in-band: a marker stays between the records it was sent between, through any buffer',
  () => {
    const { exchange, gate, got, partition, write } = pair();
    const emitter = new LatencyEmitter(partition, exchange.view, 0);
    const expected: string[] = [];
    for (let k = 0; k < 200; k++) {
      write(k, 24);
      expected.push(String(k));
      for (let each = 0; each < k % 4; each++) {
        emitter.emit(0, k, 0);
        expected.push(`m${k}`);
      }
      if (k % 7 === 0) {
        partition.emitWatermark(k);
        emitter.emit(0, -k, 0);
        expected.push(`w${k}`, `m${-k}`);
      }
    }
    partition.finish();
    drain(exchange, gate, got);
    assert.equal(got[0], [...expected, 'END']);
  },
);

emitters('latency/one-way: each marker goes to one receiver, in turn', () => {
  const all = many({ receivers: 3 });
  const emitter = new LatencyEmitter(all.partitions[0]!, all.exchange.view, 1);
  for (let k = 0; k < 7; k++) emitter.emit(0, k, 0);
  all.partitions[0]!.finish();
  for (const receiver of [0, 1, 2]) all.read(receiver);
  assert.equal(
    all.got.map(([channel]) => channel),
    [
      ['m2', 'm5', 'END'],
      ['m0', 'm3', 'm6', 'END'],
      ['m1', 'm4', 'END'],
    ],
  );
});

emitters('latency/one-way: where records avoid a receiver that is behind, markers do too', () => {
  const all = many({ receivers: 2, isAdaptive: true, buffersPerSubpartitionMax: 2 });
  const partition = all.partitions[0]!;
  for (let value = 0; partition.subpartitions[1]!.channel.backlog < 2; value++) all.write(0, 1, value);
  partition.refresh();
  assert.equal([partition.turn.has(0), partition.turn.has(1)], [true, false]);
  const emitter = new LatencyEmitter(partition, all.exchange.view, 0);
  for (let k = 0; k < 4; k++) emitter.emit(0, k, 0);
  partition.flush();
  all.read(0);
  assert.equal(all.got[0]![0], ['m0', 'm1', 'm2', 'm3']);
});

emitters.run();
