/**
 * Which sender feeds which receivers, and through which channel.
 *
 *   all-to-all  Every sender feeds every receiver.
 *   pointwise   Senders or receivers, whichever are more, are dealt in even runs to the others: with at least as many
 *               senders as receivers, receiver r reads senders [r x S / R, (r + 1) x S / R); with fewer, sender s
 *               feeds receivers [ceil(s x R / S), ceil((s + 1) x R / S)). Equal numbers are joined one to one.
 *
 * Either way the receivers of a sender, and the senders of a receiver, are neighbours. Channels are numbered by sender,
 * then by subpartition.
 *
 * Source: Apache Flink, VertexInputInfoComputationUtils (behaviour, not code).
 *
 * Runs in: any thread.
 */
import { assert } from '../base/assert.js';

export type ExchangePattern = 'all-to-all' | 'pointwise';

/** Neighbours: `count` subtasks from `first` on. */
interface Neighbours {
  readonly first: number;
  readonly count: number;
}

/** A receiver, and the channel of its gate. */
export interface ChannelEnd {
  readonly receiver: number;
  readonly gateChannel: number;
}

export class ExchangeTopology {
  /** Channels between all senders and all receivers. */
  readonly channelCount: number;
  readonly #receiversOf: readonly Neighbours[];
  readonly #sendersOf: readonly Neighbours[];
  /** By sender: the channel of its subpartition 0. */
  readonly #firstChannels: readonly number[];
  /** By channel. */
  readonly #ends: readonly ChannelEnd[];

  /** @param senders, receivers  from 1 */
  constructor(pattern: ExchangePattern, senders: number, receivers: number) {
    const all = (count: number, others: number): Neighbours[] =>
      Array.from({ length: count }, () => ({ first: 0, count: others }));
    const isJoined = pattern === 'pointwise';
    this.#receiversOf = isJoined ? pointwiseReceivers(senders, receivers) : all(senders, receivers);
    this.#sendersOf = isJoined ? pointwiseSenders(senders, receivers) : all(receivers, senders);
    let channels = 0;
    this.#firstChannels = this.#receiversOf.map(({ count }) => {
      channels += count;
      return channels - count;
    });
    this.channelCount = channels;
    this.#ends = this.#receiversOf.flatMap(({ first, count }, sender) =>
      Array.from({ length: count }, (_, k) => {
        const receiver = first + k;
        return { receiver, gateChannel: sender - this.#sendersOf[receiver]!.first };
      }),
    );
  }

  /** Subpartitions of a sender: its receivers. */
  subpartitionCount(sender: number): number {
    return this.#receiversOf[sender]!.count;
  }

  /** Channels of a receiver's gate: its senders. */
  gateChannelCount(receiver: number): number {
    return this.#sendersOf[receiver]!.count;
  }

  /** Channels of the largest gate. */
  get gateChannelCountMax(): number {
    return Math.max(...this.#sendersOf.map(({ count }) => count));
  }

  /** The receiver that reads a subpartition. */
  receiverBehind(sender: number, subpartition: number): number {
    const { first, count } = this.#receiversOf[sender]!;
    if (CHECKED) assert(subpartition >= 0 && subpartition < count, 'a sender has this subpartition');
    return first + subpartition;
  }

  /** The sender that feeds a channel of a gate. */
  senderBefore(receiver: number, gateChannel: number): number {
    const { first, count } = this.#sendersOf[receiver]!;
    if (CHECKED) assert(gateChannel >= 0 && gateChannel < count, 'a gate has this channel');
    return first + gateChannel;
  }

  /** Number of the channel behind a subpartition, below `channelCount`. */
  channelOfSender(sender: number, subpartition: number): number {
    return this.#firstChannels[sender]! + subpartition;
  }

  /** Where a channel ends. */
  endOf(channel: number): ChannelEnd {
    return this.#ends[channel]!;
  }

  /** Number of the channel that is `gateChannel` in the gate of a receiver. */
  channelOfReceiver(receiver: number, gateChannel: number): number {
    const sender = this.senderBefore(receiver, gateChannel);
    return this.#firstChannels[sender]! + receiver - this.#receiversOf[sender]!.first;
  }
}

function pointwiseReceivers(senders: number, receivers: number): Neighbours[] {
  const all = Array.from({ length: senders }, (_, sender) => sender);
  if (senders < receivers) {
    const firstOf = (sender: number): number => Math.ceil((sender * receivers) / senders);
    return all.map((sender) => ({ first: firstOf(sender), count: firstOf(sender + 1) - firstOf(sender) }));
  }
  const groups = pointwiseSenders(senders, receivers);
  return all.map((sender) => ({
    first: groups.findIndex(({ first, count }) => sender >= first && sender < first + count),
    count: 1,
  }));
}

function pointwiseSenders(senders: number, receivers: number): Neighbours[] {
  const all = Array.from({ length: receivers }, (_, receiver) => receiver);
  if (senders >= receivers) {
    const firstOf = (receiver: number): number => Math.floor((receiver * senders) / receivers);
    return all.map((receiver) => ({
      first: firstOf(receiver),
      count: firstOf(receiver + 1) - firstOf(receiver),
    }));
  }
  const groups = pointwiseReceivers(senders, receivers);
  return all.map((receiver) => ({
    first: groups.findIndex(({ first, count }) => receiver >= first && receiver < first + count),
    count: 1,
  }));
}
