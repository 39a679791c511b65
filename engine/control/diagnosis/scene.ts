import type { JobGraph } from '../../plan/job-graph.js';
import type { LogicalPlan } from '../../plan/logical-plan.js';
import type { KeySample } from '../../runtime/key-sampler.js';
import type { TaskMetrics } from '../metrics/metrics.js';
import type { Place } from './bottleneck.js';

/** What a cause is looked for in. */
export interface Scene {
  readonly graph: JobGraph;
  readonly plan: LogicalPlan;
  /** Where the job is held up. */
  readonly place: Place;
  readonly places: readonly Place[];
  /** Of the machine, as the process may use it. */
  readonly cores: number;
  /** Samples of the keys that came to each subtask of a vertex, by its id; of those that were asked for some. */
  readonly keys: KeySamples;
}

export type KeySamples = ReadonlyMap<string, readonly (KeySample | null)[]>;

/** What a cause has to say of a scene. */
export interface Ground {
  /** How much of what holds the place up it accounts for, 0..1. */
  readonly share: number;
  readonly subtask?: number;
  readonly reason: string;
  readonly evidence: readonly string[];
  readonly advice: string | null;
  readonly gain?: number;
}

export const percent = (share: number): string => `${Math.round(share * 100)} %`;
export const count = (records: number): string => Math.round(records).toLocaleString('en-US');

/** Field names by which the rows of a place are keyed, or those of its first input that is; null: they are not. */
export function keysOf({ graph, place }: Scene): readonly string[] | null {
  for (const { toVertex, partitioner } of graph.exchanges)
    if (toVertex === place.vertex.index && partitioner.kind === 'hash') return partitioner.fields;
  return null;
}

export const isSource = ({ place }: Scene): boolean => place.feeders.length === 0;

/** The subtask with the most of something. */
export function heaviest(place: Place, of: (task: TaskMetrics) => number): number {
  return place.tasks.reduce((best, task, at) => (of(task) > of(place.tasks[best]!) ? at : best), 0);
}
