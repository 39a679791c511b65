/** Diagnoses of figures that were made up: of graphs in which it is known who holds up whom. */
import { diagnose } from '../../engine/control/diagnosis/diagnose.js';
import type { Diagnosis } from '../../engine/control/diagnosis/diagnosis.js';
import type { Metrics, TaskMetrics } from '../../engine/control/metrics/metrics.js';
import type { PastMoment } from '../../engine/control/metrics/sample-history.js';
import { vertexMetrics } from '../../engine/control/metrics/vertex-metrics.js';
import type { JobExchange, JobGraph } from '../../engine/plan/job-graph.js';
import type { LogicalPlan, OperatorConfig, Partitioner } from '../../engine/plan/logical-plan.js';
import type { KeySample } from '../../engine/runtime/key-sampler.js';
import { taskMetrics } from './task-metrics.js';

export const HASH = { kind: 'hash', fields: ['user'] } as const satisfies Partitioner;
export const REBALANCE = { kind: 'rebalance' } as const satisfies Partitioner;

interface Setting {
  readonly cores: number;
  readonly windowMs: number;
  /** By vertex: of its subtasks. */
  readonly keys: readonly (readonly (KeySample | null)[])[];
  /** By vertex: the kinds of its operators, each of which feeds the next. */
  readonly chains: readonly (readonly OperatorConfig['kind'][])[];
  readonly past: readonly PastMoment[];
}

/** The figures of the subtasks of each vertex, and who feeds whom. */
export function diagnosed(
  vertices: readonly (readonly Partial<TaskMetrics>[])[],
  edges: readonly (readonly [from: number, to: number, partitioner?: Partitioner])[],
  { cores = 8, windowMs = 1_000, keys = [], chains = [], past = [] }: Partial<Setting> = {},
): Diagnosis {
  let firstTask = 0;
  const graph = {
    vertices: vertices.map((tasks, index) => {
      const operators = (chains[index] ?? ['map']).map((_, at) => `v${index}.${at}`);
      const vertex = {
        ...{ index, id: `v${index}`, name: `v${index}`, parallelism: tasks.length, firstTask, operators },
        links: operators.slice(1).map((to, at) => ({ from: operators[at]!, to })),
        place: chains[index]?.[0] === 'output' ? 'main' : 'worker',
      };
      firstTask += tasks.length;
      return vertex;
    }),
    exchanges: edges.map(
      ([fromVertex, toVertex, partitioner = REBALANCE]) =>
        ({ fromVertex, toVertex, partitioner }) as unknown as JobExchange,
    ),
    taskCount: firstTask,
  } as unknown as JobGraph;
  const tasks = vertices.flatMap((all, index) =>
    all.map((over, subtask) => taskMetrics({ vertex: `v${index}`, name: `v${index}`, subtask, ...over })),
  );
  const metrics = { job: 'made up', windowMs, tasks, vertices: vertexMetrics(tasks) } as unknown as Metrics;
  const operators = vertices.flatMap((_, index) =>
    (chains[index] ?? ['map']).map((kind, at) => ({ uid: `v${index}.${at}`, config: { kind } })),
  );
  return diagnose({
    ...{ graph, metrics, cores, past },
    plan: { operators } as unknown as LogicalPlan,
    keys: new Map(keys.map((samples, index) => [`v${index}`, samples])),
  });
}

export const busy = (busyRatio: number, over: Partial<TaskMetrics> = {}): Partial<TaskMetrics> => ({
  busyRatio,
  idleRatio: 1 - busyRatio,
  recordsInPerSecond: 1_000,
  ...over,
});
export const pressed = (backpressuredRatio: number): Partial<TaskMetrics> => ({
  backpressuredRatio,
  busyRatio: 1 - backpressuredRatio,
  recordsInPerSecond: 1_000,
});
