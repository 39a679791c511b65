import type { Metrics } from '../../control/metrics/metrics.js';
import type { Key } from './top-keys.js';

/** What somebody who watches a run has chosen to see. */
export interface TopState {
  readonly view: 'graph' | 'subtasks' | 'flame' | 'help';
  /** Positions in the order of the job graph, and of the vertex. */
  readonly vertex: number;
  readonly subtask: number;
  /** First line of a flame graph that is shown. */
  readonly line: number;
  /** Where Esc leads; null: nowhere further. */
  readonly back: TopState | null;
}

export const TOP_BEGIN: TopState = { view: 'graph', vertex: 0, subtask: 0, line: 0, back: null };

/** How far the choices reach. */
export interface TopBounds {
  readonly vertices: number;
  /** Of the chosen vertex. */
  readonly subtasks: number;
  /** Of the flame graph that is shown. */
  readonly flameLines: number;
  /** What a key for a page moves by. */
  readonly page: number;
}

/** Keys that stand for others, as in htop and in vi. */
const SAME: Readonly<Record<Key, Key>> = {
  k: 'up',
  j: 'down',
  l: 'right',
  F10: 'q',
  F1: '?',
  h: '?',
  F2: 'enter',
  F3: 'f',
  right: 'enter',
  left: 'escape',
  backspace: 'escape',
};

/** What follows a key; `quit`: the view is to be left. Pure. */
export function afterKey(state: TopState, pressed: Key, bounds: TopBounds): TopState | 'quit' {
  const key = SAME[SAME[pressed] ?? pressed] ?? SAME[pressed] ?? pressed;
  const { view, back } = state;
  if (key === 'q' || key === 'ctrl-c') return 'quit';
  if (key === '?') return view === 'help' ? back! : { ...state, view: 'help', back: state };
  if (view === 'help') return back!; // any key leads on
  if (key === 'escape') return back ?? state;
  if (key === 'f') return view === 'flame' ? back! : { ...state, view: 'flame', line: 0, back: state };
  if (key === 'enter')
    return view === 'graph' ? { ...state, view: 'subtasks', subtask: 0, back: state } : state;
  const step = STEPS[key]?.(bounds) ?? 0;
  return step === 0 ? state : moved(state, step, bounds);
}

const STEPS: Readonly<Record<Key, (bounds: TopBounds) => number>> = {
  up: () => -1,
  down: () => 1,
  'page-up': ({ page }) => -page,
  'page-down': ({ page }) => page,
  home: () => Number.NEGATIVE_INFINITY,
  end: () => Number.POSITIVE_INFINITY,
};

function moved(state: TopState, step: number, { vertices, subtasks, flameLines, page }: TopBounds): TopState {
  const within = (at: number, count: number): number => Math.max(0, Math.min(count - 1, at));
  if (state.view === 'graph') return { ...state, vertex: within(state.vertex + step, vertices) };
  if (state.view === 'subtasks') return { ...state, subtask: within(state.subtask + step, subtasks) };
  return { ...state, line: within(state.line + step, flameLines - page + 1) };
}

/** The subtask that a flame graph is of; null: all of the vertex. */
export function flameSubtask({ subtask, back }: TopState): number | null {
  return back?.view === 'subtasks' ? subtask : null;
}

/** How far the choices of a state reach in a run. */
export function topBounds(state: TopState, metrics: Metrics, flameLines: number, page: number): TopBounds {
  const { vertices } = metrics;
  return { vertices: vertices.length, subtasks: vertices[state.vertex]?.subtasks ?? 1, flameLines, page };
}
