/** How hard to run: `smoke` only proves that everything runs and agrees. */
export type Size = 'full' | 'smoke';

/** One program to measure, run as a process of its own. */
export interface Command {
  /** What node is to run, with its arguments. */
  readonly argv: readonly string[];
  readonly cwd?: string;
  /**
   * `process`   from command to exit; `records` and `checksum` come from here
   * `reported`  the last line on its stdout is JSON `{ records, seconds, checksum }`, timed from "all ready" to "all
   *             done" by the program itself
   */
  readonly timed: { readonly kind: 'process'; readonly records: number } | { readonly kind: 'reported' };
  /** A digest of what it computed, taken after it ended; for `process` commands. */
  readonly checksum?: () => string;
}

export interface Variant {
  readonly name: string;
  /** @param folder  an empty folder of this run alone; removed afterwards */
  command(size: Size, folder: string): Command;
}

/** One result: a subject, and what it is compared with. */
export interface Comparison {
  /** Name of the result. */
  readonly name: string;
  readonly subject: Variant;
  readonly baseline: Variant | null;
}

export interface BenchSuite {
  readonly name: string;
  /** What the suite answers. */
  readonly question: string;
  /** What its numbers do not say. */
  readonly nonGoals: string;
  readonly seed: number;
  readonly comparisons: readonly Comparison[];
}
