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
  /** What the ratio should come to, for people: `>= 0.97`. Nothing fails on it. */
  readonly bar?: string;
}

/** One result of a probe. */
export interface Figure {
  readonly unit: string;
  /** What the value should come to, for people: `<= 5`. Nothing fails on it. */
  readonly bar?: string;
}

/**
 * A program that measures by itself, in a process of its own, what cannot be compared with anything. The last line on
 * its stdout is JSON `{ figures: { name: number, … } }` with exactly the figures promised here.
 */
export interface Probe {
  /** By name of the result. */
  readonly figures: Readonly<Record<string, Figure>>;
  /** What node is to run, with its arguments. */
  argv(size: Size): readonly string[];
}

export interface BenchSuite {
  readonly name: string;
  /** What the suite answers. */
  readonly question: string;
  /** What its numbers do not say. */
  readonly nonGoals: string;
  readonly seed: number;
  readonly comparisons: readonly Comparison[];
  readonly probes: readonly Probe[];
}
