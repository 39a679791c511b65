/** How far a source was behind its schedule at some moment. */
export interface LagSample {
  readonly atMs: number;
  readonly lagMs: number;
}

/** A lag that grows by less than this share of the time that passes does not grow: no clock and no core is even. */
const GROWTH_MAX = 0.01;
/** Nor does one that stays below this: it is what one pause of the machine makes. */
const LAG_NOTHING_MS = 5;

/**
 * Whether a rate was held: the queue before the job did not grow.
 *
 * Queues within a job are bounded and hold its source back, so records that cannot be taken wait before the source: the
 * lag behind the schedule is the length of that queue, as time. Medians of the first and the last third are compared,
 * so one pause in between, or while the lag is caught up, counts for nothing.
 *
 * Source: "sustainable throughput" in Karimov et al., "Benchmarking Distributed Stream Data Processing Systems",
 * ICDE 2018.
 *
 * @param samples  by rising time, at least two
 */
export function isHeld(samples: readonly LagSample[]): boolean {
  const third = Math.max(1, Math.floor(samples.length / 3));
  const first = middleOf(samples.slice(0, third));
  const last = middleOf(samples.slice(-third));
  const growthMs = last.lagMs - first.lagMs;
  return last.lagMs <= LAG_NOTHING_MS || growthMs <= GROWTH_MAX * (last.atMs - first.atMs);
}

function middleOf(samples: readonly LagSample[]): LagSample {
  const median = (values: readonly number[]): number =>
    [...values].sort((a, b) => a - b)[values.length >> 1]!;
  return { atMs: median(samples.map(({ atMs }) => atMs)), lagMs: median(samples.map(({ lagMs }) => lagMs)) };
}
