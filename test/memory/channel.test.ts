import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { NO_SEGMENT } from '../../engine/memory/channel.js';
import { BUFFER, END, NOTHING } from '../../engine/memory/channel-receiver.js';
import { attachExchange, createExchange } from '../../engine/memory/exchange-arena.js';
import type { ExchangeSpec } from '../../engine/memory/exchange-sizes.js';
import { OPEN, READING, SENDER_FREE } from '../../engine/memory/ledger.js';
import { tinySpec } from '../kit/exchange-kit.js';

const channels = suite('channel');

/** Both ends of one channel, and the segments of its sender. */
function ends(changes: Partial<ExchangeSpec> = {}) {
  const spec = tinySpec(changes);
  const exchange = attachExchange(spec, createExchange(spec, 1), 1);
  const [sender, receiver] = [exchange.senderEnd(0, 0), exchange.receiverEnd(0, 0)];
  const free = exchange.segmentsOfSender(0);
  const send = (): void => {
    const segment = free.pop()!;
    exchange.ledger.move(segment, SENDER_FREE, OPEN);
    sender.publish(segment, 8, 0);
  };
  const lendBack = (): void => {
    receiver.look();
    receiver.lend(receiver.segment, READING);
  };
  return { exchange, sender, receiver, free, send, lendBack };
}

channels('exchange/swap-by-index: a buffer is read only once a credit has met it', () => {
  const { receiver, send, lendBack } = ends({ exclusivePerChannel: 1 });
  assert.is(receiver.poll(), NOTHING);
  send();
  send();
  assert.is(receiver.poll(), BUFFER);
  assert.is(receiver.poll(), NOTHING, 'nothing is lent for the second buffer');
  lendBack();
  assert.is(receiver.poll(), BUFFER);
});

channels('exchange/swap-by-index: a credit is taken only once its buffer exists', () => {
  const { sender, send } = ends({ exclusivePerChannel: 2 });
  sender.look();
  assert.equal([sender.peekTakeable(), sender.take()], [0, NO_SEGMENT]);
  send();
  assert.is(sender.peekTakeable(), 1);
  assert.is.not(sender.take(), NO_SEGMENT);
  assert.equal([sender.peekTakeable(), sender.take()], [0, NO_SEGMENT]);
});

channels(
  'wait/park: what a parked task asks is looked at anew; other answers are as of the last look',
  () => {
    const { sender, receiver, send, lendBack } = ends({ exclusivePerChannel: 1 });
    for (let i = 0; i < 3; i++) send();
    sender.look();
    assert.equal([sender.backlog, sender.peekBacklog(), sender.peekTakeable()], [2, 2, 1]);
    receiver.poll();
    lendBack();
    assert.equal([sender.backlog, sender.peekBacklog(), sender.peekTakeable()], [2, 1, 2]);
  },
);

channels('event/position-words: the end is found after the last buffer and not before', () => {
  const { sender, receiver, send, lendBack } = ends();
  send();
  receiver.poll();
  lendBack();
  send();
  sender.end();
  assert.is(receiver.poll(), BUFFER);
  lendBack();
  assert.is(receiver.poll(), END);
});

channels('ring/wrap: backlog and credit are right on either side of the sign change', () => {
  const { sender, receiver, free, send, lendBack } = ends({ exclusivePerChannel: 1 });
  sender.look();
  for (let i = 0; i < 40; i++) {
    assert.equal([sender.isSendable, sender.backlog], [true, 0], `buffer ${i}`);
    send();
    send();
    sender.look();
    assert.equal([sender.isSendable, sender.backlog, sender.peekBacklog()], [false, 1, 1], `buffer ${i}`);
    for (let k = 0; k < 2; k++) {
      assert.is(receiver.poll(), BUFFER);
      lendBack();
    }
    sender.look();
    for (let back = sender.take(); back !== NO_SEGMENT; back = sender.take()) free.push(back);
  }
});

channels('buffers on the way are those that were not read, also those without a credit', () => {
  const { receiver, send, lendBack } = ends({ exclusivePerChannel: 1 });
  for (let i = 0; i < 3; i++) send();
  assert.is(receiver.queued, 0, 'as of the last look');
  receiver.look();
  assert.is(receiver.queued, 3);
  for (const left of [2, 1, 0]) {
    assert.is(receiver.poll(), BUFFER);
    assert.is(receiver.queued, left);
    lendBack();
  }
});

channels('credit/demand: a receiver that lends more than E ahead of the buffers is stopped', () => {
  const { receiver, send, lendBack } = ends({ exclusivePerChannel: 2 });
  send();
  receiver.poll();
  assert.is(receiver.lent, 1);
  lendBack();
  assert.throws(() => lendBack(), /nothing beyond E is lent/);
});

channels.run();
