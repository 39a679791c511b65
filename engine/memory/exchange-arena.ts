/**
 * The memory of one exchange: every channel and every segment between the tasks of two vertices.
 *
 *   credit/count    Credits granted, taken and taken back are counted per channel; after the end every one granted
 *                   has met a buffer or was taken back.
 *   arena/exchange  Swaps mix segments inside one exchange only, so each exchange has one region of at most 1 GiB: byte
 *                   offsets are small integers, and generated code binds its views as constants.
 *
 * Runs in: the main thread creates, the workers at both ends attach.
 */
import { assert } from '../base/assert.js';
import { SluiceError } from '../base/errors.js';
import { CHANNEL, type ChannelMemory, initialiseChannel } from './channel.js';
import { ChannelReceiver } from './channel-receiver.js';
import { ChannelSender } from './channel-sender.js';
import { type ExchangePattern, ExchangeTopology } from './exchange-topology.js';
import { LINE_BYTES, layout, wholeLines } from './layout.js';
import { GATE_FREE, LEDGER_STATES, Ledger, SENDER_FREE } from './ledger.js';
import { READY, ReadyWords, readyWordCount } from './ready-words.js';
import { checkRegion, EXCHANGE_MAGIC, REGION, type SharedMemory, stampRegion } from './region.js';

// biome-ignore format: a table
export const SHAPE = layout('exchange-shape', 128, {
  //                   offset  type   writer     meaning
  pattern:           [   0,  'i32', 'creator', '0 all-to-all, 1 pointwise'],
  senders:           [   4,  'i32', 'creator', 'senders'],
  receivers:         [   8,  'i32', 'creator', 'receivers'],
  firstSenderTask:   [  12,  'i32', 'creator', 'task of sender 0; those of the others follow'],
  firstReceiverTask: [  16,  'i32', 'creator', 'task of receiver 0; those of the others follow'],
  segmentBytes:      [  20,  'i32', 'creator', 'bytes of a segment'],
  exclusive:         [  24,  'i32', 'creator', 'exclusive segments of a channel: E'],
  floating:          [  28,  'i32', 'creator', 'floating segments of a gate: F'],
  overdraft:         [  32,  'i32', 'creator', 'segments of a result partition that only a record begun may use'],
  backlogMax:        [  36,  'i32', 'creator', 'buffers of a subpartition that may wait for credit: its cap'],
  channelsByte:      [  40,  'i32', 'creator', 'byte offset of the channel lines'],
  isAdaptive:        [  44,  'i32', 'creator', '1 if one subpartition below its cap lets a record begin'],
  readyByte:         [  48,  'i32', 'creator', 'byte offset of the ready words'],
});

export interface ExchangeSpec {
  readonly id: number;
  readonly pattern: ExchangePattern;
  readonly senders: number;
  readonly receivers: number;
  /** Task of each sender, and of each receiver: indices of their doorbells. */
  readonly senderTasks: readonly number[];
  readonly receiverTasks: readonly number[];
  /** A multiple of 8, at least 64. */
  readonly segmentBytes: number;
  /** Segments lent to each channel at the start: E; 0 only with floating ones. */
  readonly exclusivePerChannel: number;
  /** Segments that a gate lends to whichever of its channels have more to send: F. */
  readonly floatingPerGate: number;
  /** Buffers of one subpartition that may wait for credit while the sender still takes new records. */
  readonly buffersPerSubpartitionMax: number;
  /** Segments that only a record already begun may use. */
  readonly overdraftPerPartition: number;
  /** Records may go to any subpartition of their sender, and shall go to those that are least behind. */
  readonly isAdaptive: boolean;
  /** The largest element; above `segmentBytes` it travels in pieces. */
  readonly elementBytesMax: number;
}

export const EXCHANGE_BYTES_MAX = 2 ** 30;

/** A part of a region: `count` pieces of `bytes` each. */
export interface MemoryTerm {
  readonly name: string;
  readonly count: number;
  readonly bytes: number;
}

/** Segments of one result partition: P. */
export function partitionSegments(subpartitions: number, overdraft: number): number {
  const open = subpartitions; // one open buffer per subpartition being filled
  const inFlight = subpartitions + 8; // published and not yet swapped
  const count = open + inFlight + overdraft; // overdraft: a record that was begun can finish
  assert(count > subpartitions, 'a partition that can fill every buffer can also finish one');
  return count;
}

/**
 * Every part of an exchange's region by name; the sum of `count * bytes` is its size.
 *
 * @throws SluiceError ARGUMENT_INVALID, MEMORY_INSUFFICIENT  a number out of range; more than 1 GiB
 */
export function exchangeTerms(spec: ExchangeSpec): readonly MemoryTerm[] {
  const { terms, bytes } = planOf(spec);
  if (bytes > EXCHANGE_BYTES_MAX) throw tooLarge(spec, bytes); // arena/exchange
  return terms;
}

