import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Sink } from '../../engine/connectors/connector.js';
import { jsonFormatter, jsonValue, type RowFormatter } from '../../engine/connectors/row-text.js';
import { InlineHost } from '../../engine/control/inline-host.js';
import { loadJob } from '../../engine/control/job-file/job-loader.js';
import { checkEndpoints, OutputCommit, planJob } from '../../engine/control/prepared-job.js';
import { repositoryRoot } from '../kit/sources.js';

/** Examples of the guide: each file of it runs, and prints what the guide says that it prints. */
const guide = suite('guide');
const pages = readdirSync(join(repositoryRoot, 'docs/guide'));
/** Below the repository, so that the examples find the package as those do that have installed it. */
const dist = join(repositoryRoot, 'dist');
mkdirSync(dist, { recursive: true });
const folder = mkdtempSync(join(dist, 'guide-'));
guide.after(() => rmSync(folder, { recursive: true, force: true }));

interface Example {
  readonly page: string;
  readonly file: string;
  readonly text: string;
  /** Lines in any order; null: the page does not say. */
  readonly prints: readonly string[] | null;
}

/** A block of TypeScript that begins with the name of its file, and a block of JSON soon after it. */
const EXAMPLE = /```ts\n\/\/ (\S+\.ts)\n(.*?)```(?:(?:(?!```).)*?```json\n(.*?)```)?/gs;

function examplesOf(page: string): readonly Example[] {
  const text = readFileSync(join(repositoryRoot, 'docs/guide', page), 'utf8');
  return [...text.matchAll(EXAMPLE)].map(([, file, source, json]) => ({
    ...{ page, file: file!, text: source! },
    prints: json === undefined ? null : json.trim().split('\n').sort(),
  }));
}

/** In place of each sink: what it would print. */
function linesSink(lines: string[]): Sink {
  return {
    ...{ urn: 'test:lines', label: 'lines', options: null, path: null },
    check: async () => {},
    createWriter: ({ fields }) => {
      const text: RowFormatter = fields === null ? (row) => jsonValue(row) : jsonFormatter(fields);
      const write = (row: Readonly<Record<string, unknown>>): void => void lines.push(text(row).trimEnd());
      return { write, flush: () => {}, prepareCommit: () => null, close: () => {} };
    },
    createCommitter: () => ({ commit: async () => {}, abort: async () => {} }),
  };
}

/** Runs a job in this thread. @returns what its sinks would print */
async function linesOf(path: string, parallelism: number): Promise<readonly string[]> {
  const { job } = await loadJob(path);
  const optionLayers = [{ origin: 'guide', values: { 'parallelism.default': parallelism } }];
  const planned = planJob(job, { params: {}, inputs: {}, optionLayers });
  const lines: string[] = [];
  const functions = new Map(planned.built.functions);
  for (const { uid, config } of planned.built.plan.operators)
    if (config.kind === 'sink') functions.set(uid, { sink: linesSink(lines) });
  const prepared = await checkEndpoints({ ...planned, built: { ...planned.built, functions }, sinks: [] });
  await new InlineHost(prepared, 1, 'guide').run(new OutputCommit([], 'guide'));
  return lines.sort();
}

for (const example of pages.flatMap(examplesOf)) {
  const { page, file, text, prints } = example;
  guide(`${page}: ${file} runs${prints === null ? '' : ', and prints what is said'}`, async () => {
    const path = join(folder, file);
    writeFileSync(path, text);
    for (const parallelism of [1, 2]) {
      const lines = await linesOf(path, parallelism);
      if (prints === null) assert.ok(lines.length > 0);
      else assert.equal(lines, prints);
    }
  });
}

guide('every page has an example', () => {
  for (const page of pages) assert.ok(examplesOf(page).length > 0, page);
});

guide.run();
