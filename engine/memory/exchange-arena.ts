/**
 * The memory of one exchange: every channel and every segment between the tasks of two vertices.
 *
 *   arena/exchange  Swaps mix segments inside one exchange only, so each exchange has one region of at most 1 GiB: byte
 *                   offsets are small integers, and generated code binds its views as constants.
 *
 * Runs in: the main thread creates, the workers at both ends attach.
 */
import { assert } from '../base/assert.js';
import { SluiceError } from '../base/errors.js';
import { CHANNEL, ChannelReceiver, ChannelSender, initialiseChannel } from './channel.js';
import { LINE_BYTES, wholeLines } from './layout.js';
import { LEDGER_STATES, Ledger, SENDER_FREE } from './ledger.js';
import { checkRegion, EXCHANGE_MAGIC, REGION, type SharedMemory, stampRegion } from './region.js';

export interface ExchangeSpec {
  readonly id: number;
  /** `pointwise`: sender i feeds receiver i alone. */
  readonly pattern: 'all-to-all' | 'pointwise';
  readonly senders: number;
  readonly receivers: number;
  /** Task of each sender, and of each receiver: indices of their doorbells. */
  readonly senderTasks: readonly number[];
  readonly receiverTasks: readonly number[];
  /** A multiple of 8, at least 64. */
  readonly segmentBytes: number;
  /** Segments lent to each channel at the start: E, at least 1. */
  readonly exclusivePerChannel: number;
  /** Buffers of one subpartition that may wait for credit while the sender still takes new records. */
  readonly buffersPerSubpartitionMax: number;
  /** Segments that only a record already begun may use; 20 if not given. */
  readonly overdraftPerPartition?: number;
}

export const EXCHANGE_BYTES_MAX = 2 ** 30;
export const OVERDRAFT_SEGMENTS = 20;

/** A part of a region: `count` pieces of `bytes` each. */
export interface MemoryTerm {
  readonly name: string;
  readonly count: number;
  readonly bytes: number;
}

/** Subpartitions of one sender: its receivers. */
export function subpartitionCount(spec: ExchangeSpec): number {
  return spec.pattern === 'pointwise' ? 1 : spec.receivers;
}

/** Channels of one receiver: its senders. */
export function gateChannelCount(spec: ExchangeSpec): number {
  return spec.pattern === 'pointwise' ? 1 : spec.senders;
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
  return planOf(spec).terms;
}

interface ExchangePlan {
  readonly terms: readonly MemoryTerm[];
  readonly bytes: number;
  readonly channels: number;
  readonly segmentsPerSender: number;
  readonly segments: number;
  readonly slots: number;
  readonly linesByte: number;
  readonly dataByte: number;
  readonly creditByte: number;
  readonly ledgerByte: number;
  readonly segmentsByte: number;
}

function planOf(spec: ExchangeSpec): ExchangePlan {
  checkSpec(spec);
  const channels = spec.senders * subpartitionCount(spec);
  const segmentsPerSender = partitionSegments(subpartitionCount(spec), overdraftOf(spec));
  const exclusive = channels * spec.exclusivePerChannel;
  const segments = exclusive + spec.senders * segmentsPerSender;
  const slots = ringSlots(segmentsPerSender, spec.exclusivePerChannel);
  const terms: MemoryTerm[] = [
    { name: 'exchange header', count: 1, bytes: REGION.BYTES },
    { name: 'channel lines', count: channels, bytes: CHANNEL.BYTES },
    { name: 'data rings', count: channels, bytes: wholeLines(slots * 8) },
    { name: 'credit rings', count: channels, bytes: wholeLines(slots * 4) },
    { name: 'ledger', count: 1, bytes: wholeLines(segments) },
    { name: 'exclusive segments', count: exclusive, bytes: spec.segmentBytes },
    { name: 'partition segments', count: spec.senders * segmentsPerSender, bytes: spec.segmentBytes },
  ];
  const starts: number[] = [];
  let bytes = 0;
  for (const term of terms) {
    starts.push(bytes);
    bytes += term.count * term.bytes;
  }
  if (bytes > EXCHANGE_BYTES_MAX) throw tooLarge(spec, bytes); // arena/exchange
  const [, linesByte, dataByte, creditByte, ledgerByte, segmentsByte] = starts as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return {
    terms,
    bytes,
    channels,
    segmentsPerSender,
    segments,
    slots,
    linesByte,
    dataByte,
    creditByte,
    ledgerByte,
    segmentsByte,
  };
}

/** Slots of either ring of a channel: no more than P + E segments can be in them at once. ring/slots */
export function ringSlots(segmentsPerSender: number, exclusive: number): number {
  const slots = 2 ** Math.ceil(Math.log2(segmentsPerSender + exclusive));
  assert(slots >= segmentsPerSender + exclusive, 'a ring has a slot for every segment that may be in it');
  return slots;
}

function overdraftOf(spec: ExchangeSpec): number {
  return spec.overdraftPerPartition ?? OVERDRAFT_SEGMENTS;
}

