import { type JobVertex, tasksOf } from '../../plan/job-graph.js';
import { LATENCY_METRICS, metricRow, TASK_METRICS, type TaskMetricId } from '../metrics/metric-catalogue.js';
import type { Metrics, TaskMetrics } from '../metrics/metrics.js';

/**
 * Metrics as Flink's routes tell them: values of one subtask as text, and figures over several.
 */

const IDS = Object.keys(TASK_METRICS) as TaskMetricId[];

/** The metrics that a task has now, in the order of the catalogue. */
export function metricIds(task: TaskMetrics): readonly TaskMetricId[] {
  return IDS.filter((id) => TASK_METRICS[id].of(task) !== null);
}

/** Null: there is no such metric, or the task has it not. */
export function metricOf(task: TaskMetrics, id: string): number | null {
  return metricRow(id)?.of(task) ?? null;
}

/** How long markers took to every task, by source, as Flink tells it among the metrics of the job. */
export function latencyValues({ tasks }: Metrics): ReadonlyMap<string, number> {
  return new Map(
    tasks.flatMap(({ vertex, subtask, latencies = [] }) =>
      latencies.flatMap((latency) => {
        const scope = `latency.source_id.${latency.source}.operator_id.${vertex}.operator_subtask_index.${subtask}`;
        return Object.entries(LATENCY_METRICS).map(
          ([id, { of }]) => [`${scope}.latency_${id}`, of(latency)] as const,
        );
      }),
    ),
  );
}

/** The subtasks of a vertex, in order. */
export function tasksIn(metrics: Metrics, vertex: JobVertex): readonly TaskMetrics[] {
  return tasksOf(vertex).map((task) => metrics.tasks[task]!);
}

/** What Flink can tell of the values of several subtasks; `skew`: 0 (all equal) to 100. */
export const AGGREGATES = {
  min: (values: readonly number[]) => Math.min(...values),
  max: (values: readonly number[]) => Math.max(...values),
  avg: mean,
  sum,
  skew: (values: readonly number[]) => {
    const avg = mean(values);
    if (avg === 0) return 0;
    return Math.min(100, (100 * mean(values.map((value) => Math.abs(value - avg)))) / avg);
  },
} as const satisfies Record<string, (values: readonly number[]) => number>;

export type AggregateName = keyof typeof AGGREGATES;

/** What is told of several subtasks' values beside each other. */
export function statistics(values: readonly number[]): Readonly<Record<string, number>> {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (quantile: number): number => quantileOf(sorted, quantile);
  return {
    min: sorted[0]!,
    max: sorted.at(-1)!,
    avg: Math.round(mean(values)),
    sum: sum(values),
    median: at(0.5),
    p25: at(0.25),
    p75: at(0.75),
    p95: at(0.95),
  };
}

/**
 * @param sorted  at least one
 * Source: the estimate of Apache Commons Math's Percentile (its LEGACY type), which Flink uses.
 */
function quantileOf(sorted: readonly number[], quantile: number): number {
  const place = quantile * (sorted.length + 1);
  const below = Math.floor(place);
  if (below < 1) return sorted[0]!;
  if (below >= sorted.length) return sorted.at(-1)!;
  return sorted[below - 1]! + (place - below) * (sorted[below]! - sorted[below - 1]!);
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

/** What a vertex or subtask has read and written, and where its time went. */
export function ioMetrics(tasks: readonly TaskMetrics[]): Readonly<Record<string, number | boolean>> {
  const total = (of: (task: TaskMetrics) => number): number => Math.round(sum(tasks.map(of)));
  return {
    'read-bytes': total(({ bytesIn }) => bytesIn),
    'read-bytes-complete': true,
    'write-bytes': total(({ bytesOut }) => bytesOut),
    'write-bytes-complete': true,
    'read-records': total(({ recordsIn }) => recordsIn),
    'read-records-complete': true,
    'write-records': total(({ recordsOut }) => recordsOut),
    'write-records-complete': true,
    'accumulated-backpressured-time': total(
      ({ times }) => times.softBackpressuredMs + times.hardBackpressuredMs,
    ),
    'accumulated-idle-time': total(({ times }) => times.idleMs),
    'accumulated-busy-time': total(({ times }) => times.busyMs),
  };
}
