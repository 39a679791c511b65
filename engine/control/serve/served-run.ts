import type { EngineOptions } from '../../base/option-catalogue.js';
import type { JobGraph } from '../../plan/job-graph.js';
import type { LogicalPlan } from '../../plan/logical-plan.js';
import type { Diagnosis } from '../diagnosis/diagnosis.js';
import type { JobMaster } from '../job-master.js';
import type { Metrics, MetricsWindow } from '../metrics/metrics.js';
import type { EffectiveOption } from '../options/options.js';
import type { PlannedJob } from '../prepared-job.js';
import { FLAME_GRAPH_NOT_THERE, type FlameGraph, type FlameGraphType } from '../profile/flame-graph.js';
import type { RunLife } from '../run-life.js';

/** What routes know of a run. */
export interface ServedRun {
  readonly id: string;
  readonly plan: LogicalPlan;
  readonly graph: JobGraph;
  readonly options: EngineOptions;
  readonly optionEntries: readonly EffectiveOption[];
  readonly life: RunPast;
  metrics(window: MetricsWindow): Metrics;
  diagnose(): Diagnosis;
  /** Takes a while; see Run. */
  examine(seconds: number): Promise<Diagnosis>;
  /** Answers at once; see Profiler. */
  flameGraph(vertex: string, type: FlameGraphType, subtask?: number): FlameGraph;
  /** Settles when nothing of the run is left, however it ended. */
  readonly ended: Promise<void>;
  /** Both return at once. */
  stop(): void;
  cancel(): void;
}

/** What its states were, and when. */
export type RunPast = Pick<
  RunLife,
  'state' | 'isOver' | 'failures' | 'deployingMs' | 'cameMs' | 'taskEndedMs'
>;

export function servedRun(run: JobMaster, planned: PlannedJob): ServedRun {
  return {
    id: run.id,
    plan: planned.built.plan,
    graph: planned.graph,
    options: planned.options,
    optionEntries: planned.optionEntries,
    life: run.life,
    metrics: ofOneMoment(run),
    diagnose: () => run.diagnose(),
    examine: (seconds) => run.examine({ seconds }),
    flameGraph: (vertex, type, subtask) => run.flameGraph(vertex, type, subtask),
    ended: run.finished.then(
      () => {},
      () => {},
    ),
    stop: () => void run.stop().catch(() => {}), // `finished` tells
    cancel: () => void run.cancel(new Error('on request of another program')),
  };
}

/** Who asks many routes in a row is told of one moment, which is read once. */
const MOMENT_MS = 100;

function ofOneMoment(run: JobMaster): ServedRun['metrics'] {
  const read = new Map<MetricsWindow, { readonly atMs: number; readonly metrics: Metrics }>();
  return (window) => {
    const last = read.get(window);
    const atMs = performance.now();
    if (last !== undefined && atMs - last.atMs < MOMENT_MS && last.metrics.state === run.life.state)
      return last.metrics;
    const metrics = run.metrics(window);
    read.set(window, { atMs, metrics });
    return metrics;
  };
}

/** How many that have ended are remembered. */
const PAST_MAX = 16;

/** The runs that one server shows: those that go on, and the last ones that have ended. */
export class RunBoard {
  readonly #runs = new Map<string, ServedRun>();

  add(run: ServedRun): void {
    this.#runs.set(run.id, run);
    void run.ended.then(() => {
      this.#runs.set(run.id, remembered(run));
      const past = this.all().filter(({ life }) => life.isOver);
      for (const { id } of past.slice(0, -PAST_MAX)) this.#runs.delete(id);
    });
  }

  /** Null: there is none. */
  find(id: string): ServedRun | null {
    return this.#runs.get(id) ?? null;
  }

  /** In the order in which they were started. */
  all(): readonly ServedRun[] {
    return [...this.#runs.values()];
  }
}

/** What stays of a run that has ended: its figures, without the memory they were read from. */
function remembered(run: ServedRun): ServedRun {
  const last = { '1s': run.metrics('1s'), '10s': run.metrics('10s'), '60s': run.metrics('60s') };
  const diagnosis = run.diagnose();
  const { id, plan, graph, options, optionEntries, life } = run;
  const nothing = (): void => {};
  return {
    ...{ id, plan, graph, options, optionEntries, life },
    metrics: (window) => last[window],
    diagnose: () => diagnosis,
    examine: async () => diagnosis,
    flameGraph: () => ({ endTimestamp: FLAME_GRAPH_NOT_THERE.terminated }),
    ended: Promise.resolve(),
    ...{ stop: nothing, cancel: nothing },
  };
}
