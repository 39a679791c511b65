/**
 * Runs a subject and its baseline in turns and says how they compare.
 *
 * Baseline and subject alternate (A B A B), so that a machine that slows down slows both. A ratio is the median of the
 * ratios of pairs, never a ratio of medians.
 */
import type { BenchResult } from './bench-result.js';
import { calibratedRuns, type Runs, type RunsOptions } from './calibrated-runs.js';
import { type Measurement, measure } from './measure.js';
import { summarise } from './samples.js';
import type { Comparison } from './suite.js';

interface Pair {
  readonly subject: Measurement;
  readonly baseline: Measurement | null;
}

export async function compare(comparison: Comparison, options: RunsOptions): Promise<BenchResult[]> {
  const { name, subject, baseline } = comparison;
  let first: Measurement | null = null;
  const once = async (): Promise<Pair> => {
    const baselineRun = baseline === null ? null : await measure(baseline, options.size);
    const subjectRun = await measure(subject, options.size);
    first ??= subjectRun;
    checkAgreement(name, first, subjectRun);
    if (baselineRun !== null) checkAgreement(name, baselineRun, subjectRun);
    return { subject: subjectRun, baseline: baselineRun };
  };
  const runs = await calibratedRuns(name, once, describe, options);
  const rate = ({ records, seconds }: Measurement): number => records / seconds;
  const cost = ({ records, cpuSeconds }: Measurement): number => (cpuSeconds / records) * 1e6;
  return [
    {
      ...result(name, 'records/s', runs, rate, (of, against) => of / against),
      bar: comparison.bar ?? null,
    },
    result(`${name}/cpu`, 'CPU-s/Mrecords', runs, cost, (of, against) => against / of),
  ];
}

/** Programs that compute different things cannot be compared. */
function checkAgreement(name: string, a: Measurement, b: Measurement): void {
  if (a.records !== b.records) throw new Error(`${name}: ${a.records} records against ${b.records}`);
  if (a.checksum !== b.checksum) throw new Error(`${name}: checksum ${a.checksum} against ${b.checksum}`);
}

function describe({ subject, baseline }: Pair): string {
  const against = baseline === null ? '' : ` against ${baseline.seconds.toFixed(3)} s`;
  return `${subject.seconds.toFixed(3)} s${against}`;
}

function result(
  name: string,
  unit: string,
  { kept, dropped }: Runs<Pair>,
  figure: (run: Measurement) => number,
  better: (subject: number, baseline: number) => number,
): BenchResult {
  const values = kept.map(({ subject }) => figure(subject));
  const baselines = kept.flatMap(({ baseline }) => (baseline === null ? [] : [figure(baseline)]));
  const value = summarise(values);
  const counts = { bar: null, runs: kept.length, dropped };
  if (baselines.length === 0) {
    const { median, low, high } = value;
    return { name, value: median, unit, baseline: null, ratio: null, low, high, ...counts };
  }
  const baseline = summarise(baselines);
  const ratio = summarise(values.map((each, index) => better(each, baselines[index]!)));
  return {
    ...{ name, value: value.median, unit, baseline: baseline.median },
    ...{ ratio: ratio.median, low: ratio.low, high: ratio.high },
    ...counts,
  };
}