function checkSpec(spec: ExchangeSpec): void {
  const need = (holds: boolean, what: string): void => {
    if (!holds) throw new SluiceError('ARGUMENT_INVALID', `exchange ${spec.id}: ${what}`);
  };
  const counts = [spec.senders, spec.receivers, spec.exclusivePerChannel, spec.buffersPerSubpartitionMax];
  need(
    counts.every((count) => Number.isInteger(count) && count >= 1),
    'senders, receivers, exclusive segments and the cap of a subpartition are whole numbers from 1',
  );
  need(overdraftOf(spec) >= 0, 'overdraft is at least 0');
  need(spec.pattern !== 'pointwise' || spec.senders === spec.receivers, 'pointwise joins equal numbers');
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

/** Makes the region of an exchange: header, rings, exclusive segments lent, the others dealt to the senders. */
export function createExchange(spec: ExchangeSpec, attempt: number): SharedMemory {
  const plan = planOf(spec);
  const memory = new SharedArrayBuffer(plan.bytes);
  stampRegion(memory, EXCHANGE_MAGIC, attempt, spec.id);
  const exchange = new Exchange(spec, plan, memory);
  for (let channel = 0; channel < plan.channels; channel++) {
    const first = channel * spec.exclusivePerChannel;
    const lent = Array.from({ length: spec.exclusivePerChannel }, (_, index) => first + index);
    initialiseChannel(exchange.channelMemory(channel), lent);
  }
  for (let sender = 0; sender < spec.senders; sender++)
    for (const segment of exchange.segmentsOfSender(sender)) exchange.ledger.set(segment, SENDER_FREE);
  return memory;
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
  /** Segments of one sender: P. */
  readonly segmentsPerSender: number;
  readonly overdraft: number;
  readonly #plan: ExchangePlan;

  constructor(spec: ExchangeSpec, plan: ExchangePlan, memory: SharedMemory) {
    assert(memory.byteLength === plan.bytes, 'a region is as large as the sum of its terms');
    assert(plan.segmentsByte % LINE_BYTES === 0, 'segments begin on a line');
    this.spec = spec;
    this.view = {
      i32: new Int32Array(memory),
      f64: new Float64Array(memory, 0, memory.byteLength >> 3),
      u8: new Uint8Array(memory),
      i64: new BigInt64Array(memory, 0, memory.byteLength >> 3),
      buf: Buffer.from(memory),
    };
    this.ledger = new Ledger(new Uint8Array(memory, plan.ledgerByte, plan.segments));
    this.segmentsPerSender = plan.segmentsPerSender;
    this.overdraft = overdraftOf(spec);
    this.#plan = plan;
  }

  /** Byte offset of a segment in the region. */
  segmentStart(segment: number): number {
    if (CHECKED) assert(segment >= 0 && segment < this.#plan.segments, () => `segment ${segment} exists`);
    return this.#plan.segmentsByte + segment * this.spec.segmentBytes;
  }

  /** Segments dealt to a sender at the start. */
  segmentsOfSender(sender: number): number[] {
    const { segmentsPerSender, channels } = this.#plan;
    const first = channels * this.spec.exclusivePerChannel + sender * segmentsPerSender;
    return Array.from({ length: segmentsPerSender }, (_, index) => first + index);
  }

  /** The sending end of subpartition `subpartition` of a sender. */
  senderEnd(sender: number, subpartition: number): ChannelSender {
    return new ChannelSender(this.channelMemory(sender * subpartitionCount(this.spec) + subpartition));
  }

  /** The receiving end of channel `channel` of a receiver's gate. */
  receiverEnd(receiver: number, channel: number): ChannelReceiver {
    const index = this.spec.pattern === 'pointwise' ? receiver : channel * this.spec.receivers + receiver;
    return new ChannelReceiver(this.channelMemory(index), this.spec.exclusivePerChannel);
  }

  /** Task that reads subpartition `subpartition` of a sender. */
  taskBehind(sender: number, subpartition: number): number {
    return this.spec.receiverTasks[this.spec.pattern === 'pointwise' ? sender : subpartition]!;
  }

  /** Task that feeds channel `channel` of a receiver's gate. */
  taskBefore(receiver: number, channel: number): number {
    return this.spec.senderTasks[this.spec.pattern === 'pointwise' ? receiver : channel]!;
  }

  channelMemory(channel: number) {
    const { slots, linesByte, dataByte, creditByte } = this.#plan;
    return {
      words: this.view.i32,
      base: (linesByte + channel * CHANNEL.BYTES) >> 2,
      data: (dataByte + channel * wholeLines(slots * 8)) >> 2,
      credit: (creditByte + channel * wholeLines(slots * 4)) >> 2,
      slots,
      ledger: this.ledger,
    };
  }

  /**
   * Checks that no segment is lost, once every sender and every receiver has ended. Checked builds only, since others
   * keep no ledger.
   */
  assertConserved(): void {
    const [senderFree, open, published, reading, gateFree, lent] = this.ledger.counts();
    const said = (): string =>
      LEDGER_STATES.map((name, i) => `${name} ${this.ledger.counts()[i]}`).join(', ');
    const senders = this.spec.senders * this.segmentsPerSender;
    assert(
      open === 0 && published === 0 && reading === 0,
      () => `nothing is in flight after the end: ${said()}`,
    );
    assert(senderFree! + lent! === senders, () => `senders have all ${senders} of theirs again: ${said()}`);
    const receivers = this.#plan.channels * this.spec.exclusivePerChannel;
    assert(gateFree === receivers, () => `receivers have all ${receivers} of theirs again: ${said()}`);
  }
}
