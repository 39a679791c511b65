import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ExchangeTopology } from '../../engine/memory/exchange-topology.js';

const topologies = suite('exchange topology');

const COUNTS = Array.from({ length: 20 }, (_, i) => i + 1);

/** Every pair of a sender and a receiver that a channel joins, as each side sees it: `sender>receiver #channel`. */
function channelsOf(topology: ExchangeTopology, senders: number, receivers: number) {
  const fromSenders: string[] = [];
  const fromReceivers: string[] = [];
  for (let s = 0; s < senders; s++) {
    for (let k = 0; k < topology.subpartitionCount(s); k++)
      fromSenders.push(`${s}>${topology.receiverBehind(s, k)} #${topology.channelOfSender(s, k)}`);
  }
  for (let r = 0; r < receivers; r++) {
    for (let c = 0; c < topology.gateChannelCount(r); c++)
      fromReceivers.push(`${topology.senderBefore(r, c)}>${r} #${topology.channelOfReceiver(r, c)}`);
  }
  return { fromSenders, fromReceivers };
}

/** Flink's rule, by receiver: the senders it reads, in order. */
function flinkSenders(senders: number, receivers: number): number[][] {
  const read: number[][] = Array.from({ length: receivers }, () => []);
  if (senders >= receivers) {
    for (let r = 0; r < receivers; r++) {
      const end = Math.floor(((r + 1) * senders) / receivers);
      for (let s = Math.floor((r * senders) / receivers); s < end; s++) read[r]!.push(s);
    }
    return read;
  }
  for (let s = 0; s < senders; s++) {
    const end = Math.floor(((s + 1) * receivers + senders - 1) / senders);
    for (let r = Math.floor((s * receivers + senders - 1) / senders); r < end; r++) read[r]!.push(s);
  }
  return read;
}

topologies('pointwise deals the larger number out to the smaller, as Flink does', () => {
  for (const senders of COUNTS) {
    for (const receivers of COUNTS) {
      const topology = new ExchangeTopology('pointwise', senders, receivers);
      const read = Array.from({ length: receivers }, (_, r) =>
        Array.from({ length: topology.gateChannelCount(r) }, (_, c) => topology.senderBefore(r, c)),
      );
      assert.equal(read, flinkSenders(senders, receivers), `${senders} to ${receivers}`);
      assert.is(topology.channelCount, Math.max(senders, receivers));
    }
  }
});

topologies('equal numbers are joined one to one, and all-to-all joins everybody', () => {
  for (const n of COUNTS) {
    const { fromSenders } = channelsOf(new ExchangeTopology('pointwise', n, n), n, n);
    assert.equal(
      fromSenders,
      Array.from({ length: n }, (_, i) => `${i}>${i} #${i}`),
    );
  }
  const { fromReceivers } = channelsOf(new ExchangeTopology('all-to-all', 2, 3), 2, 3);
  assert.equal(fromReceivers, ['0>0 #0', '1>0 #3', '0>1 #1', '1>1 #4', '0>2 #2', '1>2 #5']);
});

topologies('every channel has one sender and one receiver, and both agree', () => {
  for (const pattern of ['pointwise', 'all-to-all'] as const) {
    for (const senders of COUNTS) {
      for (const receivers of COUNTS) {
        const topology = new ExchangeTopology(pattern, senders, receivers);
        const { fromSenders, fromReceivers } = channelsOf(topology, senders, receivers);
        const where = `${pattern} ${senders} to ${receivers}`;
        assert.equal([...fromReceivers].sort(), [...fromSenders].sort(), where);
        const numbers = fromSenders.map((each) => Number(each.split('#')[1])).sort((a, b) => a - b);
        assert.equal(
          numbers,
          numbers.map((_, i) => i),
          where,
        );
        assert.is(numbers.length, topology.channelCount);
        for (let s = 0; s < senders; s++) assert.ok(topology.subpartitionCount(s) > 0, where);
        for (let r = 0; r < receivers; r++) assert.ok(topology.gateChannelCount(r) > 0, where);
      }
    }
  }
});

topologies.run();