/** The size of an exchange's region, also where it is more than may be. @throws SluiceError ARGUMENT_INVALID */
export function exchangeBytes(spec: ExchangeSpec): number {
  return planOf(spec).bytes;
}

/** Parts of a region: byte offsets of where they begin. */
interface ExchangePlan {
  readonly terms: readonly MemoryTerm[];
  readonly bytes: number;
  readonly topology: ExchangeTopology;
  /** By sender: the segments it is dealt. */
  readonly dealt: readonly { readonly first: number; readonly count: number }[];
  readonly segments: number;
  readonly slots: number;
  readonly readyWords: number;
  readonly scratchBytes: number;
  /** By name of the term. */
  startOf(name: string): number;
}

function planOf(spec: ExchangeSpec): ExchangePlan {
  checkSpec(spec);
  const { senders, receivers, segmentBytes, exclusivePerChannel, floatingPerGate, elementBytesMax } = spec;
  const topology = new ExchangeTopology(spec.pattern, senders, receivers);
  const channels = topology.channelCount;
  const exclusive = channels * exclusivePerChannel;
  const floating = receivers * floatingPerGate;
  let segments = exclusive + floating;
  const dealt = range(0, senders).map((sender) => {
    const count = partitionSegments(topology.subpartitionCount(sender), spec.overdraftPerPartition);
    segments += count;
    return { first: segments - count, count };
  });
  const slots = ringSlots(Math.max(...dealt.map(({ count }) => count)), exclusivePerChannel, floatingPerGate);
  const readyWords = readyWordCount(topology.gateChannelCountMax);
  const scratchBytes = elementBytesMax > segmentBytes ? wholeLines(elementBytesMax) : 0; // record/span
  const terms: MemoryTerm[] = [
    { name: 'exchange header', count: 1, bytes: REGION.BYTES + SHAPE.BYTES },
    { name: 'channel lines', count: channels, bytes: CHANNEL.BYTES },
    { name: 'ready words', count: receivers * readyWords, bytes: READY.BYTES },
    { name: 'data rings', count: channels, bytes: wholeLines(slots * 8) },
    { name: 'credit rings', count: channels, bytes: wholeLines(slots * 4) },
    { name: 'ledger', count: 1, bytes: wholeLines(segments) },
    {
      name: 'scratch for large records',
      count: scratchBytes > 0 ? senders + receivers : 0,
      bytes: scratchBytes,
    },
    { name: 'exclusive segments', count: exclusive, bytes: segmentBytes },
    { name: 'floating segments', count: floating, bytes: segmentBytes },
    { name: 'partition segments', count: segments - exclusive - floating, bytes: segmentBytes },
  ];
  const starts = new Map<string, number>();
  let bytes = 0;
  for (const term of terms) {
    starts.set(term.name, bytes);
    bytes += term.count * term.bytes;
  }
  const startOf = (name: string): number => starts.get(name)!;
  return { terms, bytes, topology, dealt, segments, slots, readyWords, scratchBytes, startOf };
}

/** Slots of either ring of a channel: no more than P + E + F segments can be in them at once. ring/slots */
export function ringSlots(segmentsOfSender: number, exclusive: number, floating: number): number {
  const most = segmentsOfSender + exclusive + floating;
  const slots = 2 ** Math.ceil(Math.log2(most));
  assert(slots >= most, 'a ring has a slot for every segment that may be in it');
  return slots;
}

function checkSpec(spec: ExchangeSpec): void {
  const need = (holds: boolean, what: string): void => {
    if (!holds) throw new SluiceError('ARGUMENT_INVALID', `exchange ${spec.id}: ${what}`);
  };
  const isWhole = (least: number, counts: readonly number[]): boolean =>
    counts.every((count) => Number.isInteger(count) && count >= least);
  need(
    isWhole(1, [spec.senders, spec.receivers, spec.buffersPerSubpartitionMax]),
    'senders, receivers and the cap of a subpartition are whole numbers from 1',
  );
  need(
    isWhole(0, [spec.exclusivePerChannel, spec.floatingPerGate, spec.overdraftPerPartition]),
    'exclusive, floating and overdraft segments are whole numbers from 0',
  );
  need(
    spec.exclusivePerChannel + spec.floatingPerGate > 0,
    'without exclusive segments there are floating ones',
  );
  need(spec.senderTasks.length === spec.senders, 'every sender has a task');
  need(spec.receiverTasks.length === spec.receivers, 'every receiver has a task');
  need(spec.segmentBytes >= 64 && spec.segmentBytes % 8 === 0, 'segment bytes are a multiple of 8 from 64');
}

