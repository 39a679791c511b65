import {
  LATENCY_METRICS,
  LATENCY_QUANTILES,
  TASK_METRICS,
  type TaskMetricId,
} from '../../metrics/metric-catalogue.js';
import type { Answer } from '../answer.js';
import { type Handler, windowIn } from '../call.js';
import { HOST, jobValues, living, masterValues, processValues, TASK_MANAGER_ID } from '../process-figures.js';
import type { ServedRun } from '../served-run.js';

/**
 * Everything that can be told, in the text format of Prometheus, under the names and labels of Flink's reporter.
 *
 * Source: https://prometheus.io/docs/instrumenting/exposition_formats/, version 0.0.4.
 */
export const prometheus: Handler = (call): Answer => {
  const runs = living(call.board.all());
  const window = windowIn(call);
  const looks = runs.map((run) => ({ run, metrics: run.metrics(window) }));
  const lines = [
    ...taskLines(looks),
    ...latencyLines(looks),
    ...jobLines(runs),
    ...valueLines('flink_taskmanager_', processValues(runs), { host: HOST, tm_id: TASK_MANAGER_ID }),
    ...valueLines('flink_jobmanager_', masterValues(runs), { host: HOST }),
  ];
  return {
    status: 200,
    type: 'text/plain; version=0.0.4; charset=utf-8',
    text: lines.map((line) => `${line}\n`).join(''),
  };
};

interface Look {
  readonly run: ServedRun;
  readonly metrics: ReturnType<ServedRun['metrics']>;
}

/** All samples of a metric stand together, below its type. */
function taskLines(looks: readonly Look[]): readonly string[] {
  return (Object.keys(TASK_METRICS) as TaskMetricId[]).flatMap((id) => {
    const { of, kind, meaning } = TASK_METRICS[id];
    const name = `flink_taskmanager_job_task_${nameOf(id)}`;
    const samples = looks.flatMap(({ run, metrics }) =>
      metrics.tasks.flatMap((task) => {
        const value = of(task);
        if (value === null) return [];
        const { vertex, subtask } = task;
        const labels = {
          host: HOST,
          tm_id: TASK_MANAGER_ID,
          ...jobLabels(run),
          task_id: vertex,
          task_name: task.name,
          task_attempt_id: `${run.id}_${vertex}_${subtask}_0`,
          task_attempt_num: '0',
          subtask_index: String(subtask),
        };
        return [sampleLine(name, labels, value)];
      }),
    );
    return samples.length === 0 ? [] : [...headLines(name, kind, meaning), ...samples];
  });
}

/** A summary for each source and subtask, as Flink's reporter writes it. */
function latencyLines(looks: readonly Look[]): readonly string[] {
  const name = 'flink_taskmanager_job_latency_source_id_operator_id_operator_subtask_index_latency';
  const samples = looks.flatMap(({ run, metrics }) =>
    metrics.tasks.flatMap(({ vertex, subtask, latencies = [] }) =>
      latencies.flatMap((latency) => {
        const labels = {
          ...{ host: HOST, tm_id: TASK_MANAGER_ID, ...jobLabels(run) },
          ...{ source_id: latency.source, operator_id: vertex, operator_subtask_index: String(subtask) },
        };
        const quantiles = Object.entries(LATENCY_QUANTILES).map(([quantile, id]) =>
          sampleLine(name, { ...labels, quantile }, LATENCY_METRICS[id].of(latency)),
        );
        return [...quantiles, sampleLine(`${name}_count`, labels, latency.markers)];
      }),
    ),
  );
  return samples.length === 0 ? [] : [...headLines(name, 'summary', LATENCY_MEANING), ...samples];
}

const LATENCY_MEANING =
  'How long latency markers had been on their way, in ms, from when they were due at their source.';

function jobLines(runs: readonly ServedRun[]): readonly string[] {
  const each = runs.map((run) => ({ run, values: jobValues(run) }));
  return [...(each[0]?.values.keys() ?? [])].flatMap((id) => {
    const name = `flink_jobmanager_job_${nameOf(id)}`;
    const samples = each.map(({ run, values }) =>
      sampleLine(name, { host: HOST, ...jobLabels(run) }, values.get(id)!),
    );
    return [...headLines(name, 'gauge', JOB_MEANINGS[id] ?? id), ...samples];
  });
}

const JOB_MEANINGS: Readonly<Record<string, string>> = {
  uptime: 'How long the job has been running, in ms.',
  runningTime: 'The same: it is never interrupted.',
  downtime: 'How long it has been failing or recovering, in ms.',
  numRestarts: 'Restarts since the job was started.',
};

function valueLines(
  prefix: string,
  values: ReadonlyMap<string, number>,
  labels: Readonly<Record<string, string>>,
): readonly string[] {
  return [...values].flatMap(([id, value]) => {
    const name = `${prefix}${nameOf(id)}`;
    return [...headLines(name, 'gauge', `${id} of this process.`), sampleLine(name, labels, value)];
  });
}

const jobLabels = ({ id, graph }: ServedRun): Readonly<Record<string, string>> => ({
  job_id: id,
  job_name: graph.job,
});

function nameOf(id: string): string {
  return id.replace(/[^a-zA-Z0-9_]/g, '_');
}

function headLines(name: string, kind: 'counter' | 'gauge' | 'summary', meaning: string): readonly string[] {
  const help = meaning.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${kind}`];
}

function sampleLine(name: string, labels: Readonly<Record<string, string>>, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
  return `${name}{${pairs.join(',')}} ${numberText(value)}`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}
