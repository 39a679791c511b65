import { SluiceError } from '../base/errors.js';
import type { EngineOptions } from '../base/option-catalogue.js';
import { type CategorySpec, categoryBytes } from '../memory/category-arena.js';
import type { ExchangeSpec } from '../memory/exchange-sizes.js';
import { FIRST_LINE_OF_SOURCE } from '../memory/latency-line.js';
import type { JobGraph, JobVertex } from '../plan/job-graph.js';
import { fitExchanges } from './fit-exchanges.js';
import { type NetworkMemory, networkMemory } from './network-memory.js';
import { formatSizeShort } from './options/option-values.js';
import { categorySpec } from './run-categories.js';
import { THREADS_MAX } from './threads/limits.js';

/** Every region of shared memory that a job needs, as sums of named terms, worked out before a thread starts. */
export interface Blueprint {
  readonly exchanges: readonly ExchangeSpec[];
  readonly control: { readonly tasks: number; readonly cursors: number; readonly latencies: number };
  /** Null: the job has no categories that travel as numbers. */
  readonly categories: CategorySpec | null;
  /** Vertices with a source or input at their head. */
  readonly sourceVertices: readonly JobVertex[];
  /** Those of them that have splits and readers; the position is the number of the split cursor. */
  readonly readerVertices: readonly JobVertex[];
  /** Bytes of all exchanges. */
  readonly segmentBytes: number;
  readonly taskHeapBytes: number;
  /** What was made smaller than the options say, for people. */
  readonly notices: readonly string[];
}

/**
 * @throws SluiceError MEMORY_INSUFFICIENT  exchanges and categories need more than the network memory; formula and
 *         missing bytes are in the message
 */
export function blueprint(
  graph: JobGraph,
  sourceHeads: ReadonlySet<string>,
  options: EngineOptions,
): Blueprint {
  if (graph.threadCount > THREADS_MAX) {
    throw new SluiceError(
      'PARALLELISM_INVALID',
      `the job has ${graph.threadCount} subtasks, and each needs a thread; at most ${THREADS_MAX} may run`,
      { detail: { tasks: graph.threadCount, tasksMax: THREADS_MAX } },
    );
  }
  const network = networkMemory({
    memoryBytes: options.memoryBytes,
    taskCount: graph.threadCount,
    taskHeapBytes: options.taskHeapBytes,
    fraction: options.networkFraction,
    minBytes: options.networkBytesMin,
    maxBytes: options.networkBytesMax,
  });
  const categories = categorySpec(graph, options);
  const { exchanges, bytes, notices } = fitExchanges(graph, options, without(categories, network));
  const sourceVertices = graph.vertices.filter((vertex) => sourceHeads.has(vertex.head));
  const readerVertices = sourceVertices.filter(({ place }) => place === 'worker');
  const latencies = options.latencyIntervalMs > 0 ? FIRST_LINE_OF_SOURCE + readerVertices.length : 0;
  const control = { tasks: graph.taskCount, cursors: readerVertices.length, latencies };
  return {
    ...{ exchanges, control, categories, sourceVertices, readerVertices, notices },
    segmentBytes: bytes,
    taskHeapBytes: network.taskHeapBytes,
  };
}

/** Categories are the smaller part, and come out of the same memory. */
function without(categories: CategorySpec | null, network: NetworkMemory): NetworkMemory {
  if (categories === null) return network;
  const bytes = categoryBytes(categories);
  const formula = `${network.formula}, less ${formatSizeShort(bytes)} for categories`;
  return { ...network, bytes: network.bytes - bytes, formula };
}
