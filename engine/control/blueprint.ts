import { SluiceError } from '../base/errors.js';
import type { EngineOptions } from '../base/option-catalogue.js';
import { type ExchangeSpec, exchangeTerms, type MemoryTerm } from '../memory/exchange-arena.js';
import type { JobGraph, JobVertex } from '../plan/job-graph.js';
import { networkMemory } from './network-memory.js';
import { THREADS_MAX } from './threads/limits.js';

/** Every region of shared memory that a job needs, as sums of named terms, worked out before a thread starts. */
export interface Blueprint {
  readonly exchanges: readonly ExchangeSpec[];
  readonly control: { readonly tasks: number; readonly cursors: number };
  /** Vertices with a source or input at their head; the position is the number of the split cursor. */
  readonly sourceVertices: readonly JobVertex[];
  /** Bytes of all exchanges. */
  readonly segmentBytes: number;
  readonly taskHeapBytes: number;
}

/**
 * @throws SluiceError MEMORY_INSUFFICIENT  the exchanges need more than the network memory; formula and missing bytes
 *         are in the message
 */
export function blueprint(
  graph: JobGraph,
  sourceHeads: ReadonlySet<string>,
  options: EngineOptions,
): Blueprint {
  if (graph.taskCount > THREADS_MAX) {
    throw new SluiceError(
      'PARALLELISM_INVALID',
      `the job has ${graph.taskCount} subtasks, and each needs a thread; at most ${THREADS_MAX} may run`,
      { detail: { tasks: graph.taskCount, tasksMax: THREADS_MAX } },
    );
  }
  const exchanges = graph.exchanges.map((exchange): ExchangeSpec => {
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
      buffersPerSubpartitionMax: options.buffersPerSubpartitionMax,
    };
  });
  const sourceVertices = graph.vertices.filter((vertex) => sourceHeads.has(vertex.head));
  const control = { tasks: graph.taskCount, cursors: sourceVertices.length };
  const segmentBytes = exchanges.reduce((sum, spec) => sum + sizeOf(exchangeTerms(spec)), 0);
  const network = networkMemory({
    memoryBytes: options.memoryBytes,
    taskCount: graph.taskCount,
    taskHeapBytes: options.taskHeapBytes,
    fraction: options.networkFraction,
    minBytes: options.networkBytesMin,
    maxBytes: options.networkBytesMax,
  });
  if (segmentBytes > network.bytes) {
    const missing = segmentBytes - network.bytes;
    const sum = exchanges
      .map(
        (spec) => `exchange ${spec.id} (${spec.senders} x ${spec.receivers}) ${sizeOf(exchangeTerms(spec))}`,
      )
      .join(' + ');
    throw new SluiceError(
      'MEMORY_INSUFFICIENT',
      `the job's exchanges need ${segmentBytes} bytes (${sum}), but ${network.formula}: ${missing} bytes are missing`,
      { detail: { neededBytes: segmentBytes, networkBytes: network.bytes, missingBytes: missing } },
    );
  }
  return { exchanges, control, sourceVertices, segmentBytes, taskHeapBytes: network.taskHeapBytes };
}

export function tasksOf(vertex: JobVertex): readonly number[] {
  return Array.from({ length: vertex.parallelism }, (_, subtask) => vertex.firstTask + subtask);
}

function sizeOf(terms: readonly MemoryTerm[]): number {
  return terms.reduce((sum, term) => sum + term.count * term.bytes, 0);
}
