import { isSluiceError } from '../../../base/errors.js';
import { type JobGraph, type JobVertex, subtaskOfTask } from '../../../plan/job-graph.js';
import { EXAMINE_SECONDS } from '../../diagnosis/examine-seconds.js';
import { pressureLevel, pressureOf } from '../../metrics/pressure.js';
import type { RunFailure } from '../../run-life.js';
import { json, Refusal } from '../answer.js';
import { type Handler, runOf, shown, wholeNumber, windowIn } from '../call.js';
import {
  EXECUTION_STATES,
  jobSpan,
  jobState,
  jobTimestamps,
  stateCounts,
  subtaskPasts,
  vertexSpan,
  vertexState,
} from '../flink-states.js';
import { ioMetrics, tasksIn } from '../metric-values.js';
import { ENDPOINT, TASK_MANAGER_ID } from '../process-figures.js';
import type { ServedRun } from '../served-run.js';

/** One run: what it is, how it goes, what it ended with. */

export const job: Handler = (call) => {
  const run = runOf(call);
  const { graph, life, plan } = run;
  const now = Date.now();
  const metrics = run.metrics(windowIn(call));
  const vertices = graph.vertices.map((vertex) => {
    const tasks = tasksIn(metrics, vertex);
    const pasts = subtaskPasts(run, vertex, metrics.tasks, now);
    return {
      id: vertex.id,
      slotSharingGroupId: run.id,
      name: vertex.name,
      maxParallelism: graph.maxParallelism,
      parallelism: vertex.parallelism,
      status: vertexState(pasts),
      ...vertexSpan(pasts, now),
      tasks: stateCounts(pasts),
      metrics: ioMetrics(tasks),
    };
  });
  const counts = EXECUTION_STATES.map(
    (state) => [state, vertices.filter(({ status }) => status === state).length] as const,
  );
  return json({
    jid: run.id,
    name: plan.job,
    isStoppable: life.state === 'RUNNING',
    state: jobState(life),
    'job-type': 'STREAMING',
    ...jobSpan(life, now),
    maxParallelism: graph.maxParallelism,
    now,
    timestamps: jobTimestamps(life),
    vertices,
    'status-counts': Object.fromEntries(counts),
    plan: planOf(run),
  });
};

export const jobPlan: Handler = (call) => json({ plan: planOf(runOf(call)) });

export const jobStatus: Handler = (call) => json({ status: jobState(runOf(call).life) });

export const jobConfig: Handler = (call) => {
  const { id, plan, options } = runOf(call);
  const params = Object.entries(plan.params).map(([name, value]) => [
    name,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  return json({
    jid: id,
    name: plan.job,
    'execution-config': {
      'restart-strategy': 'none',
      'job-parallelism': options.parallelism,
      'object-reuse-mode': false,
      'user-config': Object.fromEntries(params),
    },
  });
};

/** Nobody registers any. */
export const jobAccumulators: Handler = (call) => {
  runOf(call);
  return json({
    'job-accumulators': [],
    'user-task-accumulators': [],
    'serialized-user-task-accumulators': {},
  });
};

/** The error that the run ended with; those that others of its tasks came to are beside it. */
export const exceptions: Handler = (call) => {
  const run = runOf(call);
  const text = call.query.get('maxExceptions');
  const most = text === null ? null : wholeNumber(text);
  if (text !== null && (most === null || most === 0))
    throw new Refusal(400, `maxExceptions is a whole number from 1, not '${shown(text)}'`);
  const [first, ...others] = run.life.failures;
  const entries =
    first === undefined
      ? []
      : [
          {
            ...exceptionOf(first, run.graph),
            concurrentExceptions: others.map((each) => exceptionOf(each, run.graph)),
          },
        ];
  return json({ exceptionHistory: { entries, truncated: false } });
};

function exceptionOf({ error, atMs, task }: RunFailure, graph: JobGraph): object {
  const place = task === null ? null : subtaskOfTask(graph, task);
  const name = isSluiceError(error) ? error.code : error instanceof Error ? error.name : 'Error';
  return {
    exceptionName: name,
    stacktrace: stackOf(error),
    timestamp: atMs,
    taskName: place && `${place.vertex.name} (${place.subtask + 1}/${place.vertex.parallelism})`,
    endpoint: place && ENDPOINT,
    taskManagerId: place && TASK_MANAGER_ID,
    failureLabels: {},
  };
}

/** With those of its causes, which are the user's. */
function stackOf(error: unknown): string {
  const stacks: string[] = [];
  for (let at = error, depth = 0; at !== undefined && depth < CAUSES_MAX; depth++) {
    stacks.push(at instanceof Error ? (at.stack ?? at.message) : String(at));
    at = at instanceof Error ? at.cause : undefined;
  }
  return stacks.join('\nCaused by: ');
}

const CAUSES_MAX = 8;

/** How much every vertex waits for output: that of its subtasks which waits most. */
export const jobBackpressure: Handler = (call) => {
  const run = runOf(call);
  const metrics = run.metrics(windowIn(call));
  if (metrics.state !== 'RUNNING' && metrics.state !== 'STOPPING') return json({ status: 'deprecated' });
  return json({
    status: 'ok',
    'end-timestamp': Date.now(),
    vertices: run.graph.vertices.map((vertex) => {
      const pressures = tasksIn(metrics, vertex).map(pressureOf);
      const ratios = pressures.map(({ ratio }) => ratio);
      const subtask = ratios.indexOf(Math.max(...ratios));
      const worst = pressures[subtask]!;
      const level = pressureLevel(worst.ratio);
      return {
        id: vertex.id,
        name: vertex.name,
        parallelism: vertex.parallelism,
        backpressureLevel: level,
        'backpressure-level': level,
        subtask,
        ...worst,
      };
    }),
  });
};

/** What holds the run up, why, and what to do; with `seconds` also which function takes its time. */
export const diagnosis: Handler = async (call) => {
  const run = runOf(call);
  const text = call.query.get('seconds');
  if (text === null) return json(run.diagnose());
  const { min, max } = EXAMINE_SECONDS;
  const seconds = text.trim() === '' ? Number.NaN : Number(text);
  if (!(seconds >= min && seconds <= max))
    throw new Refusal(400, `seconds is a number from ${min} to ${max}, not '${shown(text)}'`);
  return json(await run.examine(seconds));
};

/** The graph as Flink's dashboard draws it. */
function planOf({ id, plan, graph }: ServedRun): object {
  return {
    jid: id,
    name: plan.job,
    type: 'STREAMING',
    nodes: graph.vertices.map((vertex) => {
      const inputs = inputsOf(vertex, graph);
      return {
        id: vertex.id,
        parallelism: vertex.parallelism,
        operator: '',
        operator_strategy: '',
        description: `${escaped(vertex.name)}<br/>`,
        ...(inputs.length > 0 && { inputs }),
        optimizer_properties: {},
      };
    }),
  };
}

function inputsOf(vertex: JobVertex, graph: JobGraph): readonly object[] {
  return graph.exchanges
    .filter(({ toVertex }) => toVertex === vertex.index)
    .map(({ fromVertex, partitioner }, num) => ({
      num,
      id: graph.vertices[fromVertex]!.id,
      ship_strategy: partitioner.kind.toUpperCase(),
      exchange: 'pipelined_bounded',
    }));
}

/** Dashboards put it into pages as it is. */
function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
    .replaceAll('\n', '<br/>');
}
