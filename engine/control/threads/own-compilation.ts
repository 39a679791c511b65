import { availableParallelism } from 'node:os';
import { setFlagsFromString } from 'node:v8';

/**
 * Where V8 compiles the hot functions of threads that are about to start.
 *
 * By default that is done by a few threads of the process, for all of its isolates. Where more tasks run than there are
 * cores, those few get no more of the cores than as many tasks do, and tasks run interpreted until it is their turn:
 * with 128 tasks on 2 cores for many seconds. There each task compiles what it runs on its own thread.
 *
 * V8 reads the flag when an isolate is made, and never again for that isolate; so it is changed while threads start,
 * and then put back for those of others. A flag on the command line of the process stays as it is, and so do those that
 * imply it: V8 13.6 would not imply it again.
 *
 * Source: V8 11.3 to 13.6, `Isolate::concurrent_recompilation_enabled`.
 */
const FLAG = 'concurrent-recompilation';
const GIVEN = /^--(no-?)?(concurrent-recompilation|single-threaded|predictable)$/;

/** Pools whose threads are starting with the flag changed. */
let starting = 0;

/** Whether that many threads, about to start, should compile for themselves. */
export function needsOwnCompilation(threads: number): boolean {
  const isGiven = process.execArgv.some((flag) => GIVEN.test(flag.replaceAll('_', '-')));
  return threads > availableParallelism() && !isGiven;
}

/** Isolates that are made until the returned function is called compile on their own thread. */
export function beginOwnCompilation(): () => void {
  if (starting++ === 0) setFlagsFromString(`--no-${FLAG}`);
  return () => {
    if (--starting === 0) setFlagsFromString(`--${FLAG}`);
  };
}
