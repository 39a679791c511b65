/**
 * The memory of one exchange: every channel and every segment between the tasks of two vertices.
 *
 *   credit/count    Credits granted, taken and taken back are counted per channel; after the end every one granted
 *                   has met a buffer or was taken back.
 *
 * Runs in: the main thread creates, the workers at both ends attach.
 */
import { assert } from '../base/assert.js';
import { CHANNEL, type ChannelMemory, initialiseChannel } from './channel.js';
import { ChannelReceiver } from './channel-receiver.js';
import { ChannelSender } from './channel-sender.js';
import { type ExchangeSizes, type ExchangeSpec, exchangeSizes, SHAPE } from './exchange-sizes.js';
import type { ExchangeTopology } from './exchange-topology.js';
import { LINE_BYTES, wholeLines } from './layout.js';
import { GATE_FREE, LEDGER_STATES, Ledger, SENDER_FREE } from './ledger.js';
import { READY, ReadyWords } from './ready-words.js';
import { checkRegion, EXCHANGE_MAGIC, REGION, type SharedMemory, stampRegion } from './region.js';

/** Makes the region of an exchange: header, rings, exclusive segments lent, the others dealt to gates and senders. */
export function createExchange(spec: ExchangeSpec, attempt: number): SharedMemory {
  const sizes = exchangeSizes(spec);
  const memory = new SharedArrayBuffer(sizes.bytes);
  stampRegion(memory, EXCHANGE_MAGIC, attempt, spec.id);
  stampShape(spec, sizes, memory);
  const exchange = new Exchange(spec, sizes, memory);
  for (let channel = 0; channel < sizes.topology.channelCount; channel++) {
    const first = channel * spec.exclusivePerChannel;
    initialiseChannel(
      exchange.channelMemory(channel),
      range(first, spec.exclusivePerChannel),
      spec.segmentBytes,
    );
  }
  for (let receiver = 0; receiver < spec.receivers; receiver++)
    for (const segment of exchange.floatingOfReceiver(receiver)) exchange.ledger.set(segment, GATE_FREE);
  for (let sender = 0; sender < spec.senders; sender++)
    for (const segment of exchange.segmentsOfSender(sender)) exchange.ledger.set(segment, SENDER_FREE);
  return memory;
}

/** Writes what a reader of the region alone has to know of it. */
function stampShape(spec: ExchangeSpec, sizes: ExchangeSizes, memory: SharedMemory): void {
  const words = new Int32Array(memory, REGION.BYTES, SHAPE.BYTES / 4);
  words[SHAPE.pattern] = spec.pattern === 'pointwise' ? 1 : 0;
  words[SHAPE.senders] = spec.senders;
  words[SHAPE.receivers] = spec.receivers;
  words[SHAPE.firstSenderTask] = spec.senderTasks[0]!;
  words[SHAPE.firstReceiverTask] = spec.receiverTasks[0]!;
  words[SHAPE.segmentBytes] = spec.segmentBytes;
  words[SHAPE.exclusive] = spec.exclusivePerChannel;
  words[SHAPE.floating] = spec.floatingPerGate;
  words[SHAPE.overdraft] = spec.overdraftPerPartition;
  words[SHAPE.backlogMax] = spec.buffersPerSubpartitionMax;
  words[SHAPE.isAdaptive] = spec.isAdaptive ? 1 : 0;
  words[SHAPE.channelsByte] = sizes.startOf('channel lines');
  words[SHAPE.readyByte] = sizes.startOf('ready words');
}

/** @throws SluiceError ARENA_INVALID  not the region of this exchange and attempt */
export function attachExchange(spec: ExchangeSpec, memory: SharedMemory, attempt: number): Exchange {
  checkRegion(memory, EXCHANGE_MAGIC, attempt, spec.id);
  return new Exchange(spec, exchangeSizes(spec), memory);
}

/** Views over the whole region. Positions of records are byte offsets into it, aligned to 8. */
export interface ExchangeView {
  readonly i32: Int32Array;
  readonly i16: Int16Array;
  readonly f32: Float32Array;
  readonly f64: Float64Array;
  readonly u8: Uint8Array;
  readonly i64: BigInt64Array;
  readonly buf: Buffer;
}

export class Exchange {
  readonly spec: ExchangeSpec;
  readonly view: ExchangeView;
  readonly ledger: Ledger;
  readonly topology: ExchangeTopology;
  readonly #sizes: ExchangeSizes;
  /** Exclusive segments of all channels: they have the lowest numbers. */
  readonly #exclusive: number;
  readonly #segmentsByte: number;

  constructor(spec: ExchangeSpec, sizes: ExchangeSizes, memory: SharedMemory) {
    assert(memory.byteLength === sizes.bytes, 'a region is as large as the sum of its terms');
    assert(sizes.startOf('exclusive segments') % LINE_BYTES === 0, 'segments begin on a line');
    this.spec = spec;
    this.view = {
      i32: new Int32Array(memory),
      i16: new Int16Array(memory),
      f32: new Float32Array(memory),
      f64: new Float64Array(memory, 0, memory.byteLength >> 3),
      u8: new Uint8Array(memory),
      i64: new BigInt64Array(memory, 0, memory.byteLength >> 3),
      buf: Buffer.from(memory),
    };
    this.ledger = new Ledger(new Uint8Array(memory, sizes.startOf('ledger'), sizes.segments));
    this.topology = sizes.topology;
    this.#sizes = sizes;
    this.#exclusive = sizes.topology.channelCount * spec.exclusivePerChannel;
    this.#segmentsByte = sizes.startOf('exclusive segments');
  }

