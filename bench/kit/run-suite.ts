import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, totalmem } from 'node:os';
import type { BenchResult } from './bench-result.js';
import { MachineBusyError, type RunsOptions } from './calibrated-runs.js';
import { Calibrator } from './calibration.js';
import { compare } from './compare.js';
import { probe } from './probe.js';
import { type BenchSuite, type Comparison, comparisonsOf, type Size } from './suite.js';

export interface SuiteReport {
  readonly suite: string;
  readonly machine: string;
  readonly node: string;
  /** The commit measured, with `-dirty` if files differed from it; null outside a repository. */
  readonly commit: string | null;
  readonly results: readonly BenchResult[];
  /** What could not be measured, and why: the machine was too busy. */
  readonly notMeasured: readonly string[];
}

export interface SuiteOptions {
  readonly size: Size;
  /** A glob over the names of results; undefined: all. */
  readonly only: string | undefined;
  readonly log: (line: string) => void;
}

/** What a comparison or a probe may take where its suite says nothing; more only if a single run of it does. */
const BUDGET_MS = 50_000;

type Measure = (options: RunsOptions) => Promise<BenchResult[]>;

/** Runs the chosen results of a suite. The first failure ends it; where the machine is too busy it goes on. */
export async function runSuite(suite: BenchSuite, { size, only, log }: SuiteOptions): Promise<SuiteReport> {
  const wants = (name: string): boolean => only === undefined || globPattern(only).test(name);
  const chosen: Measure[] = [
    ...comparisonsOf(suite, size)
      .filter((each) => comparisonNames(each).some(wants))
      .map(
        (each): Measure =>
          (options) =>
            compare(each, options),
      ),
    ...suite.probes
      .filter(({ figures }) => Object.keys(figures).some(wants))
      .map(
        (each): Measure =>
          (options) =>
            probe(each, wants, options),
      ),
  ];
  if (chosen.length === 0)
    throw new Error(`no result of ${suite.name} matches ${only}; there are ${resultNames(suite).join(', ')}`);
  const calibrator = await Calibrator.open();
  try {
    const budgetMs = chosen.length * (suite.budgetMs ?? BUDGET_MS);
    const measured = await measureAll(chosen, { size, budgetMs, calibrator, log });
    return { suite: suite.name, machine: machine(), node: process.version, commit: commit(), ...measured };
  } finally {
    await calibrator.close();
  }
}

/** Measures one after another; each gets an equal share of what is left of the budget. */
export async function measureAll(
  measures: readonly Measure[],
  options: RunsOptions,
): Promise<Pick<SuiteReport, 'results' | 'notMeasured'>> {
  const results: BenchResult[] = [];
  const notMeasured: string[] = [];
  const endMs = performance.now() + options.budgetMs;
  for (const [index, measure] of measures.entries()) {
    const budgetMs = (endMs - performance.now()) / (measures.length - index);
    try {
      results.push(...(await measure({ ...options, budgetMs })));
    } catch (error) {
      if (!(error instanceof MachineBusyError)) throw error;
      notMeasured.push(error.message);
    }
  }
  return { results, notMeasured };
}

/** Names of all results, without those that stand below another: `/cpu`, `/memory`, and single baselines of several. */
export function resultNames(suite: BenchSuite): string[] {
  return [
    ...comparisonsOf(suite).flatMap(comparisonNames),
    ...suite.probes.flatMap(({ figures }) => Object.keys(figures)),
  ];
}

/** What a comparison measures; asking for one of these runs all. */
function comparisonNames({ name, amounts = {} }: Comparison): string[] {
  return [name, ...Object.keys(amounts)];
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
