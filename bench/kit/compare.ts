/**
 * Runs a subject and its baselines in turns and says how they compare.
 *
 * Baselines and subject alternate (A B A B), so that a machine that slows down slows all. A ratio is the median of the
 * ratios of rounds, never a ratio of medians. Of several baselines the fastest of each round counts, which errs on their
 * side; each also has a result of its own.
 */
import type { BenchResult } from './bench-result.js';
import { calibratedRuns, type Runs, type RunsOptions } from './calibrated-runs.js';
import { type Measurement, measure } from './measure.js';
import { summarise } from './samples.js';
import type { Comparison } from './suite.js';

interface Round {
  readonly subject: Measurement;
  /** In the order of the comparison. */
  readonly baselines: readonly Measurement[];
}

/** What is compared, and with which of the baselines. */
interface Measure {
  readonly name: string;
  readonly unit: string;
  readonly bar: string | null;
  readonly of: (run: Measurement) => number;
  readonly isLessBetter: boolean;
}

const rateOf = ({ records, seconds }: Measurement): number => records / seconds;

export async function compare(comparison: Comparison, options: RunsOptions): Promise<BenchResult[]> {
  const { name, subject, baselines, bar = null } = comparison;
  const amounts = Object.entries(comparison.amounts ?? {});
  const reported = amounts.map(([, amount]) => amount.reported);
  const check = agreementOf(comparison);
  const once = async (): Promise<Round> => {
    const runs: Measurement[] = [];
    for (const variant of [...baselines, subject]) {
      const run = await measure(variant, options.size, reported);
      check(variant.name, run);
      runs.push(run);
    }
    return { subject: runs.at(-1)!, baselines: runs.slice(0, -1) };
  };
  const rounds = await calibratedRuns(name, once, describe, options);
  const rate: Measure = { name, unit: 'records/s', bar, of: rateOf, isLessBetter: false };
  const less = (suffix: string, unit: string, of: Measure['of']): Measure => ({
    ...{ name: `${name}/${suffix}`, unit, bar: null, of, isLessBetter: true },
  });
  const each = baselines.length < 2 ? [] : baselines;
  return [
    result(rate, rounds, fastest),
    result(
      less('cpu', 'CPU-s/Mrecords', ({ cpuSeconds, records }) => (cpuSeconds / records) * 1e6),
      rounds,
      fastest,
    ),
    result(
      less('memory', 'MB at most', ({ peakMegabytes }) => peakMegabytes),
      rounds,
      fastest,
    ),
    ...amounts.map(([amountName, amount]) =>
      result(
        {
          ...{ name: amountName, unit: amount.unit, bar: amount.bar ?? null, isLessBetter: true },
          of: ({ amounts: of }) => of[amount.reported]!,
        },
        rounds,
        fastest,
      ),
    ),
    ...each.map((variant, index) =>
      result({ ...rate, name: `${name}/${variant.name}`, bar: null }, rounds, (runs) => runs[index]!),
    ),
  ];
}

const fastest = (runs: readonly Measurement[]): Measurement =>
  runs.reduce((best, run) => (rateOf(run) > rateOf(best) ? run : best));

/** Programs that compute different things cannot be compared. @returns what fails on the first that differs */
function agreementOf({ name, expected }: Comparison): (variant: string, run: Measurement) => void {
  const known = new Map<number, string>();
  let first: Measurement | null = null;
  return (variant, run) => {
    first ??= run;
    if (expected === undefined && run.records !== first.records)
      throw new Error(`${name}: ${run.records} records of ${variant} against ${first.records}`);
    if (!known.has(run.records)) known.set(run.records, expected?.(run.records) ?? run.checksum);
    const agreed = known.get(run.records);
    if (run.checksum !== agreed)
      throw new Error(`${name}: checksum ${run.checksum} of ${variant} against ${agreed}`);
  };
}

function describe({ subject, baselines }: Round): string {
  const against = baselines.map(({ seconds }) => `${seconds.toFixed(3)} s`).join(', ');
  return `${subject.seconds.toFixed(3)} s${against === '' ? '' : ` against ${against}`}`;
}

function result(
  { name, unit, bar, of, isLessBetter }: Measure,
  { kept, dropped }: Runs<Round>,
  against: (baselines: readonly Measurement[]) => Measurement,
): BenchResult {
  const values = kept.map(({ subject }) => of(subject));
  const value = summarise(values);
  const counts = { bar, runs: kept.length, dropped };
  if (kept[0]!.baselines.length === 0) {
    const { median, low, high } = value;
    return { name, value: median, unit, baseline: null, ratio: null, low, high, ...counts };
  }
  const baselines = kept.map((round) => of(against(round.baselines)));
  const baseline = summarise(baselines);
  const ratio = summarise(
    values.map((each, index) => (isLessBetter ? baselines[index]! / each : each / baselines[index]!)),
  );
  return {
    ...{ name, value: value.median, unit, baseline: baseline.median },
    ...{ ratio: ratio.median, low: ratio.low, high: ratio.high },
    ...counts,
  };
}
