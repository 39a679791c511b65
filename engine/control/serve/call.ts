import type { JobVertex } from '../../plan/job-graph.js';
import type { MetricsWindow } from '../metrics/metrics.js';
import { type Answer, Refusal } from './answer.js';
import type { RunBoard, ServedRun } from './served-run.js';

/** What holds for everybody who comes through one door. */
export interface DoorRules {
  /** Whoever comes is the user whose runs these are. */
  readonly isOwner: boolean;
  /** What others need to stop and cancel; null: they cannot. */
  readonly token: string | null;
  /** Null: no page in a browser may read the answers. */
  readonly allowOrigin: string | null;
  /** Only this machine reaches the door. */
  readonly isLoopback: boolean;
  readonly refreshIntervalMs: number;
  readonly canCancel: boolean;
}

/** A request that found its route. */
export interface Call {
  readonly board: RunBoard;
  readonly rules: DoorRules;
  /** Parts of the path, by the names the route gives them; decoded. */
  readonly path: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
}

export type Handler = (call: Call) => Answer | Promise<Answer>;

const ID = /^[0-9a-f]{32}$/i;

/** The run that the path names. */
export function runOf({ board, path }: Call): ServedRun {
  const id = idIn('jobid', path);
  const run = board.find(id);
  if (run === null) throw new Refusal(404, `Job ${id} not found`);
  return run;
}

/** The vertex that the path names. */
export function vertexOf(run: ServedRun, { path }: Call): JobVertex {
  const id = idIn('vertexid', path);
  const vertex = run.graph.vertices.find((each) => each.id === id);
  if (vertex === undefined) throw new Refusal(404, `Job vertex ${id} not found`);
  return vertex;
}

/** The subtask that the path names. */
export function subtaskOf(vertex: JobVertex, { path }: Call): number {
  const text = path['subtaskindex']!;
  const subtask = wholeNumber(text);
  if (subtask === null) throw unresolved('subtaskindex', text);
  if (subtask >= vertex.parallelism)
    throw new Refusal(404, `Invalid subtask index for vertex ${vertex.id}: ${text}`);
  return subtask;
}

/** What shares and rates are over. */
export function windowIn({ query }: Call): MetricsWindow {
  const text = query.get('window') ?? '1s';
  if (text !== '1s' && text !== '10s' && text !== '60s')
    throw new Refusal(400, `window is 1s, 10s or 60s, not '${shown(text)}'`);
  return text;
}

/** The parts of a list in the query, as in `get=a,b`; null: it is not given. */
export function listIn({ query }: Call, name: string): readonly string[] | null {
  const given = query.getAll(name);
  if (given.length === 0) return null;
  return given.flatMap((text) => text.split(',')).filter((part) => part !== '');
}

/** Null: it is not one, or is beyond all counts. */
export function wholeNumber(text: string): number | null {
  return /^\d{1,9}$/.test(text) ? Number(text) : null;
}

export function unresolved(name: string, text: string): Refusal {
  return new Refusal(400, `Cannot resolve path parameter (${name}) from value "${shown(text)}".`);
}

/** Text of a stranger in a message: not more of it than is needed to find it. */
export function shown(text: string): string {
  return text.length <= SHOWN_MAX ? text : `${text.slice(0, SHOWN_MAX)}…`;
}

const SHOWN_MAX = 80;

function idIn(name: string, path: Call['path']): string {
  const text = path[name]!;
  if (!ID.test(text)) throw unresolved(name, text);
  return text.toLowerCase();
}
