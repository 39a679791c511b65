import type { ChannelFigures, ExchangeReader } from '../../memory/exchange-reader.js';
import type { InputMetrics, OutputMetrics } from './metrics.js';

/** Queues and pools of one task. */
export interface PoolMetrics {
  readonly input: InputMetrics | null;
  readonly output: OutputMetrics | null;
}

/**
 * Queues and pools of every task, from the words of the channels.
 *
 * Source: Flink's inputExclusiveBuffersUsage, inputFloatingBuffersUsage, inPoolUsage and outPoolUsage. Segments carry
 * no label here, so what comes in is taken to fill the floating ones first, as in Flink: of the E exclusive ones of a
 * channel those are in use that are not lent and free. So floating ones that are all in use say that the task is
 * behind, and exclusive ones say on how many of its channels.
 */
export function poolMetrics(exchanges: readonly ExchangeReader[], taskCount: number): readonly PoolMetrics[] {
  const inputs = new Map<number, readonly Input[]>();
  const outputs = new Map<number, readonly Output[]>();
  for (const exchange of exchanges) {
    const channels = exchange.channels();
    for (const [task, own] of groupsBy(channels, ({ receiverTask }) => receiverTask))
      inputs.set(task, [...(inputs.get(task) ?? []), inputOf(exchange, own)]);
    for (const [task, own] of groupsBy(channels, ({ senderTask }) => senderTask))
      outputs.set(task, [...(outputs.get(task) ?? []), outputOf(exchange, own)]);
  }
  return Array.from({ length: taskCount }, (_, task) => {
    const [gates, partitions] = [inputs.get(task), outputs.get(task)];
    return {
      input: gates === undefined ? null : allInputs(gates),
      output: partitions === undefined ? null : allOutputs(partitions),
    };
  });
}

function groupsBy<T>(all: readonly T[], keyOf: (each: T) => number): ReadonlyMap<number, readonly T[]> {
  const groups = new Map<number, T[]>();
  for (const each of all) {
    const group = groups.get(keyOf(each));
    if (group === undefined) groups.set(keyOf(each), [each]);
    else group.push(each);
  }
  return groups;
}

type Input = Omit<InputMetrics, 'poolUsage'>;

function inputOf({ exclusive: each, floating }: ExchangeReader, channels: readonly ChannelFigures[]): Input {
  const exclusive = each * channels.length;
  const inUse = sum(channels, heldBuffers);
  const exclusiveInUse = sum(channels, (channel) =>
    Math.min(heldBuffers(channel), Math.max(0, each - channel.credits)),
  );
  return {
    queuedBuffers: sum(channels, ({ queued }) => queued),
    exclusiveInUse,
    exclusive,
    floatingInUse: inUse - exclusiveInUse,
    floating,
  };
}

function allInputs(inputs: readonly Input[]): InputMetrics {
  const all = {
    queuedBuffers: sum(inputs, ({ queuedBuffers }) => queuedBuffers),
    exclusiveInUse: sum(inputs, ({ exclusiveInUse }) => exclusiveInUse),
    exclusive: sum(inputs, ({ exclusive }) => exclusive),
    floatingInUse: sum(inputs, ({ floatingInUse }) => floatingInUse),
    floating: sum(inputs, ({ floating }) => floating),
  };
  const inUse = all.exclusiveInUse + all.floatingInUse;
  return { ...all, poolUsage: inUse / (all.exclusive + all.floating) };
}

/** Buffers of a channel in segments of the receiver. */
function heldBuffers({ readable, isReading }: ChannelFigures): number {
  return readable + (isReading ? 1 : 0);
}

type Output = Omit<OutputMetrics, 'poolUsage'>;

function outputOf(reader: ExchangeReader, channels: readonly ChannelFigures[]): Output {
  const { overdraft } = reader;
  const segments = reader.segmentsOf(channels.length);
  const inUse = sum(channels, ({ backlog, isOpen }) => backlog + (isOpen ? 1 : 0)); // swapped ones came back
  return {
    queuedBuffers: sum(channels, ({ backlog }) => backlog),
    freeSegments: Math.max(0, segments - inUse),
    overdraft,
    segments,
    discardedBuffers: sum(channels, ({ discarded }) => discarded), // release/discard
  };
}

function allOutputs(outputs: readonly Output[]): OutputMetrics {
  const segments = sum(outputs, (each) => each.segments);
  const overdraft = sum(outputs, (each) => each.overdraft);
  const freeSegments = sum(outputs, (each) => each.freeSegments);
  return {
    queuedBuffers: sum(outputs, ({ queuedBuffers }) => queuedBuffers),
    discardedBuffers: sum(outputs, ({ discardedBuffers }) => discardedBuffers),
    freeSegments,
    overdraft,
    segments,
    poolUsage: (segments - freeSegments) / (segments - overdraft),
  };
}

function sum<T>(all: readonly T[], of: (each: T) => number): number {
  return all.reduce((total, each) => total + of(each), 0);
}
