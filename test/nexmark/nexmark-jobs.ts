/** The jobs that answer queries of Nexmark, run in one thread. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { JobModule } from '../../engine/api/job.js';
import { runInline } from '../../engine/testing/run-inline.js';
import { repositoryRoot } from '../kit/sources.js';
import { canonicalRow } from './nexmark-oracle.js';

export const QUERIES = Array.from({ length: 23 }, (_, number) => `q${number}`);

/** Those that have a job. */
export async function nexmarkJobs(): Promise<ReadonlyMap<string, JobModule<any, any, any>>> {
  const files = readdirSync(join(repositoryRoot, 'bench/nexmark'));
  const jobs = new Map<string, JobModule<any, any, any>>();
  for (const query of QUERIES.filter((each) => files.includes(`${each}.ts`)))
    jobs.set(query, (await import(`../../bench/nexmark/${query}.js`)).default);
  return jobs;
}

export interface InlineRun {
  readonly parallelism: number;
  readonly seed: number;
}

/** @returns  what the job writes, line by line, as `canonicalRow` has rows */
export async function rowsOf(
  job: JobModule<any, any, any>,
  folder: string,
  params: Readonly<Record<string, unknown>>,
  { parallelism, seed }: InlineRun,
): Promise<string[]> {
  const output = join(folder, 'rows.ndjson');
  await runInline(job, { parallelism, seed, params: { ...params, output } });
  return linesOf(output);
}

export function linesOf(file: string): string[] {
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => canonicalRow(JSON.parse(line)));
}

/** @param expected  sorted */
export function assertRows(rows: readonly string[], expected: readonly string[], what: string): void {
  const actual = [...rows].sort();
  const at = expected.findIndex((row, i) => row !== actual[i]);
  assert.is(actual[at], expected[at], what);
  assert.is(actual.length, expected.length, what);
}
