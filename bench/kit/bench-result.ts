/** What a suite reports, whether it came from a comparison or from a probe. */
export interface BenchResult {
  readonly name: string;
  /** Median of the subject, or of the figure. */
  readonly value: number;
  readonly unit: string;
  /** Median of the baseline; null where there is none. */
  readonly baseline: number | null;
  /** How many times better than the baseline: above 1 is better, also where less is better. */
  readonly ratio: number | null;
  /** Lowest and highest ratio; of the value where there is no ratio. */
  readonly low: number;
  readonly high: number;
  /** What the ratio, or else the value, should come to; null where nothing is asked. */
  readonly bar: string | null;
  /** Pairs or single runs that were kept, and those dropped because the machine was busy. */
  readonly runs: number;
  readonly dropped: number;
}
