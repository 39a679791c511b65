import { type JobGraph, type JobVertex, tasksOf } from '../../plan/job-graph.js';
import type { TaskMetrics } from '../metrics/metrics.js';
import { timeRatios } from '../metrics/time-ratios.js';

/** Where the time of one vertex went, as shares 0..1 of it; means over its subtasks. */
export interface VertexShares {
  readonly name: string;
  readonly subtasks: number;
  readonly busy: number;
  /** The two kinds of busy; null where the system does not tell. */
  readonly onCore: number | null;
  readonly awaitingCore: number | null;
  readonly idle: number;
  readonly backpressured: number;
  /** By a promise, or by the rate of its own source or sink. */
  readonly heldBack: number;
  readonly recordsInPerSecond: number;
}

/** The shares of every vertex, in order of the job graph, between two readings of all tasks. */
export function vertexShares(
  graph: JobGraph,
  then: readonly TaskMetrics[],
  now: readonly TaskMetrics[],
  betweenMs: number,
): readonly VertexShares[] {
  return graph.vertices.map((vertex) => {
    const tasks = tasksOf(vertex);
    const ratios = tasks.map((task) => timeRatios(sampleOf(now[task]!), sampleOf(then[task]!)));
    const records = tasks.reduce((sum, task) => sum + now[task]!.recordsIn - then[task]!.recordsIn, 0);
    return {
      name: vertex.name,
      subtasks: vertex.parallelism,
      busy: mean(ratios.map(({ busyRatio }) => busyRatio)),
      onCore: meanOrNull(ratios.map(({ onCoreRatio }) => onCoreRatio)),
      awaitingCore: meanOrNull(ratios.map(({ awaitingCoreRatio }) => awaitingCoreRatio)),
      idle: mean(ratios.map(({ idleRatio }) => idleRatio)),
      backpressured: mean(ratios.map(({ backpressuredRatio }) => backpressuredRatio)),
      heldBack: mean(ratios.map(({ asyncRatio, rateLimitedRatio }) => asyncRatio + rateLimitedRatio)),
      recordsInPerSecond: (records * 1_000) / betweenMs,
    };
  });
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, each) => sum + each, 0) / values.length;
}

function meanOrNull(values: readonly (number | undefined)[]): number | null {
  return values.every((each) => each !== undefined) ? mean(values) : null;
}

function sampleOf({ times, thread }: TaskMetrics) {
  return { times, thread: thread ?? null };
}

export interface Bottleneck {
  readonly name: string;
  readonly reason: string;
}

/** From here on a task is said to be busy, or held up by those below it. */
const MUCH = 0.5;
const SOME = 0.1;

/**
 * The task that sets the pace at full speed: of those that are busy while what feeds them is backpressured, the first.
 * A source that is busy and not backpressured is one too: nothing feeds it.
 *
 * @returns null where nobody stands out: what the job waits for is outside it
 */
export function bottleneckOf(graph: JobGraph, shares: readonly VertexShares[]): Bottleneck | null {
  const percent = (share: number): string => `${Math.round(share * 100)} %`;
  for (const vertex of graph.vertices) {
    const own = shares[vertex.index]!;
    if (own.busy < MUCH || own.backpressured >= own.busy) continue;
    const above = feeders(graph, vertex).map(({ index }) => shares[index]!);
    const pressed = above.filter(({ backpressured }) => backpressured > SOME);
    if (above.length > 0 && pressed.length === 0) continue;
    const from =
      pressed.length === 0
        ? 'and is not held up by others'
        : `while ${pressed[0]!.name} is backpressured ${percent(pressed[0]!.backpressured)}`;
    return { name: own.name, reason: `busy ${percent(own.busy)} ${from}` };
  }
  return null;
}

function feeders(graph: JobGraph, vertex: JobVertex): readonly JobVertex[] {
  return graph.exchanges
    .filter(({ toVertex }) => toVertex === vertex.index)
    .map(({ fromVertex }) => graph.vertices[fromVertex]!);
}
