/**
 * What an exchange needs of memory: every part of its region by name, how large it is and where it begins.
 *
 *   arena/exchange  Swaps mix segments inside one exchange only, so each exchange has one region of at most 1 GiB: byte
 *                   offsets are small integers, and generated code binds its views as constants.
 *
 * Runs in: any thread.
 */
import { assert } from '../base/assert.js';
import { SluiceError } from '../base/errors.js';
import { CHANNEL } from './channel.js';
import { type ExchangePattern, ExchangeTopology } from './exchange-topology.js';
import { layout, wholeLines } from './layout.js';
import { READY, readyWordCount } from './ready-words.js';
import { REGION } from './region.js';

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
  const { terms, bytes } = exchangeSizes(spec);
  if (bytes > EXCHANGE_BYTES_MAX) throw tooLarge(spec, bytes); // arena/exchange
  return terms;
}

/** The size of an exchange's region, also where it is more than may be. @throws SluiceError ARGUMENT_INVALID */
export function exchangeBytes(spec: ExchangeSpec): number {
  return exchangeSizes(spec).bytes;
}

/** The parts of a region, how large they are and where they begin. */
export interface ExchangeSizes {
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

/** @throws SluiceError ARGUMENT_INVALID  a number out of range */
export function exchangeSizes(spec: ExchangeSpec): ExchangeSizes {
  checkSpec(spec);
  const { senders, receivers, segmentBytes, exclusivePerChannel, floatingPerGate, elementBytesMax } = spec;
  const topology = new ExchangeTopology(spec.pattern, senders, receivers);
  const channels = topology.channelCount;
  const exclusive = channels * exclusivePerChannel;
  const floating = receivers * floatingPerGate;
  let segments = exclusive + floating;
  const dealt = Array.from({ length: senders }, (_, sender) => {
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
