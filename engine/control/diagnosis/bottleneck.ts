import { type JobGraph, type JobVertex, tasksOf } from '../../plan/job-graph.js';
import type { TaskMetrics } from '../metrics/metrics.js';
import { pressureLevel } from '../metrics/pressure.js';

/** A vertex with the figures of its subtasks, and its neighbours. */
export interface Place {
  readonly vertex: JobVertex;
  /** In order. */
  readonly tasks: readonly TaskMetrics[];
  readonly feeders: readonly JobVertex[];
  readonly receivers: readonly JobVertex[];
}

/** From here on a task is taken to be at its limit: the rest of its time are looks around. */
const FULL = 0.5;

export function placesOf(graph: JobGraph, tasks: readonly TaskMetrics[]): readonly Place[] {
  const of = (indices: readonly number[]): readonly JobVertex[] =>
    [...new Set(indices)].map((index) => graph.vertices[index]!); // two may be joined by several exchanges
  return graph.vertices.map((vertex) => ({
    vertex,
    tasks: tasksOf(vertex).map((task) => tasks[task]!),
    feeders: of(graph.exchanges.filter((each) => each.toVertex === vertex.index).map((e) => e.fromVertex)),
    receivers: of(graph.exchanges.filter((each) => each.fromVertex === vertex.index).map((e) => e.toVertex)),
  }));
}

/** What a task does with its time by itself: it neither waits for input nor for those below. */
export function ownShare({ busyRatio, asyncRatio, rateLimitedRatio }: TaskMetrics): number {
  return busyRatio + asyncRatio + rateLimitedRatio;
}

export const most = (place: Place, of: (task: TaskMetrics) => number): number =>
  Math.max(...place.tasks.map(of));

export const mean = (place: Place, of: (task: TaskMetrics) => number): number =>
  place.tasks.reduce((sum, task) => sum + of(task), 0) / place.tasks.length;

/**
 * Where the job is held up, as Flink teaches to look for it: from the sinks upward, the first vertex that is at its
 * limit while what feeds it is backpressured; a source that is at its limit and not backpressured is one too. Of a
 * branched job each branch may have one.
 *
 * @returns in the order of the walk; empty where nobody is held up
 */
export function bottlenecks(places: readonly Place[]): readonly Place[] {
  const found: Place[] = [];
  const below = new Set<number>();
  for (const place of places.toReversed()) {
    const { vertex, receivers } = place;
    const isExplained = receivers.some(({ index }) => below.has(index));
    if (isExplained || !isAtLimit(place, places)) {
      if (isExplained) below.add(vertex.index);
      continue;
    }
    found.push(place);
    below.add(vertex.index);
  }
  return found;
}

function isAtLimit(place: Place, places: readonly Place[]): boolean {
  const worst = place.tasks.reduce((a, b) => (ownShare(b) > ownShare(a) ? b : a));
  if (ownShare(worst) < FULL || worst.backpressuredRatio > ownShare(worst)) return false;
  if (place.feeders.length === 0) return pressureLevel(worst.backpressuredRatio) !== 'high';
  return place.feeders.some(({ index }) => pressureLevel(worstPressure(places[index]!)) !== 'ok');
}

/** Of the subtask that waits most. */
export function worstPressure(place: Place): number {
  return most(place, ({ backpressuredRatio }) => backpressuredRatio);
}
