import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { start } from '../../engine/control/engine.js';
import { jobPath } from '../kit/run-kit.js';

/** Who gets which row between threads, by the numbers of the threads that a row came through. */
const partitioners = suite('partitioners between threads');

const ROUTED = jobPath('routed');
const ROWS = 6000;

interface Got {
  readonly sender: number;
  readonly n: number;
  readonly receiver: number;
}

interface Setting {
  readonly senders: number;
  readonly receivers: number;
  readonly declared?: boolean;
  readonly adaptive?: boolean;
}

async function route(way: string, { senders, receivers, declared = true, adaptive = true }: Setting) {
  const run = await start(ROUTED, {
    params: { way, rows: ROWS, senders, receivers, declared },
    parallelism: receivers,
    options: {
      'taskmanager.memory.segment-size': '1 kb',
      'taskmanager.network.adaptive-partitioner.enabled': adaptive,
    },
  });
  await run.finished;
  const got: Got[] = [];
  for await (const row of run.outputs['got']!) got.push(row as Got);
  return got;
}

/** Rows by sender and receiver, in the order of arrival; a receiver's rows stand in the output in that order. */
function channelsOf(got: readonly Got[]): Map<string, number[]> {
  const channels = new Map<string, number[]>();
  for (const { sender, receiver, n } of got) {
    const channel = `${sender}>${receiver}`;
    channels.set(channel, [...(channels.get(channel) ?? []), n]);
  }
  return channels;
}

/** Channels are in order, and every row of every sender is there `copies` times. */
function check(got: readonly Got[], copies = 1): void {
  assert.is(got.length, ROWS * copies);
  for (const [channel, numbers] of channelsOf(got)) {
    for (let i = 1; i < numbers.length; i++) assert.ok(numbers[i]! > numbers[i - 1]!, channel);
  }
  for (const sender of new Set(got.map((row) => row.sender))) {
    const numbers = got.filter((row) => row.sender === sender).map(({ n }) => n);
    numbers.sort((a, b) => a - b);
    assert.equal(
      numbers,
      numbers.map((_, i) => Math.floor(i / copies)),
    );
  }
}

/** By sender: the receivers of its rows 0, 1, 2 and so on. */
function receiversInOrder(got: readonly Got[]): number[][] {
  const bySender = new Map<number, number[]>();
  for (const { sender, n, receiver } of got) {
    const mine = bySender.get(sender) ?? [];
    mine[n] = receiver;
    bySender.set(sender, mine);
  }
  return [...bySender.values()];
}

partitioners('strict rebalance and rescale go round between threads', async () => {
  for (const [way, senders, receivers, targets, declared] of [
    ['rebalance', 2, 3, 3, false],
    ['rescale', 2, 4, 2, true],
  ] as const) {
    const got = await route(way, { senders, receivers, declared, adaptive: false });
    check(got);
    for (const order of receiversInOrder(got)) {
      const first = order.slice(0, targets);
      assert.is(new Set(first).size, Math.min(targets, order.length), `${way} ${senders} to ${receivers}`);
      assert.equal(
        order,
        order.map((_, i) => first[i % targets]),
      );
    }
  }
});

partitioners('exchange/broadcast-copies: every thread gets every row once, in order', async () => {
  for (const declared of [true, false]) {
    const got = await route('broadcast', { senders: 2, receivers: 3, declared });
    check(got, 3);
    const byReceiver = new Map<number, string[]>();
    for (const { receiver, sender, n } of got)
      byReceiver.set(receiver, [...(byReceiver.get(receiver) ?? []), `${sender} ${n}`]);
    assert.is(byReceiver.size, 3);
    for (const all of byReceiver.values()) assert.is(new Set(all).size, ROWS);
  }
});

partitioners('a custom partitioner chooses threads', async () => {
  const got = await route('custom', { senders: 2, receivers: 3, declared: false });
  check(got);
  const chosen = new Map<number, Set<number>>();
  for (const { n, receiver } of got)
    chosen.set((n >> 1) % 3, (chosen.get((n >> 1) % 3) ?? new Set()).add(receiver));
  assert.equal(
    [...chosen.values()].map(({ size }) => size),
    [1, 1, 1],
  );
  assert.is(new Set(got.map(({ receiver }) => receiver)).size, 3);
});

partitioners('partition/turn: between threads an adaptive turn loses and doubles nothing', async () => {
  check(await route('rebalance', { senders: 2, receivers: 3 }));
  check(await route('rescale', { senders: 1, receivers: 3, declared: false }));
});

partitioners.run();
