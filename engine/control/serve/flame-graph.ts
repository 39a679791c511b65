import type { Json } from '../../base/json.js';
import type { JobVertex } from '../../plan/job-graph.js';
import type { ServedRun } from './served-run.js';

export type FlameGraphType = 'full' | 'on_cpu' | 'off_cpu';

/** Flink's word for it: there are no flame graphs. */
const DISABLED = -2;

/**
 * The flame graph of a vertex, in Flink's form.
 *
 * @param _subtask  null: of all its subtasks together
 */
export async function flameGraph(
  _run: ServedRun,
  _vertex: JobVertex,
  _type: FlameGraphType,
  _subtask: number | null,
): Promise<{ readonly endTimestamp: number; readonly data: Json }> {
  return { endTimestamp: DISABLED, data: null };
}
