import type { TaskMetrics } from '../../metrics/metrics.js';
import { type Answer, json, Refusal } from '../answer.js';
import { type Call, type Handler, listIn, runOf, shown, subtaskOf, vertexOf, windowIn } from '../call.js';
import {
  AGGREGATES,
  type AggregateName,
  latencyValues,
  metricIds,
  metricOf,
  tasksIn,
} from '../metric-values.js';
import { jobValues, masterValues, processValues } from '../process-figures.js';
import { refuseOtherManager } from './cluster.js';

/**
 * Metrics by name, as in Flink: without `get` the names there are, with it their values as text. What is not there is
 * left out of the answer.
 */

/** Of a vertex, each name with its subtask before it: `0.numRecordsIn`. */
export const vertexMetrics: Handler = (call) => {
  const tasks = tasksOfVertex(call);
  const values = new Map(tasks.flatMap((task, subtask) => valuesOf(task, `${subtask}.`)));
  return named(call, values);
};

export const subtaskMetrics: Handler = (call) => {
  const run = runOf(call);
  const vertex = vertexOf(run, call);
  const subtask = subtaskOf(vertex, call);
  return named(call, new Map(valuesOf(tasksIn(run.metrics(windowIn(call)), vertex)[subtask]!, '')));
};

/** The merged watermark of each subtask that has one. */
export const watermarks: Handler = (call) =>
  json(
    tasksOfVertex(call).flatMap((task, subtask) => {
      const value = metricOf(task, 'currentInputWatermark');
      return value === null ? [] : [{ id: `${subtask}.currentInputWatermark`, value: String(value) }];
    }),
  );

/** Over the subtasks of a vertex, or those that `subtasks=0,2-4` names. */
export const aggregatedMetrics: Handler = (call) => {
  const tasks = chosenSubtasks(call, tasksOfVertex(call));
  return aggregated(
    call,
    tasks.map((task) => new Map(valuesOf(task, ''))),
  );
};

export const jobMetrics: Handler = (call) => {
  const run = runOf(call);
  return named(call, new Map([...jobValues(run), ...latencyValues(run.metrics(windowIn(call)))]));
};

export const jobManagerMetrics: Handler = (call) =>
  named(call, new Map([...processValues(call.board.all()), ...masterValues(call.board.all())]));

export const taskManagerMetrics: Handler = (call) => {
  refuseOtherManager(call.path['taskmanagerid']!);
  return named(call, processValues(call.board.all()));
};

export const taskManagersMetrics: Handler = (call) => aggregated(call, [processValues(call.board.all())]);

function tasksOfVertex(call: Call): readonly TaskMetrics[] {
  const run = runOf(call);
  return tasksIn(run.metrics(windowIn(call)), vertexOf(run, call));
}

function valuesOf(task: TaskMetrics, prefix: string): readonly (readonly [id: string, value: number])[] {
  return metricIds(task).map((id) => [`${prefix}${id}`, metricOf(task, id)!] as const);
}

function named(call: Call, values: ReadonlyMap<string, number>): Answer {
  const asked = listIn(call, 'get');
  if (asked === null) return json([...values.keys()].map((id) => ({ id })));
  const found = asked.filter((id) => values.has(id));
  return json(found.map((id) => ({ id, value: String(values.get(id)) })));
}

/** A metric that nobody has makes the whole answer empty, as in Flink. */
function aggregated(call: Call, each: readonly ReadonlyMap<string, number>[]): Answer {
  const aggregates = aggregatesIn(call);
  const asked = listIn(call, 'get');
  if (asked === null)
    return json([...new Set(each.flatMap((values) => [...values.keys()]))].map((id) => ({ id })));
  const found = asked.map((id) => ({
    id,
    values: each.flatMap((values) => (values.has(id) ? [values.get(id)!] : [])),
  }));
  if (found.some(({ values }) => values.length === 0)) return json([]);
  return json(
    found.map(({ id, values }) => ({
      id,
      ...Object.fromEntries(aggregates.map((name) => [name, AGGREGATES[name](values)])),
    })),
  );
}

function aggregatesIn(call: Call): readonly AggregateName[] {
  const all = Object.keys(AGGREGATES) as AggregateName[];
  const asked = listIn(call, 'agg')?.map((name) => name.toLowerCase());
  const strange = asked?.find((name) => !(all as string[]).includes(name));
  if (strange !== undefined) throw new Refusal(400, `agg is of ${all.join(', ')}, not '${shown(strange)}'`);
  return asked === undefined ? all : all.filter((name) => asked.includes(name));
}

const RANGE = /^(\d{1,9})(?:-(\d{1,9}))?$/;

function chosenSubtasks(call: Call, tasks: readonly TaskMetrics[]): readonly TaskMetrics[] {
  const asked = listIn(call, 'subtasks');
  if (asked === null) return tasks;
  const ranges = asked.map((text) => {
    const match = RANGE.exec(text);
    if (match === null) throw new Refusal(400, `subtasks is a list such as 0,2-4, not '${shown(text)}'`);
    return { first: Number(match[1]), last: Number(match[2] ?? match[1]) };
  });
  return tasks.filter((_, at) => ranges.some(({ first, last }) => at >= first && at <= last));
}
