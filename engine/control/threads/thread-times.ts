import { readFileSync, readlinkSync } from 'node:fs';

/**
 * What Linux tells of a thread: how long it was on a core, and how long it could have been but had none.
 *
 * Runs in: `systemThreadId` in a worker, `threadTimes` in any thread of the process.
 */

/** Milliseconds since the thread began. */
export interface ThreadTimes {
  readonly onCoreMs: number;
  /** Able to run, while other threads had the cores. */
  readonly awaitingCoreMs: number;
}

/** The calling thread's number in the system; 0 where the system does not tell. */
export function systemThreadId(): number {
  try {
    return Number(/\d+$/.exec(readlinkSync('/proc/thread-self'))?.[0] ?? 0);
  } catch {
    return 0;
  }
}

/**
 * @param id  what `systemThreadId` gave in that thread
 * @returns   null where the system does not tell, or the thread has ended
 * Cost: about 10 us.
 */
export function threadTimes(id: number): ThreadTimes | null {
  if (id === 0) return null;
  try {
    const [onCoreNs, awaitingNs] = readFileSync(`/proc/self/task/${id}/schedstat`, 'latin1')
      .split(' ')
      .map(Number);
    if (onCoreNs === undefined || awaitingNs === undefined || !(onCoreNs > 0)) return null; // accounting is switched off
    return { onCoreMs: onCoreNs / 1e6, awaitingCoreMs: awaitingNs / 1e6 };
  } catch {
    return null;
  }
}
