import { pressureLevel, pressureOf } from '../../metrics/pressure.js';
import { FLAME_GRAPH_NOT_THERE, type FlameGraphType } from '../../profile/flame-graph.js';
import { type Answer, json, Refusal } from '../answer.js';
import { type Call, type Handler, runOf, shown, vertexOf, wholeNumber, windowIn } from '../call.js';
import { type SubtaskPast, stateCounts, subtaskPasts, vertexSpan, vertexState } from '../flink-states.js';
import { ioMetrics, statistics, tasksIn } from '../metric-values.js';
import { ENDPOINT, TASK_MANAGER_ID } from '../process-figures.js';

/** One vertex of a run, and its subtasks. */

export const vertex: Handler = (call) => {
  const { run, vertex, tasks, pasts, now } = lookAt(call);
  const subtasks = pasts.map((past, subtask) => ({
    subtask,
    status: past.state,
    attempt: 0,
    endpoint: ENDPOINT,
    ...past.span,
    start_time: past.span['start-time'],
    metrics: ioMetrics([tasks[subtask]!]),
    'taskmanager-id': TASK_MANAGER_ID,
    'status-duration': past.durations,
  }));
  return json({
    id: vertex.id,
    name: vertex.name,
    parallelism: vertex.parallelism,
    maxParallelism: run.graph.maxParallelism,
    now,
    subtasks,
    aggregated: aggregated(subtasks),
  });
};

export const subtaskTimes: Handler = (call) => {
  const { vertex, pasts, now } = lookAt(call);
  return json({
    id: vertex.id,
    name: vertex.name,
    now,
    subtasks: pasts.map(({ span, timestamps }, subtask) => ({
      subtask,
      endpoint: ENDPOINT,
      duration: span.duration,
      timestamps,
    })),
  });
};

/** Where its subtasks are: all in this process. */
export const vertexTaskManagers: Handler = (call) => {
  const { vertex, tasks, pasts, now } = lookAt(call);
  const subtasks = pasts.map((past, subtask) => ({
    metrics: ioMetrics([tasks[subtask]!]),
    'status-duration': past.durations,
  }));
  return json({
    id: vertex.id,
    name: vertex.name,
    now,
    taskmanagers: [
      {
        endpoint: ENDPOINT,
        status: vertexState(pasts),
        ...vertexSpan(pasts, now),
        metrics: ioMetrics(tasks),
        'status-counts': stateCounts(pasts),
        'taskmanager-id': TASK_MANAGER_ID,
        aggregated: aggregated(subtasks),
      },
    ],
  });
};

/** Nobody registers any. */
export const vertexAccumulators: Handler = (call) =>
  json({ id: vertexOf(runOf(call), call).id, 'user-accumulators': [] });

export const subtaskAccumulators: Handler = (call) => {
  const { id, parallelism } = vertexOf(runOf(call), call);
  const subtasks = Array.from({ length: parallelism }, (_, subtask) => ({
    subtask,
    attempt: 0,
    endpoint: ENDPOINT,
    'user-accumulators': [],
  }));
  return json({ id, parallelism, subtasks });
};

export const backpressure: Handler = (call) => {
  const { run, tasks } = lookAt(call);
  if (run.life.state !== 'RUNNING' && run.life.state !== 'STOPPING') return json({ status: 'deprecated' });
  const subtasks = tasks.map((task, subtask) => {
    const pressure = pressureOf(task);
    return { subtask, ...levelOf(pressure.ratio), ...pressure };
  });
  const worst = Math.max(...subtasks.map(({ ratio }) => ratio));
  return json({ status: 'ok', ...levelOf(worst), 'end-timestamp': Date.now(), subtasks });
};

/** Under both names that Flink gives it. */
function levelOf(ratio: number): object {
  const level = pressureLevel(ratio);
  return { backpressureLevel: level, 'backpressure-level': level };
}

const FLAME_GRAPH_TYPES: readonly string[] = ['full', 'on_cpu', 'off_cpu'] satisfies FlameGraphType[];

export const flamegraph: Handler = (call): Answer => {
  const run = runOf(call);
  const vertex = vertexOf(run, call);
  const type = (call.query.get('type') ?? 'full').toLowerCase();
  if (!FLAME_GRAPH_TYPES.includes(type))
    throw new Refusal(400, `type is ${FLAME_GRAPH_TYPES.join(', ')}, not '${shown(type)}'`);
  const text = call.query.get('subtaskindex');
  const subtask = text === null ? undefined : wholeNumber(text);
  if (subtask === null || (subtask !== undefined && subtask >= vertex.parallelism))
    throw new Refusal(400, `subtaskindex is from 0 to ${vertex.parallelism - 1}, not '${shown(text!)}'`);
  if (!run.options.flameGraphs) return json({ endTimestamp: FLAME_GRAPH_NOT_THERE.disabled });
  return json(run.flameGraph(vertex.id, type as FlameGraphType, subtask));
};

function lookAt(call: Call) {
  const run = runOf(call);
  const vertex = vertexOf(run, call);
  const metrics = run.metrics(windowIn(call));
  const now = Date.now();
  return {
    ...{ run, vertex, now },
    tasks: tasksIn(metrics, vertex),
    pasts: subtaskPasts(run, vertex, metrics.tasks, now),
  };
}

/** Statistics over the subtasks of each figure of theirs. */
function aggregated(
  subtasks: readonly {
    readonly metrics: ReturnType<typeof ioMetrics>;
    readonly 'status-duration': SubtaskPast['durations'];
  }[],
): object {
  const figures = Object.keys(subtasks[0]!.metrics).filter((name) => !name.endsWith('-complete'));
  const states = Object.keys(subtasks[0]!['status-duration']) as (keyof SubtaskPast['durations'])[];
  return {
    metrics: Object.fromEntries(
      figures.map((name) => [name, statistics(subtasks.map(({ metrics }) => Number(metrics[name])))]),
    ),
    'status-duration': Object.fromEntries(
      states.map((state) => [state, statistics(subtasks.map((each) => each['status-duration'][state]))]),
    ),
  };
}
