/**
 * Runs a program that measures by itself, several times, and says what each of its figures came to.
 */
import type { BenchResult } from './bench-result.js';
import { calibratedRuns, type RunsOptions } from './calibrated-runs.js';
import { figuresOf } from './measure.js';
import { summarise } from './samples.js';
import type { Probe } from './suite.js';

/** @param wants  figures to report; the others are measured too, and left out */
export async function probe(
  { figures, argv, onceMs }: Probe,
  wants: (name: string) => boolean,
  options: RunsOptions,
): Promise<BenchResult[]> {
  const names = Object.keys(figures);
  const chosen = names.filter(wants);
  const once = async (): Promise<Readonly<Record<string, number>>> => {
    const measured = await figuresOf(names[0]!, argv(options.size), onceMs);
    const reported = Object.keys(measured);
    if (names.some((name) => measured[name] === undefined) || reported.length !== names.length)
      throw new Error(`${names.join(', ')} were to be measured, not ${reported.join(', ')}`);
    return measured;
  };
  const describe = (measured: Readonly<Record<string, number>>): string =>
    chosen.map((name) => `${measured[name]!.toPrecision(4)} ${figures[name]!.unit}`).join(', ');
  const { kept, dropped } = await calibratedRuns(chosen[0]!, once, describe, {
    ...options,
    ...(onceMs !== undefined && { runsMin: 1, budgetMs: 0 }),
  });
  return chosen.map((name) => {
    const { unit, bar = null } = figures[name]!;
    const { median, low, high } = summarise(kept.map((measured) => measured[name]!));
    const counts = { bar, runs: kept.length, dropped };
    return { name, value: median, unit, baseline: null, ratio: null, low, high, ...counts };
  });
}
