import { type JobVertex, tasksOf } from '../../plan/job-graph.js';
import { TASK_STATES } from '../task-states.js';
import type { RunPast, ServedRun } from './served-run.js';

/**
 * States and times of runs and tasks as Flink tells them: milliseconds since the epoch, 0 or -1 for what has not been.
 */

export const JOB_STATES = [
  'INITIALIZING',
  'CREATED',
  'RUNNING',
  'FAILING',
  'FAILED',
  'CANCELLING',
  'CANCELED',
  'FINISHED',
  'RESTARTING',
  'SUSPENDED',
  'RECONCILING',
] as const;
export type JobState = (typeof JOB_STATES)[number];

export const EXECUTION_STATES = [
  'CREATED',
  'SCHEDULED',
  'DEPLOYING',
  'INITIALIZING',
  'RUNNING',
  'FINISHED',
  'CANCELING',
  'CANCELED',
  'FAILED',
  'RECONCILING',
] as const;
export type ExecutionState = (typeof EXECUTION_STATES)[number];

type TaskStateName = (typeof TASK_STATES)[number];

/** How long a task was in each of the states before its end. */
const DURATION_STATES = ['CREATED', 'SCHEDULED', 'DEPLOYING', 'INITIALIZING', 'RUNNING'] as const;

/** Flink has no word for a run that brings to its end what was read, and none for its end on request. */
export function jobState({ state, isOver, failures }: RunPast): JobState {
  if (!isOver && failures.length > 0) return isCancel(failures[0]!.error) ? 'CANCELLING' : 'FAILING';
  return state === 'STOPPING' ? 'RUNNING' : state === 'STOPPED' ? 'FINISHED' : state;
}

const isCancel = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'RUN_ABORTED';

/** When a run came to each state. */
export function jobTimestamps(life: RunPast): Readonly<Record<JobState, number>> {
  const none = Object.fromEntries(JOB_STATES.map((state) => [state, 0])) as Record<JobState, number>;
  const created = life.cameMs('CREATED')!;
  return {
    ...none,
    INITIALIZING: created,
    CREATED: created,
    RUNNING: life.cameMs('RUNNING') ?? 0,
    FINISHED: life.cameMs('FINISHED') ?? life.cameMs('STOPPED') ?? 0,
    CANCELED: life.cameMs('CANCELED') ?? 0,
    FAILED: life.cameMs('FAILED') ?? 0,
    [jobState(life) === 'CANCELLING' ? 'CANCELLING' : 'FAILING']:
      life.isOver || life.failures.length === 0 ? 0 : life.failures[0]!.atMs,
  };
}

export interface Span {
  readonly 'start-time': number;
  /** -1 while it goes on. */
  readonly 'end-time': number;
  readonly duration: number;
}

export function jobSpan(life: RunPast, now: number): Span {
  return span(life.cameMs('CREATED'), endOf(life), now);
}

/** A subtask's state, and when it came to each. */
export interface SubtaskPast {
  readonly state: TaskStateName;
  readonly span: Span;
  readonly timestamps: Readonly<Record<ExecutionState, number>>;
  readonly durations: Readonly<Record<(typeof DURATION_STATES)[number], number>>;
}

/** @param told  its state as it tells it itself; a thread that died tells nothing any more */
export function subtaskPast({ life }: ServedRun, task: number, told: string, now: number): SubtaskPast {
  const isEnded = ENDS.has(told);
  const isSent = told === 'CREATED' && life.deployingMs !== null;
  const state = (life.isOver && !isEnded ? 'CANCELED' : isSent ? 'DEPLOYING' : told) as TaskStateName;
  const createdMs = life.cameMs('CREATED')!;
  const runningMs = life.cameMs('RUNNING');
  const endedMs = life.isOver || isEnded ? (life.taskEndedMs(task) ?? endOf(life)) : null;
  const deployingMs = life.deployingMs;
  const none = Object.fromEntries(EXECUTION_STATES.map((each) => [each, 0])) as Record<
    ExecutionState,
    number
  >;
  const until = endedMs ?? now;
  return {
    state,
    span: span(deployingMs, endedMs, now),
    timestamps: {
      ...none,
      CREATED: createdMs,
      DEPLOYING: deployingMs ?? 0,
      RUNNING: runningMs ?? 0,
      ...(endedMs !== null && { [state]: endedMs }),
    },
    durations: {
      CREATED: (deployingMs ?? until) - createdMs,
      SCHEDULED: -1,
      DEPLOYING: deployingMs === null ? -1 : (runningMs ?? until) - deployingMs,
      INITIALIZING: -1,
      RUNNING: runningMs === null ? -1 : until - runningMs,
    },
  };
}

const ENDS: ReadonlySet<string> = new Set<TaskStateName>(['FINISHED', 'CANCELED', 'FAILED']);

/** The past of each subtask of a vertex, in order. */
export function subtaskPasts(
  run: ServedRun,
  vertex: JobVertex,
  tasks: readonly { readonly state: string }[],
  now: number,
): readonly SubtaskPast[] {
  return tasksOf(vertex).map((task) => subtaskPast(run, task, tasks[task]!.state, now));
}

/** From the first subtask's begin to the last one's end. */
export function vertexSpan(pasts: readonly SubtaskPast[], now: number): Span {
  const begins = pasts.map((past) => past.span['start-time']).filter((ms) => ms >= 0);
  const ends = pasts.map((past) => past.span['end-time']);
  const isOver = ends.every((ms) => ms >= 0);
  return span(begins.length === 0 ? null : Math.min(...begins), isOver ? Math.max(...ends) : null, now);
}

/** How many subtasks are in each state; all states are there. */
export function stateCounts(pasts: readonly SubtaskPast[]): Readonly<Record<ExecutionState, number>> {
  const counts = Object.fromEntries(EXECUTION_STATES.map((state) => [state, 0])) as Record<
    ExecutionState,
    number
  >;
  for (const { state } of pasts) counts[state]++;
  return counts;
}

/** The state of a vertex, from those of its subtasks. */
export function vertexState(pasts: readonly SubtaskPast[]): TaskStateName {
  const has = (state: TaskStateName): boolean => pasts.some((past) => past.state === state);
  if (has('FAILED')) return 'FAILED';
  if (has('CANCELED')) return 'CANCELED';
  if (has('RUNNING')) return 'RUNNING';
  if (has('FINISHED')) return pasts.every(({ state }) => state === 'FINISHED') ? 'FINISHED' : 'RUNNING';
  return TASK_STATES[0];
}

function span(beganMs: number | null, endedMs: number | null, now: number): Span {
  if (beganMs === null) return { 'start-time': -1, 'end-time': -1, duration: -1 };
  return { 'start-time': beganMs, 'end-time': endedMs ?? -1, duration: (endedMs ?? now) - beganMs };
}

function endOf(life: RunPast): number | null {
  return life.isOver ? life.cameMs(life.state) : null;
}
