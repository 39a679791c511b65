import type { PastMoment } from '../metrics/sample-history.js';
import { timeRatios } from '../metrics/time-ratios.js';
import type { Place } from './bottleneck.js';

/** From here on a vertex waits for output. */
const PRESSED_MIN = 0.1;
/** From here on a vertex has no time left. */
const FULL = 0.5;

/**
 * When a bottleneck began to have no time left, and how the wait walked upstream from there: `since 4.2 s ago: total
 * t+0, second t+0.2 s, source t+0.6 s`. It is as exact as the moments are apart, which is said.
 *
 * @param past  the oldest first
 * @returns     null: it was so from the oldest moment on, or nothing of it is seen
 */
export function pressureTrail(
  place: Place,
  places: readonly Place[],
  past: readonly PastMoment[],
): string | null {
  const last = past.at(-1);
  if (last === undefined) return null;
  const own = began(
    place,
    past,
    (ratios) => ratios.busyRatio + ratios.asyncRatio + ratios.rateLimitedRatio,
    FULL,
  );
  if (own === null) return null;
  const upstream = [...above(place, places)].flatMap((each) => {
    const since = began(each, past, ({ backpressuredRatio }) => backpressuredRatio, PRESSED_MIN);
    return since === null ? [] : [{ name: each.vertex.name, since }];
  });
  if (upstream.length === 0) return null;
  const steps = [{ name: place.vertex.name, since: own }, ...upstream];
  const first = Math.min(...steps.map(({ since }) => since.atMs));
  const apart = Math.max(...steps.map(({ since }) => since.apartMs));
  const shown = steps
    .toSorted((a, b) => a.since.atMs - b.since.atMs)
    .map(({ name, since }) => `${name} t+${since.atMs === first ? '0' : seconds(since.atMs - first)}`);
  return `since ${seconds(last.atMs - first)} ago, seen every ${seconds(apart)}: ${shown.join(', ')}`;
}

interface Since {
  readonly atMs: number;
  /** Between the two moments it lies between. */
  readonly apartMs: number;
}

/** Since when any subtask has had so much of a share without a break, up to the last moment; null: not now, or ever. */
function began(
  { vertex, tasks }: Place,
  past: readonly PastMoment[],
  of: (ratios: ReturnType<typeof timeRatios>) => number,
  min: number,
): Since | null {
  const isSo = (at: number): boolean =>
    tasks.some((_, subtask) => {
      const task = vertex.firstTask + subtask;
      return of(timeRatios(past[at]!.task(task), past[at - 1]!.task(task))) >= min;
    });
  let at = past.length - 1;
  while (at >= 1 && isSo(at)) at--;
  if (at === past.length - 1 || at < 1) return null;
  return { atMs: past[at]!.atMs, apartMs: past[at + 1]!.atMs - past[at]!.atMs };
}

/** All that feed a place, and those that feed them, the nearest first. */
function above(place: Place, places: readonly Place[]): ReadonlySet<Place> {
  const found = new Set<Place>();
  const rest = [place];
  for (let each = rest.shift(); each !== undefined; each = rest.shift()) {
    for (const { index } of each.feeders) {
      const feeder = places[index]!;
      if (found.has(feeder)) continue;
      found.add(feeder);
      rest.push(feeder);
    }
  }
  return found;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
