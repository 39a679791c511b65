import { SluiceError } from '../../base/errors.js';
import { BENCH_FORM, type BenchReport, type Figure } from '../../control/bench/bench-report.js';

/** A report beside an earlier one of the same job. */
export interface Comparison {
  /** When the earlier one was made. */
  readonly since: string;
  /** In what else the two differ; a line each, for people. */
  readonly differences: readonly string[];
  readonly ratios: readonly FigureRatio[];
}

export interface FigureRatio {
  readonly name: string;
  readonly unit: string;
  readonly before: number;
  readonly now: number;
  /** Now to before, of the medians; and the least and most that the repetitions allow. */
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
  readonly verdict: 'better' | 'worse' | 'within the spread';
}

/**
 * Figure by figure, those that both have. Where every repetition of one is better than every one of the other it is
 * better; else the difference is within the spread.
 */
export function compareReports(before: BenchReport, now: BenchReport): Comparison {
  const ratios = now.figures.flatMap((figure) => {
    const other = before.figures.find(({ name }) => name === figure.name);
    return other === undefined ? [] : [ratioOf(other, figure)];
  });
  return { since: before.at, differences: differencesOf(before, now), ratios };
}

function ratioOf(before: Figure, now: Figure): FigureRatio {
  const low = quotient(now.low, before.high);
  const high = quotient(now.high, before.low);
  const verdict =
    low > 1 || high < 1 ? (low > 1 === now.isLessBetter ? 'worse' : 'better') : 'within the spread';
  const { name, unit } = now;
  const ratio = quotient(now.median, before.median);
  return { name, unit, before: before.median, now: now.median, ratio, low, high, verdict };
}

/** Of two amounts that may both be nothing. */
function quotient(a: number, b: number): number {
  if (b === 0) return a === 0 ? 1 : Number.MAX_VALUE;
  return a / b;
}

const CIRCUMSTANCES = ['params', 'options', 'seconds', 'sinks', 'node', 'cores'] as const;

function differencesOf(before: BenchReport, now: BenchReport): readonly string[] {
  return CIRCUMSTANCES.flatMap((what) => {
    const [then, is] = [before[what], now[what]].map((value) => JSON.stringify(value));
    return then === is ? [] : [`${what}: ${then} before, ${is} now`];
  });
}

/**
 * @param text   of a file
 * @param shown  how a person calls it
 * @throws SluiceError BENCH_COMPARE_INVALID  it is no report of this form, or of another job
 */
export function readReport(text: string, shown: string, job: string): BenchReport {
  const invalid = (what: string): SluiceError => new SluiceError('BENCH_COMPARE_INVALID', `${shown} ${what}`);
  let found: Partial<BenchReport> | null;
  try {
    found = JSON.parse(text);
  } catch (error) {
    throw invalid(`is not JSON: ${(error as Error).message}`);
  }
  if (typeof found !== 'object' || found === null || found.form !== BENCH_FORM) {
    const form = typeof found === 'object' && found !== null ? found.form : undefined;
    throw invalid(
      form === undefined
        ? `is not what 'sluice bench --json' wrote`
        : `is of the form ${JSON.stringify(form)}, and this is ${BENCH_FORM}`,
    );
  }
  if (found.job !== job) throw invalid(`is of the job ${JSON.stringify(found.job)}, and this is '${job}'`);
  if (!Array.isArray(found.figures) || !found.figures.every(isFigure))
    throw invalid('is damaged: its figures');
  return found as BenchReport;
}

function isFigure(value: unknown): value is Figure {
  if (typeof value !== 'object' || value === null) return false;
  const { name, unit, isLessBetter, median, low, high } = value as Record<string, unknown>;
  const isNumbered = [median, low, high].every((each) => typeof each === 'number' && Number.isFinite(each));
  return (
    typeof name === 'string' && typeof unit === 'string' && typeof isLessBetter === 'boolean' && isNumbered
  );
}
