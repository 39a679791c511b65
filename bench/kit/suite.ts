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
   *             done" by the program itself; the amounts of a comparison stand beside these
   */
  readonly timed: { readonly kind: 'process'; readonly records: number } | { readonly kind: 'reported' };
  /** A digest of what it computed, taken after it ended; for `process` commands. */
  readonly checksum?: () => string;
}

export interface Variant {
  /** Of one of several baselines, also the last part of the name of a result. */
  readonly name: string;
  /** @param folder  an empty folder of this run alone; removed afterwards */
  command(size: Size, folder: string): Command;
}

/** A result beside the rate of a comparison: something of which less is better. */
export interface Amount {
  /** Under which name the programs report it. */
  readonly reported: string;
  readonly unit: string;
  /** What the ratio should come to, for people. */
  readonly bar?: string;
}

/** One result: a subject, and what it is compared with. */
export interface Comparison {
  /** Name of the result. */
  readonly name: string;
  readonly subject: Variant;
  /** All run in every round, and the fastest of the round is what counts; none: nothing is compared. */
  readonly baselines: readonly Variant[];
  /** What the ratio should come to, for people: `>= 0.97`. Nothing fails on it. */
  readonly bar?: string;
  /**
   * What a run of so many records has to compute, found in another way than by the programs compared. Only with it may
   * they run different numbers of records, which they do where a slow one would take all the time.
   */
  readonly expected?: (records: number) => string;
  /** By name of the result. */
  readonly amounts?: Readonly<Record<string, Amount>>;
}

/** How a rate changes as something grows; each point is a comparison of its own. */
export interface Curve {
  /** Begins the names of its results. */
  readonly name: string;
  /** What grows, with its unit: `keys`. */
  readonly axis: string;
  readonly points: readonly CurvePoint[];
}

export interface CurvePoint extends Omit<Comparison, 'name'> {
  /** Above 0. */
  readonly x: number;
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
  /** It measures so many things itself that it runs only once, and so long at most; of progress it tells on stderr. */
  readonly onceMs?: number;
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
  readonly curves?: readonly Curve[];
  /** What each result may take, if it is not what results usually get. */
  readonly budgetMs?: number;
}

/** Names the point of a curve as a result. */
export const pointName = (curve: Curve, { x }: Pick<CurvePoint, 'x'>): string => `${curve.name}-${x}`;

/** All comparisons of a suite: its own, and the points of its curves; at the smallest size only the ends of those. */
export function comparisonsOf(
  { comparisons, curves = [] }: BenchSuite,
  size: Size = 'full',
): readonly Comparison[] {
  const points = curves.flatMap((curve) =>
    curve.points
      .filter((_, i) => size === 'full' || i === 0 || i === curve.points.length - 1)
      .map(({ x, ...point }) => ({ ...point, name: pointName(curve, { x }) })),
  );
  return [...comparisons, ...points];
}
