import type { Frame } from '../profile/frame-tree.js';
import type { OnCpu } from '../profile/on-cpu.js';
import type { TaskProfile } from '../profile/task-profile.js';
import type { Finding } from './diagnosis.js';
import { percent } from './scene.js';

/** What has less of the time at work is not worth a line. */
const FUNCTION_MIN = 0.1;
const PART_MIN = 0.25;

/**
 * What the profile of a limiting vertex adds to what is known of it: the user's function with most of its time, by the
 * line with the most of that, and a part of the engine that has much of it. Time in what a function calls that is
 * nobody's, such as `JSON.parse`, is its own.
 *
 * @returns  lines of evidence; none where nothing was sampled
 */
export function hotCode(tasks: readonly TaskProfile[]): readonly string[] {
  const sampled = tasks.flatMap(({ onCpu }) => (onCpu === null ? [] : [onCpu]));
  const all = sampled.reduce((sum, { ms }) => sum + ms, 0);
  if (all === 0) return [];
  const functions = new Map<string, number>();
  const parts = new Map<string, number>();
  for (const onCpu of sampled) {
    addFunctions(onCpu.frames, null, functions);
    for (const { kind, name, ms } of onCpu.owners) if (kind === 'part') add(parts, name, ms);
  }
  const [hottest] = bySize(functions);
  const [part] = bySize(parts);
  return [
    ...(hottest !== undefined && hottest[1] >= FUNCTION_MIN * all
      ? [`${percent(hottest[1] / all)} of its CPU in ${shownFunction(hottest[0], sampled)}`]
      : []),
    ...(part !== undefined && part[1] >= PART_MIN * all
      ? [`${percent(part[1] / all)} of its CPU in ${part[0]}`]
      : []),
  ];
}

/** Causes of a vertex that goes faster if its functions take less time. */
const AT_WORK: ReadonlySet<Finding['cause']> = new Set([
  'cpu',
  'few-cores',
  'key-skew',
  'uneven-partition',
  'slow-subtask',
  'garbage',
  'undeclared',
]);

/** Whether a profile has something to add. */
export function isOfItsWork({ cause, severity }: Finding): boolean {
  return severity === 'limit' && AT_WORK.has(cause);
}

/** @param user  the innermost function of the user around it */
function addFunctions(frame: Frame, user: string | null, into: Map<string, number>): void {
  const own = frame.kind === 'user' ? frame.name : frame.kind === 'native' ? user : null;
  const below = frame.children.reduce((sum, { ms }) => sum + ms, 0);
  if (own !== null) add(into, own, frame.ms - below);
  for (const child of frame.children) addFunctions(child, own, into);
}

/** A frame's name is `parse enrich.ts:40`, where that is the line at which the function begins. */
function shownFunction(frame: string, sampled: readonly OnCpu[]): string {
  const same = sampled
    .flatMap(({ owners }) => owners.flatMap(({ functions }) => functions))
    .filter(({ name, place }) => place !== null && `${name} ${place}` === frame)
    .toSorted((a, b) => b.ms - a.ms);
  const [first] = same;
  return first === undefined ? frame : `${first.name} (${first.hotPlace ?? first.place})`;
}

const add = (into: Map<string, number>, key: string, ms: number): void => {
  into.set(key, (into.get(key) ?? 0) + ms);
};

const bySize = (all: ReadonlyMap<string, number>): readonly (readonly [string, number])[] =>
  [...all].sort(([, a], [, b]) => b - a);
