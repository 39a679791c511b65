/** Buffers between two tasks, published and not read, and how many there can be. */
import type { Run, TaskMetrics } from 'sluice';
import { sleep } from './board-run.js';

/** The defaults, which the probes that use this do not change. */
const SEGMENT_BYTES = 32 * 1024;
const BACKLOG_MAX = 10;

/**
 * What one sender and one receiver can have between them: buffers that wait for credit, up to the most of a
 * subpartition, and buffers that met one, up to the credits of the receiver.
 */
const buffersMax = ({ input }: TaskMetrics): number => BACKLOG_MAX + input!.exclusive + input!.floating;

/** The same with the default credits, 2 and 8, in bytes. */
export const IN_FLIGHT_BYTES_MAX = (BACKLOG_MAX + 2 + 8) * SEGMENT_BYTES;

/**
 * The most buffers seen before a task, as a share of how many there can be. They are counted by the words of the channel
 * and taken for full, so bytes are never more than this.
 */
export async function mostInFlight(run: Run, task: number, looks: number): Promise<number> {
  let most = 0;
  for (let look = 0; look < looks; look++) {
    const reader = run.metrics().tasks[task]!;
    most = Math.max(most, reader.input!.queuedBuffers / buffersMax(reader));
    await sleep(1);
  }
  return most;
}

/** Everything from the first task to the last is held back: before each lies half of what there can be, or more. */
export function isFull(run: Run): boolean {
  return run
    .metrics()
    .tasks.every((task) => task.input === null || task.input.queuedBuffers >= buffersMax(task) / 2);
}
