import { type JobVertex, tasksOf } from '../../plan/job-graph.js';
import type { PastMoment } from '../metrics/sample-history.js';

/** Of the segments of an output. */
const USAGE_MIN = 0.9;
/** For so long. */
const WHILE_MS = 10_000;

/**
 * Vertices of which a subtask had nearly all its output buffers in use for a while, up to now.
 *
 * @param past  the oldest first
 * @returns     ids and what to tell
 */
export function fullBuffers(
  vertices: readonly JobVertex[],
  past: readonly PastMoment[],
): readonly { readonly vertex: string; readonly notice: string }[] {
  const last = past.at(-1);
  if (last === undefined) return [];
  const from = past.findLastIndex(({ atMs }) => last.atMs - atMs >= WHILE_MS);
  if (from < 0) return [];
  const moments = past.slice(from);
  return vertices.flatMap((vertex) => {
    const isFull = tasksOf(vertex).some((task) =>
      moments.every((moment) => moment.task(task).outPoolUsage > USAGE_MIN),
    );
    if (!isFull) return [];
    const notice = `the output buffers of ${vertex.name} were more than ${USAGE_MIN * 100} % in use for ${WHILE_MS / 1_000} s: what it feeds does not keep up`;
    return [{ vertex: vertex.id, notice }];
  });
}
