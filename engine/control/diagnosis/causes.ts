import type { AsyncPlan } from '../../plan/async-plan.js';
import { mean, most, ownShare, worstPressure } from './bottleneck.js';
import type { Cause, Finding } from './diagnosis.js';
import { lateFilters } from './late-filter.js';
import { type Ground, heaviest, isSource, keysOf, percent, type Scene } from './scene.js';
import { slowSubtask, uneven } from './uneven-load.js';

/** A cause accounts for less: it is not worth a word. */
const SHARE_MIN = 0.15;
/** Buffers of a task are as good as full. */
const FULL_BUFFERS = 0.8;

interface Named {
  readonly cause: Cause;
  readonly ground: Ground;
}

/** The grounds of every cause that has some, the weightiest first; never empty. */
export function findingsOf(scene: Scene): readonly Finding[] {
  const { vertex } = scene.place;
  const grounds = Object.entries(RULES)
    .flatMap(([cause, rule]): readonly Named[] => {
      const ground = rule(scene);
      return ground === null || ground.share < SHARE_MIN ? [] : [{ cause: cause as Cause, ground }];
    })
    .sort((a, b) => b.ground.share - a.ground.share);
  const [weighty, light] = [grounds.filter(isWeighty), grounds.filter((each) => !isWeighty(each))];
  const first = weighty.length > 0 ? weighty : [{ cause: 'cpu' as const, ground: cpu(scene) }];
  const found = [...first, ...light].map(
    ({ cause, ground }, at): Finding => ({
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
    }),
  );
  return [...found, ...lateFilters(scene)];
}

/**
 * A task that has a core for most of its time is held up by what it does there. That its threads wait for one besides
 * is only what every task sees that takes all the cores there are.
 */
const isWeighty = ({ cause, ground }: Named): boolean => cause !== 'few-cores' || ground.share >= 0.5;

/** They hold the job up as somebody wished, or as nothing else comes: no part of it is too slow. */
const OF_THE_SOURCE: ReadonlySet<Cause> = new Set(['source-rate', 'source-wait']);

type Rule = (scene: Scene) => Ground | null;

const RULES: Readonly<Record<Exclude<Cause, 'cpu' | 'late-filter' | 'few-buffers'>, Rule>> = {
  'key-skew': (scene) => (keysOf(scene) === null ? null : uneven(scene)),
  'uneven-partition': (scene) => (keysOf(scene) === null ? uneven(scene) : null),
  'slow-subtask': slowSubtask,
  'few-cores': fewCores,
  garbage,
  undeclared,
  'sink-rate': (scene) =>
    isSource(scene) || isBeside(scene)
      ? null
      : rateOf(scene, 'its sink takes', 'give the sink a higher rate'),
  'output-reader': (scene) => (isSource(scene) || !isBeside(scene) ? null : reader(scene)),
  'source-rate': (scene) =>
    isSource(scene)
      ? rateOf(scene, 'its source gives', 'give the source a higher rate, if more shall flow')
      : null,
  'sink-wait': (scene) =>
    isSource(scene) || callsOf(scene) !== null ? null : waitOf(scene, 'what its sink writes to'),
  'async-wait': answers,
  'source-wait': (scene) => (isSource(scene) ? waitOf(scene, 'what its source reads from') : null),
};

/** It runs in the thread of the application, which holds this end of the job. */
const isBeside = ({ place }: Scene): boolean => place.vertex.place === 'main';

/** What everybody looks at first: who waits for the place. */
function wait({ place, places }: Scene): readonly string[] {
  const above = place.feeders.map(({ index }) => places[index]!);
  const below = place.receivers.map(({ index }) => places[index]!);
  const filled = most(place, ({ input }) => input?.poolUsage ?? 0);
  return [
    `busy ${percent(most(place, ({ busyRatio }) => busyRatio))}`,
    ...(filled > FULL_BUFFERS ? [`its input buffers ${percent(filled)} in use`] : []),
    ...above.map((each) => `${each.vertex.name} backpressured ${percent(worstPressure(each))}`),
    ...below.map((each) => `${each.vertex.name} idle ${percent(mean(each, ({ idleRatio }) => idleRatio))}`),
  ];
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

function reader({ place }: Scene): Ground {
  const share = most(place, ({ rateLimitedRatio }) => rateLimitedRatio);
  return {
    share,
    reason: 'the application reads the output more slowly than rows come; no task of the job is slow',
    evidence: [`rows lay unread ${percent(share)} of the time`],
    advice: 'do less for a row inside the loop over the output, or write to a sink',
  };
}

/** How the place calls the async function that heads it; null: it calls none. */
function callsOf({ plan, place }: Scene): AsyncPlan | null {
  const head = plan.operators.find(({ uid }) => uid === place.vertex.operators[0]);
  return head?.config.kind === 'async' ? head.config.plan : null;
}

function answers(scene: Scene): Ground | null {
  const calls = callsOf(scene);
  if (calls === null) return null;
  const { share, evidence } = waitOf(scene, '');
  return {
    share,
    reason: `as many calls as may be at a time, ${calls.capacity}, wait for their answers`,
    evidence,
    advice:
      'raise the capacity of its async function, if what it asks can answer more at a time; or ask for several rows at once',
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
