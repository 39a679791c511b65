import type { TaskMetrics } from '../metrics/metrics.js';
import { mean, ownShare } from './bottleneck.js';
import { heavyKeys } from './heavy-keys.js';
import { count, type Ground, heaviest, isSource, keysOf, percent, type Scene } from './scene.js';

/** Subtasks are alike if the most loaded one has no more than this times the mean. */
const EVEN_MAX = 1.3;

/** One subtask gets more records than the others. */
export function uneven(scene: Scene): Ground | null {
  const { place, cores } = scene;
  const recordsIn = ({ recordsInPerSecond }: TaskMetrics): number => recordsInPerSecond;
  const subtask = heaviest(place, recordsIn);
  const ratio = recordsIn(place.tasks[subtask]!) / mean(place, recordsIn);
  if (place.tasks.length < 2 || !(ratio > EVEN_MAX)) return null;
  const own = ownShare(place.tasks[subtask]!) / mean(place, ownShare);
  if (heaviest(place, ownShare) !== subtask || own < EVEN_MAX) return null;
  const keys = keysOf(scene);
  const part = ratio / place.tasks.length;
  const told = keys === null ? null : heavyKeys(scene.keys.get(place.vertex.id)?.[subtask] ?? null, part);
  return {
    share: 1 - 1 / Math.min(ratio, own),
    subtask,
    reason: `${keys === null ? 'uneven load' : 'key skew'}: 1 of ${place.tasks.length} subtasks gets ${percent(part)} of the records${told?.alone ?? ''}`,
    evidence: [
      `subtask ${subtask} ${count(recordsIn(place.tasks[subtask]!))} records/s, the mean is ${count(mean(place, recordsIn))}`,
      ...(told?.evidence ?? []),
    ],
    advice:
      keys === null
        ? 'use rebalance() where the order of records does not matter'
        : (told?.advice ??
          `add up before keyBy('${keys.join("', '")}'), or spread the heavy keys over several`),
    gain: Math.min(own, Math.max(1, cores)),
  };
}

/** Time for a record of its own work, in ms. */
const costOf = (task: TaskMetrics): number =>
  (ownShare(task) * 1_000) / Math.max(1e-9, task.recordsInPerSecond);

/**
 * One subtask takes longer for a record than the others. Not of a source: its subtasks take splits as they come, and so
 * one that is slow gets fewer.
 */
export function slowSubtask(scene: Scene): Ground | null {
  const { place, cores } = scene;
  if (isSource(scene)) return null;
  const active = place.tasks.filter(({ recordsInPerSecond }) => recordsInPerSecond > 0);
  if (active.length < 2) return null;
  const subtask = heaviest(place, costOf);
  const others = active
    .filter((task) => task !== place.tasks[subtask])
    .map(costOf)
    .sort((a, b) => a - b);
  const median = others[others.length >> 1]!;
  const slow = place.tasks[subtask]!;
  const ratio = costOf(slow) / median;
  if (ratio < 1.5 || heaviest(place, ownShare) !== subtask) return null;
  return {
    share: 1 - 1 / ratio,
    subtask,
    reason: `one slow subtask: it takes ${ratio.toFixed(1)} times as long for a record as the others`,
    evidence: [`${(costOf(slow) * 1e3).toFixed(1)} us a record, the others ${(median * 1e3).toFixed(1)} us`],
    advice:
      keysOf(scene) === null
        ? 'look at what its records have in common; rebalance() before it gives it fewer of them'
        : 'look at what the records of its keys have in common',
    gain: Math.min(ratio, Math.max(1, cores)),
  };
}
