import { setTimeout as sleep } from 'node:timers/promises';
import { SluiceError } from '../../base/errors.js';
import { printPartitioner } from '../../plan/describe.js';
import type { Diagnosis } from '../diagnosis/diagnosis.js';
import type { Launched } from '../engine.js';
import type { Metrics } from '../metrics/metrics.js';
import type { FlameGraph } from '../profile/flame-graph.js';
import type { RunState } from '../run.js';
import type { AttachedRun } from './attached-runs.js';
import { ask, askJson, eventsIn } from './socket-ask.js';

/** A running job as those see it who only watch: one of this process, or of another. */
export interface WatchedRun {
  readonly id: string;
  readonly job: string;
  readonly links: readonly RunLink[];
  /**
   * Its figures over the last second, at once and then again and again; ends with the state that it came to.
   *
   * @returns  null: its process went away before it told, or nobody watches any more
   */
  figures(intervalMs: number, signal: AbortSignal): AsyncGenerator<Metrics, RunState | null>;
  /** @throws Error  its process does not answer */
  diagnosis(): Promise<Diagnosis>;
  /**
   * The latest flame graph there is of a vertex, or of one subtask of it; asking has a new one drawn.
   *
   * @throws Error  its process does not answer
   */
  flameGraph(vertex: string, subtask: number | null): Promise<FlameGraph>;
}

/** Where records pass from one vertex to another, both by id. */
export interface RunLink {
  readonly from: string;
  readonly to: string;
  /** How they are dealt out, for people. */
  readonly partitioner: string;
}

interface PlanNode {
  readonly id: string;
  readonly inputs?: readonly { readonly id: string; readonly ship_strategy: string }[];
}

/**
 * Watches a run of another process, by the routes behind its socket.
 *
 * @throws SluiceError RUN_UNREACHABLE  it is gone, or does not answer
 */
export async function watchAttached({ id, job, socket }: AttachedRun): Promise<WatchedRun> {
  try {
    const { plan } = await askJson<{ readonly plan: { readonly nodes: readonly PlanNode[] } }>(
      socket,
      `/jobs/${id}/plan`,
    );
    return {
      ...{ id, job },
      links: plan.nodes.flatMap(({ id: to, inputs = [] }) =>
        inputs.map((input) => ({ from: input.id, to, partitioner: input.ship_strategy.toLowerCase() })),
      ),
      figures: (intervalMs, signal) => figuresBehind(socket, id, intervalMs, signal),
      diagnosis: () => askJson<Diagnosis>(socket, `/jobs/${id}/diagnosis`),
      flameGraph: (vertex, subtask) => {
        const query = subtask === null ? '' : `?subtaskindex=${subtask}`;
        return askJson<FlameGraph>(socket, `/jobs/${id}/vertices/${vertex}/flamegraph${query}`);
      },
    };
  } catch (error) {
    const what = `${job} (${id}): ${error instanceof Error ? error.message : String(error)}`;
    throw new SluiceError('RUN_UNREACHABLE', what, { detail: { id }, cause: error });
  }
}

async function* figuresBehind(
  socket: string,
  id: string,
  intervalMs: number,
  signal: AbortSignal,
): AsyncGenerator<Metrics, RunState | null> {
  const events = await ask(socket, 'GET', `/jobs/${id}/events?interval=${intervalMs}ms`).catch(() => null);
  if (events === null) return null;
  const leave = (): void => void events.destroy();
  signal.addEventListener('abort', leave);
  try {
    if (signal.aborted) return null;
    for await (const { name, data } of eventsIn(events)) {
      if (name === 'end') return (JSON.parse(data) as { readonly state: RunState }).state;
      if (name === 'metrics') yield JSON.parse(data) as Metrics;
    }
    return null;
  } finally {
    signal.removeEventListener('abort', leave);
    leave();
  }
}

/** Watches a run of this process. */
export function watchOwn({ run, planned }: Launched): WatchedRun {
  const { vertices, exchanges } = planned.graph;
  return {
    id: run.id,
    job: run.job,
    links: exchanges.map(({ fromVertex, toVertex, partitioner }) => ({
      from: vertices[fromVertex]!.id,
      to: vertices[toVertex]!.id,
      partitioner: printPartitioner(partitioner),
    })),
    figures: (intervalMs, signal) => ownFigures(run, intervalMs, signal),
    diagnosis: async () => run.diagnose(),
    flameGraph: async (vertex, subtask) => run.flameGraph(vertex, 'full', subtask ?? undefined),
  };
}

async function* ownFigures(
  run: Launched['run'],
  intervalMs: number,
  signal: AbortSignal,
): AsyncGenerator<Metrics, RunState | null> {
  const isOver = run.finished.then(
    () => {},
    () => {},
  );
  const isLeft = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
  while (!run.life.isOver) {
    if (signal.aborted) return null;
    yield run.metrics();
    await Promise.race([isOver, isLeft, sleep(intervalMs)]);
  }
  yield run.metrics();
  return run.life.state;
}
