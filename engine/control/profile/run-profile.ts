import { type FlameGraph, type FlameGraphType, flameGraph } from './flame-graph.js';
import { profilePage } from './profile-page.js';
import { profileText } from './profile-text.js';
import type { TaskProfile } from './task-profile.js';
import type { V8Profile } from './v8-profile.js';

/** What is to be profiled, for `run.profile`. Every member is optional. */
export interface ProfileOptions {
  /** How long, 0.05 to 600; 5 if not given. It is shorter where the run ends. */
  readonly seconds?: number;
  /** Only this task: its position in `metrics().tasks`. */
  readonly task?: number;
  /** Only the tasks of this vertex: its id, as in `metrics().vertices`. */
  readonly vertex?: string;
}

/** Where the time of a run's tasks went while it was profiled. The data is plain; the methods give it other forms. */
export class RunProfile {
  readonly job: string;
  /** When it ended, milliseconds since the epoch. */
  readonly endedAt: number;
  readonly elapsedMs: number;
  readonly tasks: readonly TaskProfile[];

  constructor(job: string, endedAt: number, elapsedMs: number, tasks: readonly TaskProfile[]) {
    this.job = job;
    this.endedAt = endedAt;
    this.elapsedMs = elapsedMs;
    this.tasks = tasks;
  }

  /** A table for people, 80 columns wide: operators, and their hottest functions. */
  toText(): string {
    return profileText(this);
  }

  /** A page with flame graphs that needs nothing else: no network, no other file. */
  toHtml(): string {
    return profilePage(this);
  }

  /**
   * The profile of one task for Chrome's developer tools and speedscope, as the text of a `.cpuprofile` is JSON.
   *
   * @param task  its position in `metrics().tasks`
   * @returns     null if it was not profiled
   */
  toCpuProfile(task: number): V8Profile | null {
    return this.tasks.find((each) => each.task === task)?.cpuProfile ?? null;
  }

  /**
   * The flame graph of a vertex as Flink's REST API has it.
   *
   * @param subtask  only of this one
   */
  toFlameGraph(vertex: string, type: FlameGraphType, subtask?: number): FlameGraph {
    const tasks = this.tasks.filter(
      (each) => each.vertex === vertex && (subtask === undefined || each.subtask === subtask),
    );
    return flameGraph(tasks, type, this.endedAt);
  }
}
