import { type JobGraph, tasksOf } from '../../plan/job-graph.js';
import { bottlenecks, most, placesOf, worstPressure } from '../diagnosis/bottleneck.js';
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

/**
 * The task that sets the pace at full speed, where the walk to the bottleneck ends.
 *
 * @returns null where nobody stands out: what the job waits for is outside it
 */
export function bottleneckOf(
  graph: JobGraph,
  then: readonly TaskMetrics[],
  now: readonly TaskMetrics[],
): Bottleneck | null {
  const percent = (share: number): string => `${Math.round(share * 100)} %`;
  const places = placesOf(
    graph,
    now.map((task, at) => ({ ...task, ...timeRatios(sampleOf(task), sampleOf(then[at]!)) })),
  );
  const place = bottlenecks(places).at(-1); // the walk begins at the sinks
  if (place === undefined) return null;
  const pressed = place.feeders
    .map(({ index }) => places[index]!)
    .sort((a, b) => worstPressure(b) - worstPressure(a));
  const from =
    pressed[0] === undefined
      ? 'and is not held up by others'
      : `while ${pressed[0].vertex.name} is backpressured ${percent(worstPressure(pressed[0]))}`;
  return {
    name: place.vertex.name,
    reason: `busy ${percent(most(place, ({ busyRatio }) => busyRatio))} ${from}`,
  };
}
