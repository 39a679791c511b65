import type { ControlArena } from '../../memory/control-arena.js';
import type { SharedMemory } from '../../memory/region.js';
import { type JobGraph, taskName } from '../../plan/job-graph.js';
import type { LogTopic } from './log-topics.js';
import { RunTrace, type TraceSummary } from './run-trace.js';
import { openTaskTaps, type TapDeployment, type TaskTaps } from './task-taps.js';

/**
 * What is told of the tasks of one run while it goes on: a log, a trace, or both.
 *
 * Runs in: the main thread.
 */
export class RunTaps {
  readonly #graph: JobGraph;
  readonly #startedMs: number;
  readonly #attempt: number;
  readonly #topics: ReadonlySet<LogTopic>;
  readonly #trace: RunTrace | null;

  /**
   * @param trace      path of the file; null: none is written
   * @param startedMs  when the run was asked for, monotonic
   * @throws SluiceError OUTPUT_UNWRITABLE
   */
  constructor(
    graph: JobGraph,
    topics: ReadonlySet<LogTopic>,
    trace: string | null,
    startedMs: number,
    attempt: number,
  ) {
    this.#graph = graph;
    this.#startedMs = startedMs;
    this.#attempt = attempt;
    this.#topics = topics;
    const names = Array.from({ length: graph.taskCount }, (_, task) => this.#nameOf(task));
    this.#trace = trace === null ? null : new RunTrace(trace, graph.job, names, startedMs, attempt);
  }

  /** For a task in a thread of its own. */
  deployment(task: number): TapDeployment {
    const logsCredit = this.#topics.has('credit');
    return { startedMs: this.#startedMs, logsCredit, trace: this.#trace?.ring(task) ?? null };
  }

  /** For a task in this thread. */
  open(task: number): TaskTaps {
    return openTaskTaps(this.deployment(task), task, this.#attempt, (each) => this.#nameOf(each), false);
  }

  /** The tasks are about to run. */
  begin(control: ControlArena, exchanges: readonly SharedMemory[]): void {
    this.#trace?.begin(control, exchanges);
  }

  /** No task runs any more. @returns null: there is no trace */
  end(): TraceSummary | null {
    return this.#trace?.end() ?? null;
  }

  #nameOf(task: number): string {
    return taskName(this.#graph, task);
  }
}
