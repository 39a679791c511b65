import type { Diagnosis } from '../../control/diagnosis/diagnosis.js';
import type { Metrics } from '../../control/metrics/metrics.js';
import type { FlameGraph } from '../../control/profile/flame-graph.js';
import type { RunLink } from '../../control/serve/watched-run.js';

/** All that is known of a run that is watched. */
export interface RunPicture {
  readonly id: string;
  readonly links: readonly RunLink[];
  readonly metrics: Metrics;
  readonly past: RunPast;
  /** Null: not told yet. */
  readonly diagnosis: Diagnosis | null;
  /** Of the vertex or subtask that is shown; null: not told yet. */
  readonly flame: FlameGraph | null;
  /** What is said above all else, such as that figures are old; null: nothing. */
  readonly note: string | null;
  /** Lines of whoever shows the run, below the head. */
  readonly panel: readonly string[];
  /** Keys of whoever shows it, with what they do. */
  readonly keys: readonly string[];
}

/** What sparklines are over. */
export const PAST_SECONDS = 60;
const SECOND_MS = 1_000;
/** Figures that come a little early are taken nevertheless: timers are not exact. */
const EARLY_MS = 100;

/** The last minute of each vertex, a sample a second, since somebody watches. */
export class RunPast {
  readonly #rates = new Map<string, number[]>();
  readonly #pressures = new Map<string, number[]>();
  #atMs = Number.NEGATIVE_INFINITY;
  /** Samples ever taken. */
  end = 0;

  add({ elapsedMs, vertices }: Metrics): void {
    if (elapsedMs - this.#atMs < SECOND_MS - EARLY_MS) return;
    this.#atMs = elapsedMs;
    this.end++;
    for (const each of vertices) {
      append(this.#rates, each.vertex, each.recordsInPerSecond);
      append(this.#pressures, each.vertex, each.backpressuredRatioMax);
    }
  }

  /** Records a second, the oldest first. */
  rates(vertex: string): readonly number[] {
    return this.#rates.get(vertex) ?? [];
  }

  /** Shares of the time that the subtask which waits most was backpressured. */
  pressures(vertex: string): readonly number[] {
    return this.#pressures.get(vertex) ?? [];
  }
}

function append(to: Map<string, number[]>, vertex: string, value: number): void {
  const all = to.get(vertex) ?? [];
  all.push(value);
  if (all.length > PAST_SECONDS) all.shift();
  to.set(vertex, all);
}
