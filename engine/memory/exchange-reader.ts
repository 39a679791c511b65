/**
 * The figures of an exchange, for those who watch and take no part. Everything is read from its region alone, which
 * says itself how it is laid out.
 *
 *   exchange/figures  Words are read while others write them: what is read of a channel is right if its two tasks stand
 *                     still, and else it was right of each word at some moment of the reading.
 *
 * Runs in: any thread, usually the main one.
 */
import { CHANNEL } from './channel.js';
import { partitionSegments, SHAPE } from './exchange-sizes.js';
import { ExchangeTopology } from './exchange-topology.js';
import { READY, readyWordCount } from './ready-words.js';
import { REGION, type SharedMemory } from './region.js';

/** One channel. Counts of buffers and segments. Nothing waits in one that its receiver has left. release/discard */
export interface ChannelFigures {
  /** Number of the channel in its exchange. */
  readonly channel: number;
  readonly senderTask: number;
  readonly receiverTask: number;
  /** Published and not read yet. */
  readonly queued: number;
  /** Those of them that a credit has met: the receiver may read them. */
  readonly readable: number;
  /** Those of them that no credit has met. */
  readonly backlog: number;
  /** A buffer of it is being read. */
  readonly isReading: boolean;
  /** Segments lent that no buffer has met. */
  readonly credits: number;
  /** Swaps of which the sender has not taken the segment yet. */
  readonly takeable: number;
  /** Segments that the sender has given and not taken back. */
  readonly outstanding: number;
  /** A segment is being filled for it. */
  readonly isOpen: boolean;
  /** And there is something in it to send; exact while the sender waits inside a record. */
  readonly isBegun: boolean;
  /** The next buffer comes after a barrier, which its receiver may be waiting at. */
  readonly isAtBarrier: boolean;
  /** No buffer will follow. */
  readonly hasEnded: boolean;
  /** The receiver has left: what is written goes to nobody. */
  readonly isReleased: boolean;
  /** Buffers ever read. */
  readonly read: number;
  /** Buffers finished and given to nobody. */
  readonly discarded: number;
}

export class ExchangeReader {
  readonly id: number;
  readonly senders: number;
  readonly receivers: number;
  readonly topology: ExchangeTopology;
  /** True if one subpartition below its cap lets a record begin. */
  readonly isAdaptive: boolean;
  /** E, F, and the lines within P and within a subpartition. */
  readonly exclusive: number;
  readonly floating: number;
  readonly overdraft: number;
  readonly backlogMax: number;
  readonly #words: Int32Array;
  readonly #shape: (field: number) => number;

  constructor(memory: SharedMemory) {
    this.#words = new Int32Array(memory);
    const shape = (field: number): number => this.#words[(REGION.BYTES >> 2) + field]!;
    this.#shape = shape;
    this.id = this.#words[REGION.id]!;
    this.senders = shape(SHAPE.senders);
    this.receivers = shape(SHAPE.receivers);
    const pattern = shape(SHAPE.pattern) === 1 ? 'pointwise' : 'all-to-all';
    this.topology = new ExchangeTopology(pattern, this.senders, this.receivers);
    this.isAdaptive = shape(SHAPE.isAdaptive) === 1;
    this.exclusive = shape(SHAPE.exclusive);
    this.floating = shape(SHAPE.floating);
    this.overdraft = shape(SHAPE.overdraft);
    this.backlogMax = shape(SHAPE.backlogMax);
  }

  /** Segments of a sender with so many subpartitions: P. */
  segmentsOf(subpartitions: number): number {
    return partitionSegments(subpartitions, this.overdraft);
  }

  senderTask(sender: number): number {
    return this.#shape(SHAPE.firstSenderTask) + sender;
  }

  receiverTask(receiver: number): number {
    return this.#shape(SHAPE.firstReceiverTask) + receiver;
  }

  /** Every channel, by sender and then by receiver. */
  channels(): ChannelFigures[] {
    return Array.from({ length: this.topology.channelCount }, (_, channel) => this.#channel(channel));
  }

  /** True if some sender has raised its bit and the receiver has not looked since. */
  isRaised(receiver: number): boolean {
    const words = readyWordCount(this.topology.gateChannelCountMax);
    const first = this.#shape(SHAPE.readyByte) + receiver * words * READY.BYTES;
    for (let word = 0; word < words; word++) {
      const index = ((first + word * READY.BYTES) >> 2) + READY.bits;
      if (Atomics.load(this.#words, index) !== 0) return true; // exchange/figures
    }
    return false;
  }

  #channel(channel: number): ChannelFigures {
    const base = (this.#shape(SHAPE.channelsByte) + channel * CHANNEL.BYTES) >> 2;
    const word = (field: number): number => Atomics.load(this.#words, base + field); // exchange/figures
    const tail = word(CHANNEL.tail);
    const granted = (word(CHANNEL.granted) - word(CHANNEL.reclaimed)) | 0;
    const head = word(CHANNEL.head);
    const taken = word(CHANNEL.taken);
    const ahead = (granted - tail) | 0;
    const swapped = ahead < 0 ? granted : tail;
    const isReleased = word(CHANNEL.released) !== 0;
    const { receiver, gateChannel } = this.topology.endOf(channel);
    return {
      channel,
      senderTask: this.senderTask(this.topology.senderBefore(receiver, gateChannel)),
      receiverTask: this.receiverTask(receiver),
      queued: isReleased ? 0 : count(tail - head),
      readable: isReleased ? 0 : count(swapped - head),
      backlog: isReleased ? 0 : count(-ahead),
      isReading: word(CHANNEL.reading) !== 0,
      credits: count(ahead),
      takeable: count(swapped - taken),
      outstanding: count(tail - taken),
      isOpen: word(CHANNEL.open) !== 0,
      isBegun: word(CHANNEL.open) === 1,
      isAtBarrier: word(CHANNEL.barrierId) !== 0 && word(CHANNEL.barrierPos) === head,
      hasEnded: word(CHANNEL.endKind) !== 0,
      isReleased,
      read: head,
      discarded: word(CHANNEL.discarded),
    };
  }
}

/** A difference of positions, which words of different moments may make negative. */
function count(difference: number): number {
  return Math.max(0, difference | 0);
}
