import { shownPath } from '../../base/user-frame.js';
import type { OwnedSamples, TimeOwner } from './cpu-samples.js';
import { type Frame, type FrameKind, FrameTree } from './frame-tree.js';
import type { SourcePlaces } from './source-places.js';
import { functionKey, isMark, type V8Frame } from './v8-profile.js';

/** The time of one operator of a chain, or of a part of the engine, or of the garbage collector. */
export interface OwnerTime {
  readonly kind: 'operator' | 'part' | 'collecting';
  /** Of an operator. */
  readonly uid: string | null;
  /** `map`; `serialization to csv`, `reading`, `state`, `garbage collection`, … */
  readonly name: string;
  readonly ms: number;
  /** Of the time that the task was at work, 0..1. */
  readonly share: number;
  /** Functions by the time in themselves, the most first. */
  readonly functions: readonly HotFunction[];
}

export interface HotFunction {
  readonly name: string;
  /** Where it is written, `job.ts:14`; null for what is in no file. */
  readonly place: string | null;
  readonly isUsers: boolean;
  /** In itself, without what it calls. */
  readonly ms: number;
  /** The line with the most of it, `job.ts:17`. */
  readonly hotPlace: string | null;
}

/** Where the time went that a task was at work, as its samples tell. */
export interface OnCpu {
  /** Operators of the chain in their order, then parts by time. */
  readonly owners: readonly OwnerTime[];
  /** The task, then owners, then functions. */
  readonly frames: Frame;
  readonly ms: number;
}

/** How owners are called. */
export interface ChainNames {
  readonly task: string;
  /** Uid and name, in order. */
  readonly operators: readonly (readonly [uid: string, name: string])[];
  /** Names of the vertices that the outputs lead to. */
  readonly outputs: readonly string[];
}

/** @param msPerSample  as far apart as the samples were */
export function onCpu(
  samples: readonly OwnedSamples[],
  names: ChainNames,
  places: SourcePlaces,
  msPerSample: number,
): OnCpu {
  const working = samples.filter(({ owner }) => owner !== 'waiting');
  const all = working.reduce((sum, each) => sum + each.samples, 0);
  const tree = new FrameTree(names.task, 'task');
  const owners = new Map<TimeOwner, OwnedSamples[]>();
  for (const { uid } of names.operators.map(([uid]) => ({ uid }))) owners.set(`operator ${uid}`, []);
  for (const each of working) {
    owners.set(each.owner, [...(owners.get(each.owner) ?? []), each]);
    const { name, kind } = ownerName(each.owner, names);
    const path = each.path.map((frame) => shownFrame(frame, places));
    tree.add(
      [{ name, kind: kind === 'collecting' ? 'collecting' : kind }, ...path],
      each.samples * msPerSample,
    );
  }
  const times = [...owners].map(([owner, own]): OwnerTime => {
    const count = own.reduce((sum, each) => sum + each.samples, 0);
    return {
      ...ownerName(owner, names),
      ms: count * msPerSample,
      share: all === 0 ? 0 : count / all,
      functions: hotFunctions(own, places, msPerSample),
    };
  });
  const isOperator = ({ kind }: OwnerTime): boolean => kind === 'operator';
  const parts = times.filter((each) => !isOperator(each)).toSorted((a, b) => b.ms - a.ms);
  return { owners: [...times.filter(isOperator), ...parts], frames: tree.toFrame(), ms: all * msPerSample };
}

export function ownerName(
  owner: TimeOwner,
  { operators, outputs }: ChainNames,
): Pick<OwnerTime, 'kind' | 'uid' | 'name'> {
  const [, what, rest] = /^(operator|output) (.*)$/s.exec(owner) ?? [];
  if (what === 'operator') {
    const name = operators.find(([uid]) => uid === rest)?.[1] ?? rest!;
    return { kind: 'operator', uid: rest!, name };
  }
  const part = (name: string) => ({ kind: 'part' as const, uid: null, name });
  if (what === 'output') return part(`serialization to ${outputs[Number(rest)]}`);
  if (owner === 'collecting') return { ...part('garbage collection'), kind: 'collecting' };
  if (owner === 'callbacks') return part('timers and promises');
  if (owner === 'chain') return part('the chain, not told apart');
  return part(owner === 'engine' ? 'rest of the engine' : owner);
}

/** As people read it: the name, and where it is written. */
function shownFrame(frame: V8Frame, places: SourcePlaces): { name: string; kind: FrameKind } {
  const { place } = placed(frame, places);
  const name = frame.functionName === '' ? '(anonymous)' : frame.functionName;
  const kind = kindOf(frame, places);
  return { name: place === null ? name : `${name} ${place}`, kind };
}

function kindOf({ url, lineNumber }: V8Frame, places: SourcePlaces): FrameKind {
  if (url === '' || url.startsWith('node:')) return 'native';
  return url.startsWith('sluice:') || places.engineModule(url, lineNumber) !== null ? 'engine' : 'user';
}

function placed({ url, lineNumber, columnNumber }: V8Frame, places: SourcePlaces): { place: string | null } {
  const place = places.placeOf(url, lineNumber, columnNumber);
  return { place: place === null ? null : `${shownPath(place.file)}:${place.line}` };
}

function hotFunctions(
  samples: readonly OwnedSamples[],
  places: SourcePlaces,
  msPerSample: number,
): readonly HotFunction[] {
  const byFunction = new Map<string, { frame: V8Frame; samples: number; lines: Map<number, number> }>();
  for (const { path, line, samples: count } of samples) {
    const frame = path.at(-1);
    if (frame === undefined || isMark(frame)) continue;
    const key = `${functionKey(frame)} ${frame.functionName}`;
    const known = byFunction.get(key) ?? { frame, samples: 0, lines: new Map<number, number>() };
    known.samples += count;
    if (line !== null) known.lines.set(line, (known.lines.get(line) ?? 0) + count);
    byFunction.set(key, known);
  }
  const functions = [...byFunction.values()].map(({ frame, samples: count, lines }): HotFunction => {
    const [hottest] = [...lines].toSorted(([, a], [, b]) => b - a);
    const hot = hottest === undefined ? null : places.lineOf(frame.url, hottest[0] - 1);
    return {
      name: frame.functionName === '' ? '(anonymous)' : frame.functionName,
      place: placed(frame, places).place,
      isUsers: kindOf(frame, places) === 'user',
      ms: count * msPerSample,
      hotPlace: hot === null ? null : `${shownPath(hot.file)}:${hot.line}`,
    };
  });
  return functions.filter(({ ms }) => ms > 0).toSorted((a, b) => b.ms - a.ms);
}
