import { SegmentLender } from '../../exchange/segment-lender.js';
import { type ChannelMemory, NO_SEGMENT } from '../../memory/channel.js';
import { BUFFER, ChannelReceiver } from '../../memory/channel-receiver.js';
import { ChannelSender } from '../../memory/channel-sender.js';
import { Exchange } from '../../memory/exchange-arena.js';
import { type ExchangeSpec, exchangeSizes } from '../../memory/exchange-sizes.js';
import { GATE_FREE } from '../../memory/ledger.js';
import { checkRegion, EXCHANGE_MAGIC, type SharedMemory } from '../../memory/region.js';
import type { ChannelPlace, FlowTap, SenderFigures } from './flow-tap.js';

/**
 * An exchange whose channels tell what happens at the ends of one task. tap/installed
 *
 * Runs in: the thread of the task.
 */
export class TappedExchange extends Exchange {
  readonly #tap: FlowTap;

  /** @throws SluiceError ARENA_INVALID  not the region of this exchange and attempt */
  constructor(spec: ExchangeSpec, memory: SharedMemory, attempt: number, tap: FlowTap) {
    checkRegion(memory, EXCHANGE_MAGIC, attempt, spec.id);
    super(spec, exchangeSizes(spec), memory);
    this.#tap = tap;
  }

  override senderEnd(sender: number, subpartition: number): ChannelSender {
    const channel = this.topology.channelOfSender(sender, subpartition);
    const peer = this.taskBehind(sender, subpartition);
    const place = { exchange: this.spec.id, channel, peer, end: 'sender' } as const;
    const end = new TappedSender(this.channelMemory(channel), this.spec, place, this.#tap);
    this.#tap.opens(end);
    return end;
  }

  override receiverEnd(receiver: number, channel: number): ChannelReceiver {
    const number = this.topology.channelOfReceiver(receiver, channel);
    const peer = this.taskBefore(receiver, channel);
    const place = { exchange: this.spec.id, channel: number, peer, end: 'receiver' } as const;
    return new TappedReceiver(this.channelMemory(number), this.spec.exclusivePerChannel, place, this.#tap);
  }
}

class TappedSender extends ChannelSender implements SenderFigures {
  readonly place: ChannelPlace;
  readonly backlogMax: number;
  readonly #tap: FlowTap;
  #published = 0;
  #taken = 0;

  constructor(channel: ChannelMemory, spec: ExchangeSpec, place: ChannelPlace, tap: FlowTap) {
    super(channel, spec.exclusivePerChannel);
    this.place = place;
    this.backlogMax = spec.buffersPerSubpartitionMax;
    this.#tap = tap;
  }

  override publish(segment: number, bytes: number, flags: number): void {
    this.#tap.publishes(this.place, this.#published++); // before anybody can read it: an arrow points ahead in time
    super.publish(segment, bytes, flags);
  }

  override take(): number {
    const segment = super.take();
    if (segment !== NO_SEGMENT) this.#tap.takes(this.place, this.#taken++, this.backlog);
    return segment;
  }

  override takeBack(): number {
    const segment = super.takeBack();
    if (segment !== NO_SEGMENT) this.#published--;
    return segment;
  }
}

class TappedReceiver extends ChannelReceiver {
  readonly #place: ChannelPlace;
  readonly #tap: FlowTap;
  #granted: number;
  #read = 0;

  constructor(channel: ChannelMemory, exclusive: number, place: ChannelPlace, tap: FlowTap) {
    super(channel, exclusive);
    this.#place = place;
    this.#tap = tap;
    this.#granted = exclusive;
  }

  override poll(): number {
    const found = super.poll();
    if (found === BUFFER) this.#tap.reads(this.#place, this.#read++);
    return found;
  }

  override lend(segment: number, from: number): void {
    super.lend(segment, from);
    this.#tap.grants(this.#place, this.#granted++, from === GATE_FREE, this.lent);
  }

  noteKept(): void {
    this.#tap.keeps(this.#place);
  }
}

/** The lender of a gate whose channels are of a TappedExchange. */
export class TappedLender extends SegmentLender {
  override keep(channel: ChannelReceiver, segment: number): void {
    super.keep(channel, segment);
    (channel as TappedReceiver).noteKept();
  }
}
