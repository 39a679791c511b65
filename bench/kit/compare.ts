/**
 * Runs a subject and its baseline in turns and says how they compare.
 *
 * Baseline and subject alternate (A B A B), so that a machine that slows down slows both. The machine is calibrated
 * before and after each pair; pairs during which it gave less than two cores are dropped and counted. A ratio is the
 * median of the ratios of pairs, never a ratio of medians.
 */
import { type Calibration, type Calibrator, CORES_MIN } from './calibration.js';
import { type Measurement, measure } from './measure.js';
import { summarise } from './samples.js';
import type { Comparison, Size } from './suite.js';

export interface BenchResult {
  readonly name: string;
  /** Median of the subject. */
  readonly value: number;
  readonly unit: string;
  /** Median of the baseline; null where there is none. */
  readonly baseline: number | null;
  /** How many times better than the baseline: above 1 is better, also where less is better. */
  readonly ratio: number | null;
  /** Lowest and highest ratio; of the value where there is no ratio. */
  readonly low: number;
  readonly high: number;
  /** Pairs that were kept, and those dropped because the machine was busy. */
  readonly pairs: number;
  readonly dropped: number;
}

export interface CompareOptions {
  readonly size: Size;
  /** No pair begins that would likely end later than this. */
  readonly budgetMs: number;
  readonly calibrator: Pick<Calibrator, 'measure' | 'cores'>;
  readonly log: (line: string) => void;
}

interface Pair {
  readonly subject: Measurement;
  readonly baseline: Measurement | null;
  readonly before: Calibration;
  readonly after: Calibration;
}

const PAIRS_MAX = 15;
/** How long a pair waits for a busy machine before it begins all the same, and is likely dropped. */
const QUIET_WAIT_MS = 3_000;
const QUIET_POLL_MS = 200;

export async function compare(comparison: Comparison, options: CompareOptions): Promise<BenchResult[]> {
  const { calibrator, size } = options;
  const pairs = await runPairs(comparison, options);
  const isQuiet = (pair: Pair): boolean =>
    Math.min(calibrator.cores(pair.before), calibrator.cores(pair.after)) >= CORES_MIN;
  const kept = size === 'smoke' ? pairs : pairs.filter(isQuiet);
  const dropped = pairs.length - kept.length;
  if (kept.length === 0) {
    throw new Error(
      `${comparison.name}: the machine gave less than ${CORES_MIN} cores during all ${dropped} pairs; nothing was measured`,
    );
  }
  const rate = ({ records, seconds }: Measurement): number => records / seconds;
  const cost = ({ records, cpuSeconds }: Measurement): number => (cpuSeconds / records) * 1e6;
  return [
    result(comparison.name, 'records/s', kept, dropped, rate, (subject, baseline) => subject / baseline),
    result(
      `${comparison.name}/cpu`,
      'CPU-s/Mrecords',
      kept,
      dropped,
      cost,
      (subject, baseline) => baseline / subject,
    ),
  ];
}

async function runPairs({ name, subject, baseline }: Comparison, options: CompareOptions): Promise<Pair[]> {
  const { size, budgetMs, calibrator, log } = options;
  const startMs = performance.now();
  const pairs: Pair[] = [];
  let longestMs = 0;
  let before = calibrator.measure();
  while (pairs.length < (size === 'smoke' ? 1 : PAIRS_MAX)) {
    const pairStartMs = performance.now();
    if (pairs.length > 0 && pairStartMs - startMs + longestMs > budgetMs) break;
    if (size === 'full') before = await awaitQuiet(before, calibrator);
    const baselineRun = baseline === null ? null : await measure(baseline, size);
    const subjectRun = await measure(subject, size);
    const after = calibrator.measure();
    const pair = { subject: subjectRun, baseline: baselineRun, before, after };
    before = after;
    longestMs = Math.max(longestMs, performance.now() - pairStartMs);
    checkAgreement(name, pairs[0]?.subject ?? subjectRun, subjectRun);
    if (baselineRun !== null) checkAgreement(name, baselineRun, subjectRun);
    pairs.push(pair);
    log(describe(name, pairs.length, pair, calibrator));
  }
  return pairs;
}

/** The calibration with which a pair begins: the one after the pair before, unless the machine was busy then. */
async function awaitQuiet(last: Calibration, calibrator: CompareOptions['calibrator']): Promise<Calibration> {
  const endMs = performance.now() + QUIET_WAIT_MS;
  while (calibrator.cores(last) < CORES_MIN && performance.now() < endMs) {
    await new Promise((resolve) => setTimeout(resolve, QUIET_POLL_MS));
    last = calibrator.measure();
  }
  return last;
}

/** Programs that compute different things cannot be compared. */
function checkAgreement(name: string, a: Measurement, b: Measurement): void {
  if (a.records !== b.records) throw new Error(`${name}: ${a.records} records against ${b.records}`);
  if (a.checksum !== b.checksum) throw new Error(`${name}: checksum ${a.checksum} against ${b.checksum}`);
}

function describe(
  name: string,
  count: number,
  { subject, baseline, before, after }: Pair,
  calibrator: CompareOptions['calibrator'],
): string {
  const cores = Math.min(calibrator.cores(before), calibrator.cores(after)).toFixed(2);
  const against = baseline === null ? '' : ` against ${baseline.seconds.toFixed(3)} s`;
  return `${name}: pair ${count}, ${subject.seconds.toFixed(3)} s${against}, ${cores} cores`;
}

function result(
  name: string,
  unit: string,
  pairs: readonly Pair[],
  dropped: number,
  figure: (run: Measurement) => number,
  better: (subject: number, baseline: number) => number,
): BenchResult {
  const values = pairs.map(({ subject }) => figure(subject));
  const baselines = pairs.flatMap(({ baseline }) => (baseline === null ? [] : [figure(baseline)]));
  const value = summarise(values);
  if (baselines.length === 0) {
    const { median, low, high } = value;
    return {
      name,
      value: median,
      unit,
      baseline: null,
      ratio: null,
      low,
      high,
      pairs: pairs.length,
      dropped,
    };
  }
  const baseline = summarise(baselines);
  const ratio = summarise(values.map((each, index) => better(each, baselines[index]!)));
  return {
    name,
    value: value.median,
    unit,
    baseline: baseline.median,
    ratio: ratio.median,
    low: ratio.low,
    high: ratio.high,
    pairs: pairs.length,
    dropped,
  };
}
