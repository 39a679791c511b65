import type { JobGraph } from '../../plan/job-graph.js';
import type { TaskMetrics } from '../metrics/metrics.js';
import { mean, most, ownShare, type Place, worstPressure } from './bottleneck.js';
import type { Cause, Finding } from './diagnosis.js';

/** What a cause is looked for in. */
export interface Scene {
  readonly graph: JobGraph;
  /** Where the job is held up. */
  readonly place: Place;
  readonly places: readonly Place[];
  /** Of the machine, as the process may use it. */
  readonly cores: number;
}

/** What a cause has to say of a scene. */
interface Ground {
  /** How much of what holds the place up it accounts for, 0..1. */
  readonly share: number;
  readonly subtask?: number;
  readonly reason: string;
  readonly evidence: readonly string[];
  readonly advice: string | null;
  readonly gain?: number;
}

/** A cause accounts for less: it is not worth a word. */
const SHARE_MIN = 0.15;
/** Subtasks are alike if the most loaded one has no more than this times the mean. */
const EVEN_MAX = 1.3;

/** The grounds of every cause that has some, the weightiest first; never empty. */
export function findingsOf(scene: Scene): readonly Finding[] {
  const { vertex } = scene.place;
  const grounds = Object.entries(RULES)
    .flatMap(([cause, rule]) => {
      const ground = rule(scene);
      return ground === null || ground.share < SHARE_MIN ? [] : [{ cause: cause as Cause, ground }];
    })
    .sort((a, b) => b.ground.share - a.ground.share);
  const all = grounds.length > 0 ? grounds : [{ cause: 'cpu' as const, ground: cpu(scene) }];
  return all.map(({ cause, ground }, at) => ({
    cause,
    severity: at === 0 && !OF_THE_SOURCE.has(cause) ? 'limit' : 'hint',
    share: Math.min(1, ground.share),
    vertex: vertex.id,
    name: vertex.name,
    subtask: ground.subtask ?? null,
    reason: ground.reason,
    evidence: [...wait(scene), ...ground.evidence],
    advice: ground.advice,
    gain: ground.gain === undefined ? null : Math.round(ground.gain * 10) / 10,
  }));
}

/** They hold the job up as somebody wished, or as nothing else comes: no part of it is too slow. */
const OF_THE_SOURCE: ReadonlySet<Cause> = new Set(['source-rate', 'source-wait']);

type Rule = (scene: Scene) => Ground | null;

const RULES: Readonly<Record<Exclude<Cause, 'cpu'>, Rule>> = {
  'key-skew': (scene) => (keysOf(scene) === null ? null : uneven(scene)),
  'uneven-partition': (scene) => (keysOf(scene) === null ? uneven(scene) : null),
  'slow-subtask': slowSubtask,
  'few-cores': fewCores,
  garbage,
  undeclared,
  'sink-rate': (scene) =>
    isSource(scene) ? null : rateOf(scene, 'its sink takes', 'give the sink a higher rate'),
  'source-rate': (scene) =>
    isSource(scene)
      ? rateOf(scene, 'its source gives', 'give the source a higher rate, if more shall flow')
      : null,
  'sink-wait': (scene) => (isSource(scene) ? null : waitOf(scene, 'what its sink writes to')),
  'source-wait': (scene) => (isSource(scene) ? waitOf(scene, 'what its source reads from') : null),
};

const percent = (share: number): string => `${Math.round(share * 100)} %`;
const count = (records: number): string => Math.round(records).toLocaleString('en-US');

/** Field names by which the rows of a place are keyed; null: they are not. */
function keysOf({ graph, place }: Scene): readonly string[] | null {
  const edge = graph.exchanges.find(({ toVertex }) => toVertex === place.vertex.index);
  return edge?.partitioner.kind === 'hash' ? edge.partitioner.fields : null;
}

const isSource = ({ place }: Scene): boolean => place.feeders.length === 0;

/** What everybody looks at first: who waits for the place. */
function wait({ place, places }: Scene): readonly string[] {
  const above = place.feeders.map(({ index }) => places[index]!);
  const below = place.receivers.map(({ index }) => places[index]!);
  return [
    `busy ${percent(most(place, ({ busyRatio }) => busyRatio))}`,
    ...above.map((each) => `${each.vertex.name} backpressured ${percent(worstPressure(each))}`),
    ...below.map((each) => `${each.vertex.name} idle ${percent(mean(each, ({ idleRatio }) => idleRatio))}`),
  ];
}

function heaviest(place: Place, of: (task: TaskMetrics) => number): number {
  return place.tasks.reduce((best, task, at) => (of(task) > of(place.tasks[best]!) ? at : best), 0);
}