function tooLarge(spec: ExchangeSpec, bytes: number): SluiceError {
  return new SluiceError(
    'MEMORY_INSUFFICIENT',
    `exchange ${spec.id} of ${spec.senders} senders and ${spec.receivers} receivers needs ${bytes} bytes of segments ` +
      `and rings, and one exchange may have ${EXCHANGE_BYTES_MAX} whatever the memory; lower the parallelism, ` +
      'taskmanager.memory.segment-size or taskmanager.network.memory.buffers-per-channel',
    { detail: { exchange: spec.id, requested: bytes, available: EXCHANGE_BYTES_MAX } },
  );
}

/** Makes the region of an exchange: header, rings, exclusive segments lent, the others dealt to gates and senders. */
export function createExchange(spec: ExchangeSpec, attempt: number): SharedMemory {
  const plan = planOf(spec);
  const memory = new SharedArrayBuffer(plan.bytes);
  stampRegion(memory, EXCHANGE_MAGIC, attempt, spec.id);
  stampShape(spec, plan, memory);
  const exchange = new Exchange(spec, plan, memory);
  for (let channel = 0; channel < plan.topology.channelCount; channel++) {
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
function stampShape(spec: ExchangeSpec, plan: ExchangePlan, memory: SharedMemory): void {
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
  words[SHAPE.channelsByte] = plan.startOf('channel lines');
  words[SHAPE.readyByte] = plan.startOf('ready words');
}

/** @throws SluiceError ARENA_INVALID  not the region of this exchange and attempt */
export function attachExchange(spec: ExchangeSpec, memory: SharedMemory, attempt: number): Exchange {
  checkRegion(memory, EXCHANGE_MAGIC, attempt, spec.id);
  return new Exchange(spec, planOf(spec), memory);
}

/** Views over the whole region. Positions of records are byte offsets into it, aligned to 8. */
export interface ExchangeView {
  readonly i32: Int32Array;
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
  readonly #plan: ExchangePlan;
  /** Exclusive segments of all channels: they have the lowest numbers. */
  readonly #exclusive: number;
  readonly #segmentsByte: number;

  constructor(spec: ExchangeSpec, plan: ExchangePlan, memory: SharedMemory) {
    assert(memory.byteLength === plan.bytes, 'a region is as large as the sum of its terms');
    assert(plan.startOf('exclusive segments') % LINE_BYTES === 0, 'segments begin on a line');
    this.spec = spec;
    this.view = {
      i32: new Int32Array(memory),
      f64: new Float64Array(memory, 0, memory.byteLength >> 3),
      u8: new Uint8Array(memory),
      i64: new BigInt64Array(memory, 0, memory.byteLength >> 3),
      buf: Buffer.from(memory),
    };
    this.ledger = new Ledger(new Uint8Array(memory, plan.startOf('ledger'), plan.segments));
    this.topology = plan.topology;
    this.#plan = plan;
    this.#exclusive = plan.topology.channelCount * spec.exclusivePerChannel;
    this.#segmentsByte = plan.startOf('exclusive segments');
  }

  /** Byte offset of a segment in the region. */
  segmentStart(segment: number): number {
    if (CHECKED) assert(segment >= 0 && segment < this.#plan.segments, () => `segment ${segment} exists`);
    return this.#segmentsByte + segment * this.spec.segmentBytes;
  }

  /** Segments of a gate that no channel has at the start. */
  floatingOfReceiver(receiver: number): number[] {
    const { floatingPerGate } = this.spec;
    return range(this.#exclusive + receiver * floatingPerGate, floatingPerGate);
  }

  /** Segments dealt to a sender at the start: P of them. */
  segmentsOfSender(sender: number): number[] {
    const { first, count } = this.#plan.dealt[sender]!;
    return range(first, count);
  }

  /** Where a sender writes an element before it is cut into pieces: byte offset in the region. record/span */
  scratchOfSender(sender: number): number {
    return this.#plan.startOf('scratch for large records') + sender * this.#plan.scratchBytes;
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
    const { slots, startOf } = this.#plan;
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
    const senders = this.#plan.dealt.reduce((sum, { count }) => sum + count, 0);
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
      `published ${word(CHANNEL.tail)}, taken ${word(CHANNEL.taken)}, reclaimed ${word(CHANNEL.reclaimed)}`;
    assert(word(CHANNEL.head) === word(CHANNEL.tail), () => `all that was published was read; ${said()}`);
    const met = (word(CHANNEL.granted) - word(CHANNEL.reclaimed)) | 0;
    assert(met === word(CHANNEL.tail), () => `every credit met a buffer or was taken back; ${said()}`);
    const untaken = (word(CHANNEL.tail) - word(CHANNEL.taken)) | 0;
    assert(untaken >= 0 && untaken <= this.#plan.slots, () => `no credit was taken twice; ${said()}`);
  }

  #readyWord(receiver: number): number {
    return (this.#plan.startOf('ready words') + receiver * this.#plan.readyWords * READY.BYTES) >> 2;
  }
}

function range(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}
