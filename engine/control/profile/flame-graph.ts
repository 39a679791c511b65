import type { Frame } from './frame-tree.js';
import type { TaskProfile } from './task-profile.js';

/** What a flame graph shows: time on a core, time off it, or both. */
export type FlameGraphType = 'full' | 'on_cpu' | 'off_cpu';

/** As Flink's REST API answers. */
export interface FlameGraph {
  /** Milliseconds since the epoch; or one of `FLAME_GRAPH_NOT_THERE`. */
  readonly endTimestamp: number;
  readonly data?: FlameGraphNode;
}

export interface FlameGraphNode {
  readonly name: string;
  /** Milliseconds, rounded. */
  readonly value: number;
  readonly children: readonly FlameGraphNode[];
}

/** `endTimestamp` where there is no graph, as Flink says it. */
export const FLAME_GRAPH_NOT_THERE = { terminated: -1, disabled: -2, waiting: -3 } as const;

/** One graph of several tasks: equal frames are one. */
export function flameGraph(
  tasks: readonly TaskProfile[],
  type: FlameGraphType,
  endTimestamp: number,
): FlameGraph {
  const trees = tasks.flatMap(({ onCpu, offCpu }) => [
    ...(type === 'off_cpu' || onCpu === null ? [] : onCpu.frames.children),
    ...(type === 'on_cpu' ? [] : offCpu.children),
  ]);
  return { endTimestamp, data: merged('root', trees, sum(trees)) };
}

/**
 * @param frames  what a frame of this name calls, perhaps several times the same
 * @param ms      in all of it
 */
function merged(name: string, frames: readonly Frame[], ms: number): FlameGraphNode {
  const groups = new Map<string, Frame[]>();
  for (const frame of frames) groups.set(frame.name, [...(groups.get(frame.name) ?? []), frame]);
  const children = [...groups]
    .map(([child, same]) => {
      const below = same.flatMap((each) => each.children);
      return merged(child, below, sum(same));
    })
    .filter(({ value }) => value > 0);
  const inside = children.reduce((all, { value }) => all + value, 0);
  return { name, value: Math.max(inside, Math.round(ms)), children }; // whole numbers that fit into each other
}

function sum(frames: readonly Frame[]): number {
  return frames.reduce((all, { ms }) => all + ms, 0);
}
