/**
 * What the entries of a task's trace say: four numbers each, the first of which is one of these.
 *
 *   a period of the task   its state (1 and up, as in task-clock.ts), begin and end in monotonic ms, 0
 *   SENT, READ             when, monotonic ms; exchange * CHANNELS_MAX + channel; number of the buffer in its channel
 *   COLLECTED              begin and end of a garbage collection in monotonic ms; its kind, as Node.js has it
 */
export const SENT = 32;
export const READ = 33;
export const COLLECTED = 34;

/** More channels than there can be. */
export const CHANNELS_MAX = 2 ** 20;
