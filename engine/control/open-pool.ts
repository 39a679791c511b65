import type { PlannedJob } from './prepared-job.js';
import { WorkerPool } from './threads/worker-pool.js';

const BYTES_PER_MB = 1024 * 1024;

/** Threads for all tasks of a job; they begin to load the engine. */
export function openPool({ graph, blueprint }: PlannedJob): WorkerPool {
  return new WorkerPool({
    threads: Math.max(graph.threadCount, 1), // a job of live ends alone needs none
    resourceLimits: { maxOldGenerationSizeMb: Math.floor(blueprint.taskHeapBytes / BYTES_PER_MB) },
  });
}