function uneven(scene: Scene): Ground | null {
  const { place, cores } = scene;
  const recordsIn = ({ recordsInPerSecond }: TaskMetrics): number => recordsInPerSecond;
  const subtask = heaviest(place, recordsIn);
  const ratio = recordsIn(place.tasks[subtask]!) / mean(place, recordsIn);
  if (place.tasks.length < 2 || !(ratio > EVEN_MAX)) return null;
  const own = ownShare(place.tasks[subtask]!) / mean(place, ownShare);
  if (heaviest(place, ownShare) !== subtask || own < EVEN_MAX) return null;
  const keys = keysOf(scene);
  const share = percent(ratio / place.tasks.length);
  return {
    share: 1 - 1 / Math.min(ratio, own),
    subtask,
    reason: `${keys === null ? 'uneven load' : 'key skew'}: 1 of ${place.tasks.length} subtasks gets ${share} of the records`,
    evidence: [
      `subtask ${subtask} ${count(recordsIn(place.tasks[subtask]!))} records/s, the mean is ${count(mean(place, recordsIn))}`,
    ],
    advice:
      keys === null
        ? 'use rebalance() where the order of records does not matter'
        : `add up before keyBy('${keys.join("', '")}'), or spread the heavy keys over several`,
    gain: Math.min(own, Math.max(1, cores)),
  };
}

/** Time for a record of its own work, in ms. */
const costOf = (task: TaskMetrics): number =>
  (ownShare(task) * 1_000) / Math.max(1e-9, task.recordsInPerSecond);

/** Not of a source: its subtasks take splits as they come, and so one that is slow gets fewer. */
function slowSubtask(scene: Scene): Ground | null {
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

function fewCores({ place, places, cores }: Scene): Ground | null {
  const slow = place.tasks[heaviest(place, ownShare)]!;
  if (slow.awaitingCoreRatio === undefined || slow.onCoreRatio === undefined) return null;
  const all = places.flatMap(({ tasks }) => tasks);
  const inUse = all.reduce((sum, { onCoreRatio }) => sum + (onCoreRatio ?? 0), 0);
  const busy = all.filter(({ busyRatio }) => busyRatio > 0.5).length;
  const { awaitingCoreRatio } = slow;
  return {
    share: awaitingCoreRatio,
    reason: `threads wait for a core: it could run ${percent(awaitingCoreRatio)} of the time and has none`,
    evidence: [
      `${busy} ${busy === 1 ? 'task is' : 'tasks are'} busy, on ${cores} cores, of which the job uses ${inUse.toFixed(1)}`,
    ],
    advice:
      busy > cores
        ? 'use fewer subtasks than cores, or a machine with more of them'
        : 'leave it the cores: other programs use them too',
  };
}

function garbage({ place }: Scene): Ground | null {
  const subtask = heaviest(place, ({ gcMsPerSecond }) => gcMsPerSecond);
  const { gcMsPerSecond, heapBytes } = place.tasks[subtask]!;
  return {
    share: gcMsPerSecond / 1_000,
    reason: `garbage collections hold it up ${percent(gcMsPerSecond / 1_000)} of the time`,
    evidence: [
      `${Math.round(gcMsPerSecond)} ms of each second, with a heap of ${Math.round(heapBytes / 1e6)} MB`,
    ],
    advice: 'keep less in objects that live long, make fewer for a record, or raise sluice.task.heap-size',
    gain: 1 / (1 - Math.min(0.9, gcMsPerSecond / 1_000)),
  };
}

function undeclared({ place }: Scene): Ground | null {
  const share = most(place, ({ undeclaredMsPerSecond }) => undeclaredMsPerSecond) / 1_000;
  return {
    share,
    reason: `rows that nobody declared: ${percent(share)} of the time goes into writing and unpacking them`,
    evidence: [],
    advice: 'declare what its map returns: .map(t.record({ … }), fn)',
    gain: 1 / (1 - Math.min(0.9, share)),
  };
}

function rateOf({ place }: Scene, what: string, advice: string): Ground {
  const share = most(place, ({ rateLimitedRatio }) => rateLimitedRatio);
  return {
    share,
    reason: `${what} no more in a second`,
    evidence: [`held back ${percent(share)} of the time`],
    advice,
  };
}

function waitOf({ place }: Scene, what: string): Ground {
  const share = most(place, ({ asyncRatio }) => asyncRatio);
  return {
    share,
    reason: `it waits for ${what}`,
    evidence: [`waiting ${percent(share)} of the time`],
    advice: 'more subtasks wait side by side; larger batches wait less often',
  };
}

/** What is left when nothing else stands out: it works as fast as it can. */
function cpu({ place, places, cores }: Scene): Ground {
  const all = places.flatMap(({ tasks }) => tasks);
  const isKnown = all.every(({ onCoreRatio }) => onCoreRatio !== undefined);
  // Where nobody tells, as in the first second, whoever is busy may have a core.
  const used = all.reduce((sum, { onCoreRatio, busyRatio }) => sum + (onCoreRatio ?? busyRatio), 0);
  const free = Math.max(0, cores - used);
  const own = place.tasks.length * most(place, ownShare);
  const canSpread = free > 0.5 && place.vertex.parallelism < cores;
  return {
    share: 1,
    reason: canSpread
      ? 'its work takes all the time of its subtasks, and cores are free'
      : 'its work takes all the time there is',
    evidence: isKnown ? [`${used.toFixed(1)} of ${cores} cores in use`] : [],
    advice: canSpread
      ? `raise its parallelism from ${place.vertex.parallelism} to ${Math.min(cores, place.vertex.parallelism + Math.ceil(free))}`
      : 'make its functions cheaper',
    ...(canSpread && { gain: (own + free) / own }),
  };
}
