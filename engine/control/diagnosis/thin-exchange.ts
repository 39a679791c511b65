import { most, ownShare, type Place, worstPressure } from './bottleneck.js';
import type { Finding } from './diagnosis.js';
import { percent } from './scene.js';

/** Both sides wait for each other for so much of the time at least. */
const WAIT_MIN = 0.25;
/** From here on somebody is at work enough to explain the wait. */
const AT_WORK_MIN = 0.5;
/** Of the segments of an output that are in use. */
const USAGE_MIN = 0.9;
/** Whoever waits for a core so much is not idle. */
const CORE_MIN = 0.15;

/**
 * Exchanges with too few buffers for their rate: the senders wait for room, their receivers for rows, and nobody is at
 * work. So the time goes into passing buffers back and forth. Looked for only where no bottleneck was found.
 */
export function thinExchanges(places: readonly Place[]): readonly Finding[] {
  return places.flatMap((place) => {
    const { vertex, receivers } = place;
    const below = receivers.map(({ index }) => places[index]!);
    const pressure = worstPressure(place);
    const usage = most(place, ({ output }) => output?.poolUsage ?? 0);
    if (pressure < WAIT_MIN || usage < USAGE_MIN || below.length === 0) return [];
    const isFree = (each: Place): boolean =>
      each.tasks.every(
        (task) =>
          task.idleRatio >= WAIT_MIN &&
          ownShare(task) < AT_WORK_MIN &&
          worstPressure(each) < WAIT_MIN &&
          (task.awaitingCoreRatio ?? 0) < CORE_MIN,
      );
    if (!below.every(isFree)) return [];
    const idle = Math.min(...below.flatMap(({ tasks }) => tasks.map(({ idleRatio }) => idleRatio)));
    return [
      {
        cause: 'few-buffers',
        severity: 'limit',
        share: Math.min(1, pressure),
        vertex: vertex.id,
        name: vertex.name,
        subtask: null,
        reason: 'too few buffers for the rate: it waits for room while those below wait for rows',
        evidence: [
          `backpressured ${percent(pressure)}, its output buffers ${percent(usage)} in use`,
          ...below.map((each) => `${each.vertex.name} idle ${percent(idle)}`),
        ],
        advice:
          'raise taskmanager.network.memory.buffers-per-channel or taskmanager.network.memory.floating-buffers-per-gate',
        gain: null,
      } satisfies Finding,
    ];
  });
}