  /** Byte offset of a segment in the region. */
  segmentStart(segment: number): number {
    if (CHECKED) assert(segment >= 0 && segment < this.#sizes.segments, () => `segment ${segment} exists`);
    return this.#segmentsByte + segment * this.spec.segmentBytes;
  }

  /** Segments of a gate that no channel has at the start. */
  floatingOfReceiver(receiver: number): number[] {
    const { floatingPerGate } = this.spec;
    return range(this.#exclusive + receiver * floatingPerGate, floatingPerGate);
  }

  /** Segments dealt to a sender at the start: P of them. */
  segmentsOfSender(sender: number): number[] {
    const { first, count } = this.#sizes.dealt[sender]!;
    return range(first, count);
  }

  /** Where a sender writes an element before it is cut into pieces: byte offset in the region. record/span */
  scratchOfSender(sender: number): number {
    return this.#sizes.startOf('scratch for large records') + sender * this.#sizes.scratchBytes;
  }

  /** Where a receiver puts an element together again: byte offset in the region. record/span */
  scratchOfReceiver(receiver: number): number {
    return this.scratchOfSender(this.spec.senders + receiver);
  }

  /** The sending end of subpartition `subpartition` of a sender. */
  senderEnd(sender: number, subpartition: number): ChannelSender {
    const channel = this.topology.channelOfSender(sender, subpartition);
    return new ChannelSender(this.channelMemory(channel), this.spec.exclusivePerChannel);
  }

  /** The receiving end of channel `channel` of a receiver's gate. */
  receiverEnd(receiver: number, channel: number): ChannelReceiver {
    return new ChannelReceiver(
      this.channelMemory(this.topology.channelOfReceiver(receiver, channel)),
      this.spec.exclusivePerChannel,
    );
  }

  /** The ready words of a receiver's gate. */
  readyWords(receiver: number): ReadyWords {
    const channels = this.topology.gateChannelCount(receiver);
    return new ReadyWords(this.view.i32, this.#readyWord(receiver), channels);
  }

  /** Task that reads subpartition `subpartition` of a sender. */
  taskBehind(sender: number, subpartition: number): number {
    return this.spec.receiverTasks[this.topology.receiverBehind(sender, subpartition)]!;
  }

  /** Task that feeds channel `channel` of a receiver's gate. */
  taskBefore(receiver: number, channel: number): number {
    return this.spec.senderTasks[this.topology.senderBefore(receiver, channel)]!;
  }

  /** @param channel  number of the channel in the whole exchange */
  channelMemory(channel: number): ChannelMemory {
    const { slots, startOf } = this.#sizes;
    const { receiver, gateChannel } = this.topology.endOf(channel);
    return {
      words: this.view.i32,
      base: (startOf('channel lines') + channel * CHANNEL.BYTES) >> 2,
      data: (startOf('data rings') + channel * wholeLines(slots * 8)) >> 2,
      credit: (startOf('credit rings') + channel * wholeLines(slots * 4)) >> 2,
      slots,
      ready: this.#readyWord(receiver),
      index: gateChannel,
      ledger: this.ledger,
    };
  }

  /**
   * Checks that no segment and no credit is lost, once every sender and every receiver has ended. Checked builds only,
   * since others keep no ledger.
   */
  assertConserved(): void {
    const [senderFree, open, published, reading, gateFree, lent] = this.ledger.counts();
    const said = (): string =>
      LEDGER_STATES.map((name, i) => `${name} ${this.ledger.counts()[i]}`).join(', ');
    const senders = this.#sizes.dealt.reduce((sum, { count }) => sum + count, 0);
    assert(
      open === 0 && published === 0 && reading === 0,
      () => `nothing is in flight after the end: ${said()}`,
    );
    assert(senderFree! + lent! === senders, () => `senders have all ${senders} of theirs again: ${said()}`);
    const receivers = this.#exclusive + this.spec.receivers * this.spec.floatingPerGate;
    assert(gateFree === receivers, () => `receivers have all ${receivers} of theirs again: ${said()}`);
    for (let channel = 0; channel < this.topology.channelCount; channel++)
      this.#assertCreditsConserved(channel);
  }

  /** credit/count: every credit granted met a buffer or was taken back. */
  #assertCreditsConserved(channel: number): void {
    const { words, base } = this.channelMemory(channel);
    const word = (index: number): number => words[base + index]!;
    const said = (): string =>
      `channel ${channel}: granted ${word(CHANNEL.granted)}, read ${word(CHANNEL.head)}, ` +
      `published ${word(CHANNEL.tail)}, taken ${word(CHANNEL.taken)}, reclaimed ${word(CHANNEL.reclaimed)}, ` +
      `discarded ${word(CHANNEL.discarded)}, released ${word(CHANNEL.released)}`;
    assert(word(CHANNEL.head) === word(CHANNEL.tail), () => `all that was published was read; ${said()}`);
    const met = (word(CHANNEL.granted) - word(CHANNEL.reclaimed)) | 0;
    assert(met === word(CHANNEL.tail), () => `every credit met a buffer or was taken back; ${said()}`);
    const untaken = (word(CHANNEL.tail) - word(CHANNEL.taken)) | 0;
    assert(untaken >= 0 && untaken <= this.#sizes.slots, () => `no credit was taken twice; ${said()}`);
    const isForSomebody = word(CHANNEL.released) === 0;
    assert(
      !isForSomebody || word(CHANNEL.discarded) === 0, // release/discard
      () => `nothing was discarded that somebody would have read; ${said()}`,
    );
  }

  #readyWord(receiver: number): number {
    return (this.#sizes.startOf('ready words') + receiver * this.#sizes.readyWords * READY.BYTES) >> 2;
  }
}

function range(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}
