import type { ThreadTimes } from '../threads/thread-times.js';
import type { TaskMetrics } from './metrics.js';
import type { TimeSample } from './task-sample.js';

type Ratios = Pick<TaskMetrics, Extract<keyof TaskMetrics, `${string}Ratio`>>;

/** Of a task that does not run. */
export const AT_REST: Ratios = {
  busyRatio: 0,
  idleRatio: 0,
  backpressuredRatio: 0,
  softBackpressuredRatio: 0,
  hardBackpressuredRatio: 0,
  asyncRatio: 0,
  rateLimitedRatio: 0,
};

/** Where the time between two samples went; over the task's whole life if there is none between them. */
export function timeRatios(now: TimeSample, then: TimeSample): Ratios {
  const isLater = now.times.elapsedMs > then.times.elapsedMs;
  const elapsedMs = now.times.elapsedMs - (isLater ? then.times.elapsedMs : 0);
  if (elapsedMs <= 0) return AT_REST;
  const of = (name: keyof TimeSample['times']): number =>
    (now.times[name] - (isLater ? then.times[name] : 0)) / elapsedMs;
  const softBackpressuredRatio = of('softBackpressuredMs');
  const hardBackpressuredRatio = of('hardBackpressuredMs');
  return {
    busyRatio: of('busyMs'),
    idleRatio: of('idleMs'),
    backpressuredRatio: softBackpressuredRatio + hardBackpressuredRatio,
    softBackpressuredRatio,
    hardBackpressuredRatio,
    asyncRatio: of('asyncMs'),
    rateLimitedRatio: of('rateLimitedMs'),
    ...(isLater && coreRatios(now.thread, then.thread, elapsedMs)),
  };
}

function coreRatios(
  now: ThreadTimes | null,
  then: ThreadTimes | null,
  elapsedMs: number,
): Pick<Ratios, 'onCoreRatio' | 'awaitingCoreRatio'> {
  if (now === null || then === null) return {};
  const share = (ms: number): number => Math.min(1, ms / elapsedMs); // the system counts by a clock of its own
  return {
    onCoreRatio: share(now.onCoreMs - then.onCoreMs),
    awaitingCoreRatio: share(now.awaitingCoreMs - then.awaitingCoreMs),
  };
}
