import {
  FLAME_GRAPH_NOT_THERE,
  type FlameGraph,
  type FlameGraphNode,
} from '../../control/profile/flame-graph.js';
import { clean, shorten } from '../columns.js';
import { paint } from '../ink.js';
import { formatPercent } from '../quantities.js';
import { levelBar } from '../time-bar.js';
import type { Canvas } from './canvas.js';
import type { RunPicture } from './run-picture.js';
import { flameSubtask, type TopState } from './top-state.js';

/** Frames of less are not shown. */
const SHARE_MIN = 0.005;

/** Where the time of a vertex or subtask goes, a line for each frame below the one that calls it. */
export function flameView(
  { metrics, flame }: RunPicture,
  state: TopState,
  { columns, colors }: Canvas,
  room: number,
): readonly string[] {
  const subtask = flameSubtask(state);
  const of = subtask === null ? 'all subtasks' : `subtask ${subtask}`;
  const name = shorten(clean(metrics.vertices[state.vertex]?.name ?? ''), Math.max(8, columns - 40));
  const head = paint('bold', `where the time of ${name} goes, ${of}`, colors > 0);
  const frames = flameFrames(flame);
  if (frames.length === 0) return [head, '', `  ${whyNot(flame)}`];
  const cells = columns >= 120 ? 30 : 10;
  const rows = frames.map(({ name: frame, share, depth }) => {
    const indent = '  '.repeat(Math.min(depth, columns >> 2));
    return `  ${formatPercent(share).padStart(5)}  ${levelBarOf(share, cells, colors > 0)}  ${indent}${clean(frame)}`;
  });
  return [head, ...rows.slice(state.line, state.line + Math.max(1, room - 1))];
}

/** Red is not alarming here. */
const levelBarOf = (share: number, cells: number, color: boolean): string =>
  paint('yellow', levelBar(share, cells, false), color);

interface FlameFrame {
  readonly name: string;
  /** Of the whole. */
  readonly share: number;
  readonly depth: number;
}

/** Frames in the order in which they are shown: each before those it calls, the largest first. */
export function flameFrames(flame: FlameGraph | null): readonly FlameFrame[] {
  const root = flame?.data;
  if (root === undefined || root.value <= 0) return [];
  const frames: FlameFrame[] = [];
  const add = ({ name, value, children }: FlameGraphNode, depth: number): void => {
    const share = value / root.value;
    if (share < SHARE_MIN) return;
    frames.push({ name, share, depth });
    for (const child of children.toSorted((a, b) => b.value - a.value)) add(child, depth + 1);
  };
  for (const child of root.children.toSorted((a, b) => b.value - a.value)) add(child, 0);
  return frames;
}

function whyNot(flame: FlameGraph | null): string {
  switch (flame?.endTimestamp) {
    case FLAME_GRAPH_NOT_THERE.disabled:
      return 'flame graphs are switched off for this run: rest.flamegraph.enabled';
    case FLAME_GRAPH_NOT_THERE.terminated:
      return 'the run has ended';
    case FLAME_GRAPH_NOT_THERE.waiting:
    case undefined:
      return 'being drawn, which takes some seconds';
    default:
      return 'nothing was seen of it';
  }
}
