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
  const { TASK_METRICS } = await import(new URL('control/metrics/metric-catalogue.js', CHECKED).href);
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
