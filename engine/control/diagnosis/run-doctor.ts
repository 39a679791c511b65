import { availableParallelism } from 'node:os';
import type { JobGraph } from '../../plan/job-graph.js';
import type { Metrics } from '../metrics/metrics.js';
import { diagnose } from './diagnose.js';
import type { Diagnosis } from './diagnosis.js';
import { DiagnosisLog, LOOK_MS, type LoggedFinding } from './diagnosis-log.js';

/**
 * Looks at a run once a second, says what holds it up now, and what did for most of its time.
 *
 * Runs in: the main thread. Cost of a look: that of a reading of the metrics, and some microseconds a task.
 */
export class RunDoctor {
  readonly #graph: JobGraph;
  readonly #metrics: () => Metrics;
  readonly #log = new DiagnosisLog();
  #timer: NodeJS.Timeout | undefined;

  constructor(graph: JobGraph, metrics: () => Metrics) {
    this.#graph = graph;
    this.#metrics = metrics;
  }

  begin(): void {
    this.#timer = setInterval(() => this.#log.add(this.diagnose()), LOOK_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  diagnose(): Diagnosis {
    return diagnose({ graph: this.#graph, metrics: this.#metrics(), cores: availableParallelism() });
  }

  get limit(): LoggedFinding | null {
    return this.#log.limit;
  }
}
