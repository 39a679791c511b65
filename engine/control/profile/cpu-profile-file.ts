import { pathToFileURL } from 'node:url';
import type { OwnedSamples } from './cpu-samples.js';
import { type ChainNames, ownerName } from './on-cpu.js';
import type { SourcePlaces } from './source-places.js';
import type { V8Frame, V8Node, V8Profile } from './v8-profile.js';

/**
 * A profile of V8 for other programs: Chrome, speedscope. Functions have the places of their sources, and where several
 * owners share a function of generated code, each has a frame of its own in it; of the samples of such a function, in
 * time, each gets its share in turn.
 */
export function cpuProfileOf(
  profile: V8Profile,
  samples: readonly OwnedSamples[],
  names: ChainNames,
  places: SourcePlaces,
): V8Profile {
  let nextId = profile.nodes.reduce((most, { id }) => Math.max(most, id), 0) + 1;
  const nodes: V8Node[] = [];
  const turns = new Map<number, Turns>();
  const byNode = grouped(samples);
  for (const node of profile.nodes) {
    const own = byNode.get(node.id) ?? [];
    const callFrame = writtenFrame(node.callFrame, places);
    const { hitCount = 0, children = [] } = node;
    if (!own.some((each) => isOfAnother(each, node))) {
      nodes.push({ id: node.id, callFrame, hitCount, children });
      continue;
    }
    const shares = sharesOf(own, names, places).map((share) => ({ ...share, id: nextId++ }));
    turns.set(node.id, new Turns(shares));
    nodes.push({
      id: node.id,
      callFrame,
      hitCount: 0,
      children: [...children, ...shares.map(({ id }) => id)],
    });
    for (const { id, frame, hits } of shares)
      nodes.push({ id, callFrame: frame, hitCount: hits, children: [] });
  }
  const { startTime, endTime, samples: ids = [], timeDeltas = [] } = profile;
  return { nodes, startTime, endTime, samples: ids.map((id) => turns.get(id)?.next() ?? id), timeDeltas };
}

function grouped(samples: readonly OwnedSamples[]): Map<number, OwnedSamples[]> {
  const groups = new Map<number, OwnedSamples[]>();
  for (const each of samples) groups.set(each.node, [...(groups.get(each.node) ?? []), each]);
  return groups;
}

/** Its last frame is not the one that V8 counted it as. */
function isOfAnother({ path, owner }: OwnedSamples, { callFrame }: V8Node): boolean {
  return path.length === 0 ? owner !== 'engine' && callFrame.scriptId !== '0' : path.at(-1) !== callFrame;
}

interface Share {
  readonly frame: V8Frame;
  readonly hits: number;
}

function sharesOf(
  samples: readonly OwnedSamples[],
  names: ChainNames,
  places: SourcePlaces,
): readonly Share[] {
  const shares = new Map<string, { frame: V8Frame; hits: number }>();
  for (const { owner, path, samples: hits } of samples) {
    const inner = path.at(-1);
    const { name } = ownerName(owner, names);
    const functionName = inner === undefined ? name : `${name}: ${inner.functionName || '(anonymous)'}`;
    const frame = { ...(inner === undefined ? NOWHERE : writtenFrame(inner, places)), functionName };
    const known = shares.get(functionName);
    if (known === undefined) shares.set(functionName, { frame, hits });
    else known.hits += hits;
  }
  return [...shares.values()];
}

const NOWHERE = { scriptId: '0', url: '', lineNumber: -1, columnNumber: -1 };

/** Hands samples out so that at any time each share has had its part of them. */
class Turns {
  readonly #shares: readonly { readonly id: number; readonly hits: number }[];
  readonly #given: number[];
  #all = 0;

  constructor(shares: readonly { readonly id: number; readonly hits: number }[]) {
    this.#shares = shares;
    this.#given = shares.map(() => 0);
  }

  next(): number {
    this.#all++;
    const total = this.#shares.reduce((sum, { hits }) => sum + hits, 0);
    const owed = this.#shares.map(({ hits }, i) => (hits * this.#all) / total - this.#given[i]!);
    const most = owed.indexOf(Math.max(...owed));
    this.#given[most]! += 1;
    return this.#shares[most]!.id;
  }
}

/** As the user wrote it. */
function writtenFrame(frame: V8Frame, places: SourcePlaces): V8Frame {
  const place = places.placeOf(frame.url, frame.lineNumber, frame.columnNumber);
  if (place === null) return frame;
  const { file, line, column } = place;
  return { ...frame, url: pathToFileURL(file).href, lineNumber: line - 1, columnNumber: column - 1 };
}
