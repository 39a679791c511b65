import type { TaskMetrics, VertexMetrics } from './metrics.js';

/** Figures of each vertex from those of its subtasks, in the order in which the vertices come. */
export function vertexMetrics(tasks: readonly TaskMetrics[]): readonly VertexMetrics[] {
  const groups = new Map<string, TaskMetrics[]>();
  for (const task of tasks) groups.set(task.vertex, [...(groups.get(task.vertex) ?? []), task]);
  return [...groups.values()].map((group) => {
    const sum = (of: (task: TaskMetrics) => number): number => group.reduce((all, task) => all + of(task), 0);
    const mean = (of: (task: TaskMetrics) => number): number => sum(of) / group.length;
    const watermarks = group.flatMap(({ watermarkMs }) => (watermarkMs === null ? [] : [watermarkMs]));
    return {
      vertex: group[0]!.vertex,
      name: group[0]!.name,
      subtasks: group.length,
      busyRatio: mean(({ busyRatio }) => busyRatio),
      idleRatio: mean(({ idleRatio }) => idleRatio),
      backpressuredRatio: mean(({ backpressuredRatio }) => backpressuredRatio),
      asyncRatio: mean(({ asyncRatio }) => asyncRatio),
      rateLimitedRatio: mean(({ rateLimitedRatio }) => rateLimitedRatio),
      backpressuredRatioMax: Math.max(...group.map(({ backpressuredRatio }) => backpressuredRatio)),
      recordsIn: sum(({ recordsIn }) => recordsIn),
      recordsOut: sum(({ recordsOut }) => recordsOut),
      lateRecords: sum(({ lateRecords }) => lateRecords),
      droppedRecords: sum(({ droppedRecords }) => droppedRecords),
      recordsInPerSecond: sum(({ recordsInPerSecond }) => recordsInPerSecond),
      recordsOutPerSecond: sum(({ recordsOutPerSecond }) => recordsOutPerSecond),
      watermarkMs: watermarks.length === 0 ? null : Math.min(...watermarks),
    };
  });
}
