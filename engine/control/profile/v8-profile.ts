/** A profile as V8 gives it: a tree of frames, by id, and which of them was on top at each sample. */
export interface V8Profile {
  readonly nodes: readonly V8Node[];
  /** Microseconds. */
  readonly startTime: number;
  readonly endTime: number;
  readonly samples?: readonly number[];
  readonly timeDeltas?: readonly number[];
}

export interface V8Node {
  readonly id: number;
  readonly callFrame: V8Frame;
  readonly hitCount?: number;
  readonly children?: readonly number[];
  /** Samples by line; lines count from 1. Of functions that were inlined here it is the line in their file. */
  readonly positionTicks?: readonly { readonly line: number; readonly ticks: number }[];
}

/** A function: where it was written. Lines and columns count from 0. */
export interface V8Frame {
  readonly functionName: string;
  readonly scriptId: string;
  readonly url: string;
  readonly lineNumber: number;
  readonly columnNumber: number;
}

/** Equal for two frames of one function. */
export function functionKey({ scriptId, lineNumber, columnNumber }: V8Frame): string {
  return `${scriptId}:${lineNumber}:${columnNumber}`;
}

/**
 * The part of a profile from some time on.
 *
 * @param us  as `startTime` is
 */
export function profileFrom(profile: V8Profile, us: number): V8Profile {
  const { nodes, startTime, endTime, samples = [], timeDeltas = [] } = profile;
  let atUs = startTime;
  const first = timeDeltas.findIndex((delta) => (atUs += delta) >= us);
  const kept = first === -1 ? [] : samples.slice(first);
  const hits = new Map<number, number>();
  for (const id of kept) hits.set(id, (hits.get(id) ?? 0) + 1);
  return {
    nodes: nodes.map((node) => {
      const hitCount = hits.get(node.id) ?? 0;
      const share = hitCount / Math.max(1, node.hitCount ?? 0); // lines are not known by time
      const positionTicks = node.positionTicks?.map(({ line, ticks }) => ({ line, ticks: ticks * share }));
      return { ...node, hitCount, ...(positionTicks !== undefined && { positionTicks }) };
    }),
    startTime: Math.min(us, endTime),
    endTime,
    samples: kept,
    timeDeltas: first === -1 ? [] : timeDeltas.slice(first),
  };
}

/** What V8 puts in place of a function. */
export function isMark({ functionName, url }: V8Frame): boolean {
  return url === '' && /^\((root|program|idle|garbage collector)\)$/.test(functionName);
}
