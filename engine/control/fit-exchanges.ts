import { SluiceError } from '../base/errors.js';
import type { EngineOptions } from '../base/option-catalogue.js';
import {
  EXCHANGE_BYTES_MAX,
  type ExchangeSpec,
  exchangeBytes,
  exchangeTerms,
} from '../memory/exchange-sizes.js';
import { type JobExchange, type JobGraph, type JobVertex, tasksOf } from '../plan/job-graph.js';
import { alignRow, rowLayout } from '../records/row-layout.js';
import { liveInputOverdraft } from '../runtime/push-input.js';
import type { NetworkMemory } from './network-memory.js';

/** The exchanges of a job as they fit into the network memory. */
export interface FittedExchanges {
  readonly exchanges: readonly ExchangeSpec[];
  readonly bytes: number;
  /** What was made smaller than the options say, for people. */
  readonly notices: readonly string[];
}

/**
 * Gives every exchange its buffers. Where memory is short, the overdraft is lowered first, for all exchanges alike: it
 * only lets records end without waiting. Then the exclusive buffers are lowered, down to none where there are floating
 * ones: channels are slower to start then, and nothing else changes. Of all that fits, most exclusive buffers, and then
 * the most overdraft, are taken.
 *
 * @throws SluiceError MEMORY_INSUFFICIENT  not even that fits; formula and missing bytes are in the message
 */
export function fitExchanges(
  graph: JobGraph,
  options: EngineOptions,
  network: NetworkMemory,
): FittedExchanges {
  const { exclusivePerChannel, overdraftPerPartition, floatingPerGate } = options;
  const leastExclusive = Math.min(exclusivePerChannel, floatingPerGate > 0 ? 0 : 1);
  for (let exclusive = exclusivePerChannel; exclusive >= leastExclusive; exclusive--) {
    for (let overdraft = overdraftPerPartition; overdraft >= 0; overdraft--) {
      const exchanges = specsOf(graph, {
        ...options,
        exclusivePerChannel: exclusive,
        overdraftPerPartition: overdraft,
      });
      const sizes = exchanges.map(exchangeBytes);
      const bytes = sum(sizes);
      if (bytes > network.bytes || sizes.some((size) => size > EXCHANGE_BYTES_MAX)) continue;
      return { exchanges, bytes, notices: noticesOf(options, exclusive, overdraft, network) };
    }
  }
  const least = { ...options, exclusivePerChannel: leastExclusive, overdraftPerPartition: 0 };
  throw insufficient(specsOf(graph, least), network);
}

function specsOf(graph: JobGraph, options: EngineOptions): readonly ExchangeSpec[] {
  return graph.exchanges.map((exchange): ExchangeSpec => {
    const from = graph.vertices[exchange.fromVertex]!;
    const to = graph.vertices[exchange.toVertex]!;
    return {
      id: exchange.id,
      pattern: exchange.pattern,
      senders: from.parallelism,
      receivers: to.parallelism,
      senderTasks: tasksOf(from),
      receiverTasks: tasksOf(to),
      segmentBytes: options.segmentBytes,
      exclusivePerChannel: options.exclusivePerChannel,
      floatingPerGate: options.floatingPerGate,
      buffersPerSubpartitionMax: options.buffersPerSubpartitionMax,
      overdraftPerPartition: options.overdraftPerPartition,
      isAdaptive: options.adaptivePartitioner && /^(rebalance|rescale)$/.test(exchange.partitioner.kind),
      elementBytesMax: elementBytesMax(exchange, options),
      ...(from.place === 'main' && pushedElements(exchange, to, options)),
    };
  });
}

/** A live input may not wait inside a row, so its rows are bounded, and what they need is always there. */
function pushedElements(
  exchange: JobExchange,
  { parallelism }: JobVertex,
  options: EngineOptions,
): Pick<ExchangeSpec, 'elementBytesMax' | 'overdraftPerPartition'> {
  const elementBytes = Math.min(elementBytesMax(exchange, options), pushedBytesMax(options));
  const segments = Math.ceil(elementBytes / options.segmentBytes);
  const copies = exchange.partitioner.kind === 'broadcast' ? parallelism : 1;
  const overdraft = liveInputOverdraft(parallelism, segments, copies);
  return { elementBytesMax: elementBytes, overdraftPerPartition: overdraft };
}

/** The largest record that can be pushed, in bytes of its row. */
export function pushedBytesMax({ recordBytesMax, segmentBytes }: EngineOptions): number {
  return Math.min(Math.max(recordBytesMax, segmentBytes), PUSHED_SEGMENTS_MAX * segmentBytes);
}

/** Segments that a pushed row may take; its input has as many in reserve for each of its exchanges. */
const PUSHED_SEGMENTS_MAX = 20;

/** Rows of one length need room for no others. */
function elementBytesMax({ fields: { fields } }: JobExchange, options: EngineOptions): number {
  const layout = fields === null ? null : rowLayout(fields);
  const largest = layout === null || layout.isVariable ? options.recordBytesMax : alignRow(layout.fixedBytes);
  return Math.max(largest, options.segmentBytes);
}

function noticesOf(
  options: EngineOptions,
  exclusive: number,
  overdraft: number,
  { formula }: NetworkMemory,
): readonly string[] {
  const lowered = [
    overdraft < options.overdraftPerPartition &&
      `taskmanager.network.memory.max-overdraft-buffers-per-gate from ${options.overdraftPerPartition} to ${overdraft}`,
    exclusive < options.exclusivePerChannel &&
      `taskmanager.network.memory.buffers-per-channel from ${options.exclusivePerChannel} to ${exclusive}`,
  ].filter((each) => each !== false);
  return lowered.length === 0 ? [] : [`lowered ${lowered.join(' and ')}, to fit: ${formula}`];
}

function insufficient(exchanges: readonly ExchangeSpec[], network: NetworkMemory): SluiceError {
  for (const spec of exchanges) exchangeTerms(spec); // one alone may be too large, whatever the memory
  const needed = sum(exchanges.map(exchangeBytes));
  const missing = needed - network.bytes;
  const parts = exchanges
    .map((spec) => `exchange ${spec.id} (${spec.senders} x ${spec.receivers}) ${exchangeBytes(spec)}`)
    .join(' + ');
  return new SluiceError(
    'MEMORY_INSUFFICIENT',
    `the job's exchanges need ${needed} bytes (${parts}) even with no overdraft and the fewest exclusive buffers, ` +
      `but ${network.formula}: ${missing} bytes are missing`,
    { detail: { neededBytes: needed, networkBytes: network.bytes, missingBytes: missing } },
  );
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
