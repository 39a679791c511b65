/**
 * The pages under docs/ that are made from tables in the code: `node build.mjs --docs` writes them, and the tidy
 * test fails while one is not current. Reads the checked build.
 */
import { existsSync, readdirSync } from 'node:fs';

const CHECKED = new URL('../dist/checked/engine/', import.meta.url);

/** @returns {Promise<{ path: string, text: string }[]>} paths relative to the repository */
export async function generatedPages() {
  return [await errorsPage(), await memoryLayoutsPage(), await metricsPage()];
}

async function errorsPage() {
  const { ERRORS } = await import(new URL('base/error-catalogue.js', CHECKED).href);
  const reaches = {
    record: 'one record is affected',
    checkpoint: 'one checkpoint is affected; the job goes on',
    task: 'one task ends',
    job: 'the job ends, or does not start',
  };
  const used = Object.keys(reaches).filter((reach) => Object.values(ERRORS).some(([each]) => each === reach));
  return {
    path: 'docs/errors.md',
    text: [
      '# Errors',
      '',
      'Every error of the engine is a `SluiceError` with a `code` from this table. Codes are stable: match on',
      '`error.code`, never on the message. The message adds the numbers, names and places of the case at hand.',
      '',
      ...used.map((reach) => `* **${reach}**: ${reaches[reach]}.`),
      '',
      '| code | reaches | what it means, and what to do |',
      '|---|---|---|',
      ...Object.entries(ERRORS).map(([code, [reach, text]]) => `| \`${code}\` | ${reach} | ${cell(text)} |`),
      '',
      'This page is generated from `engine/base/error-catalogue.ts` by `node build.mjs --docs`.',
      '',
    ].join('\n'),
  };
}

async function memoryLayoutsPage() {
  // A table registers itself when its module loads.
  for (const folder of ['memory/', 'metrics/', 'exchange/']) await importAll(new URL(folder, CHECKED));
  const { layoutsAsMarkdown } = await import(new URL('memory/layout.js', CHECKED).href);
  return {
    path: 'docs/memory-layouts.md',
    text: [
      '# Memory layouts',
      '',
      'Every structure that more than one thread touches, as its table says. Offsets are in bytes from the start of',
      'the structure. A line of 128 bytes has one writer; a word that `any` thread may change is alone on its line.',
      '',
      layoutsAsMarkdown(),
      'This page is generated from the tables in `engine/memory/` by `node build.mjs --docs`.',
      '',
    ].join('\n'),
  };
}

async function metricsPage() {
  const { LATENCY_METRICS, LATENCY_QUANTILES, TASK_METRICS } = await import(
    new URL('control/metrics/metric-catalogue.js', CHECKED).href
  );
  const rows = Object.entries(TASK_METRICS).map(
    ([id, { kind, unit, isFlinks, meaning }]) =>
      `| \`${id}\` | ${kind} | ${unit} | ${isFlinks ? 'Flink' : ''} | ${meaning} |`,
  );
  return {
    path: 'docs/metrics.md',
    text: [
      '# Metrics',
      '',
      'What every task tells of itself, under the names of Flink where it has them. Rates and shares of time are over a',
      'window of the last second, or of 10 or 60: what has not gone on for so long counts from its beginning. Flink',
      'smooths the same figures over up to a minute. `run.metrics()` gives them under names of its own, without strings.',
      '',
      'A task is always in one state, so busy, idle, backpressured, async and rate limited time add up to 1,000 ms in a',
      'second. Time on a core and time waiting for one are told by the system, by a clock of its own.',
      '',
      '| metric | kind | unit | name | what it is |',
      '|---|---|---|---|---|',
      ...rows,
      '',
      '## Latency',
      '',
      'With `metrics.latency.interval` each subtask of a source sends a marker so often. It stands behind the records',
      'before it, waits where they wait, and goes on to one subtask of every output. Every task counts in histograms how',
      'long markers had been on their way from when they were due at their source (by the rate of the source, if it has',
      'one), and where they were for the last part of it: in the exchange, and in its chain. Along the way of a marker',
      'these parts add up to its latency. What records wait for in windows is no part of it.',
      '',
      '`run.metrics()` has them as `latency`, `latencies` (by source) and `residence`, since the start of the run. Among the',
      'metrics of the job, `/jobs/:id/metrics`, they have the names of Flink, in milliseconds:',
      '`latency.source_id.<id>.operator_id.<id>.operator_subtask_index.<n>.latency_p99` and so on. The operator is the',
      'first of its chain.',
      '',
      '| ending | what it is |',
      '|---|---|',
      ...Object.entries(LATENCY_METRICS).map(([id, { meaning }]) => `| \`_${id}\` | ${meaning} |`),
      '',
      'Prometheus gets `flink_taskmanager_job_latency_source_id_operator_id_operator_subtask_index_latency`, a summary',
      `with the quantiles ${Object.keys(LATENCY_QUANTILES).join(', ')} and the labels \`source_id\`, \`operator_id\` and`,
      '`operator_subtask_index`.',
      '',
      'This page is generated from `engine/control/metrics/metric-catalogue.ts` by `node build.mjs --docs`.',
      '',
    ].join('\n'),
  };
}

async function importAll(folder) {
  if (!existsSync(folder)) return;
  const names = readdirSync(folder).filter((name) => name.endsWith('.js'));
  for (const name of names.sort()) await import(new URL(name, folder).href);
}

const cell = (text) => text.replaceAll('|', '\\|');
