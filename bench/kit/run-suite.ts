import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { Calibrator } from './calibration.js';
import { type BenchResult, compare } from './compare.js';
import type { BenchSuite, Size } from './suite.js';

export interface SuiteReport {
  readonly suite: string;
  readonly machine: string;
  readonly node: string;
  /** The commit measured, with `-dirty` if files differed from it; null outside a repository. */
  readonly commit: string | null;
  readonly results: readonly BenchResult[];
}

export interface SuiteOptions {
  readonly size: Size;
  /** A glob over the names of results; undefined: all. */
  readonly only: string | undefined;
  readonly log: (line: string) => void;
}

/** A suite ends within 8 minutes, a selection within one; both with room for the last pair and for starting. */
const SUITE_BUDGET_MS = 440_000;
const ONLY_BUDGET_MS = 50_000;

/** Runs the chosen comparisons of a suite. The first failure ends it. */
export async function runSuite(suite: BenchSuite, { size, only, log }: SuiteOptions): Promise<SuiteReport> {
  const chosen = suite.comparisons.filter(({ name }) => only === undefined || globPattern(only).test(name));
  if (chosen.length === 0) {
    const names = suite.comparisons.map(({ name }) => name).join(', ');
    throw new Error(`no result of ${suite.name} matches ${only}; there are ${names}`);
  }
  const calibrator = await Calibrator.open();
  const results: BenchResult[] = [];
  const endMs = performance.now() + (only === undefined ? SUITE_BUDGET_MS : ONLY_BUDGET_MS);
  try {
    for (const [index, comparison] of chosen.entries()) {
      const budgetMs = (endMs - performance.now()) / (chosen.length - index);
      results.push(...(await compare(comparison, { size, budgetMs, calibrator, log })));
    }
  } finally {
    await calibrator.close();
  }
  return { suite: suite.name, machine: machine(), node: process.version, commit: commit(), results };
}

/** `*` is any text, `?` is any character. */
export function globPattern(glob: string): RegExp {
  const source = glob
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`);
}

function machine(): string {
  const gib = (totalmem() / 2 ** 30).toFixed(0);
  return `${cpus()[0]?.model ?? process.arch}, ${availableParallelism()} cores, ${gib} GiB, ${process.platform}`;
}

function commit(): string | null {
  try {
    const git = (...args: string[]): string =>
      execFileSync('git', args, {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
        cwd: import.meta.dirname,
      }).trim();
    return git('rev-parse', '--short=12', 'HEAD') + (git('status', '--porcelain') === '' ? '' : '-dirty');
  } catch {
    return null;
  }
}
