import { SYSTEM_CLOCK } from '../base/clock.js';
import type { RunState } from './run.js';

/** An error that a run came to. */
export interface RunFailure {
  readonly error: unknown;
  /** On the wall. */
  readonly atMs: number;
  /** Null: it is of no one task. */
  readonly task: number | null;
}

/** Legal moves of a run. */
const NEXT: Readonly<Record<RunState, readonly RunState[]>> = {
  CREATED: ['RUNNING', 'CANCELED', 'FAILED'],
  RUNNING: ['STOPPING', 'FINISHED', 'CANCELED', 'FAILED'],
  STOPPING: ['STOPPED', 'CANCELED', 'FAILED'],
  FINISHED: [],
  STOPPED: [],
  CANCELED: [],
  FAILED: [],
};

/** What many tasks fail of is told by the first ones. */
const FAILURES_MAX = 16;

/**
 * The states of a run and its tasks, when they came to each, and the errors on the way. Times are milliseconds since
 * the epoch.
 *
 * Runs in: the main thread.
 */
export class RunLife {
  #state: RunState = 'CREATED';
  readonly #cameMs = new Map<RunState, number>([['CREATED', SYSTEM_CLOCK.wallMs()]]);
  readonly #failures: RunFailure[] = [];
  readonly #taskEndsMs = new Map<number, number>();
  #deployingMs: number | null = null;

  get state(): RunState {
    return this.#state;
  }

  get isOver(): boolean {
    return NEXT[this.#state].length === 0;
  }

  /** The first is why it ended; the others came while it did. */
  get failures(): readonly RunFailure[] {
    return this.#failures;
  }

  /** When its threads were given their tasks; null: not yet. */
  get deployingMs(): number | null {
    return this.#deployingMs;
  }

  /** When it came to a state; null: it has not. */
  cameMs(state: RunState): number | null {
    return this.#cameMs.get(state) ?? null;
  }

  /** When a task ended; null: it has not. */
  taskEndedMs(task: number): number | null {
    return this.#taskEndsMs.get(task) ?? null;
  }

  become(state: RunState): void {
    if (!NEXT[this.#state].includes(state))
      throw new Error(`a run cannot go from ${this.#state} to ${state}`);
    this.#state = state;
    this.#cameMs.set(state, SYSTEM_CLOCK.wallMs());
  }

  deploys(): void {
    this.#deployingMs = SYSTEM_CLOCK.wallMs();
  }

  endsTask(task: number): void {
    this.#taskEndsMs.set(task, SYSTEM_CLOCK.wallMs());
  }

  /** @param task  whose error it is, where it is one task's */
  fails(error: unknown, task: number | null): void {
    if (this.#failures.length === FAILURES_MAX || this.#failures.some((each) => each.error === error)) return;
    this.#failures.push({ error, atMs: SYSTEM_CLOCK.wallMs(), task });
  }
}
