import type { ResourceLimits, Worker } from 'node:worker_threads';
import { Piscina, queueOptionsSymbol } from 'piscina';
import { SluiceError } from '../../base/errors.js';
import { workerEntry } from '../package-copy.js';
import { THREADS_MAX } from './limits.js';
import { beginOwnCompilation, needsOwnCompilation } from './own-compilation.js';
import { isWithin, type PlacedWorker, Placement } from './placed-worker.js';
import type { TaskAgent, TaskAssignment } from './protocol.js';

/**
 * The threads of an engine: a fixed number, started at once, each of which carries at most one task.
 *
 *   threads/admit   No task is submitted without a free thread; a task that waited for one would block those that
 *                   wait for its data, for ever.
 *   threads/fixed   Exactly `threads` threads exist until the pool closes; one that dies is replaced by a fresh one.
 *   threads/closed  After `close` no thread, port, timer or listener of the pool is left, but those that are
 *                   quarantined.
 *   attempt/quarantine  A thread that does not end though it was terminated, since it is inside a call to the system,
 *                   is given up after a while. It may still write to the memory of its attempt, so that is never used
 *                   again: every attempt has memory of its own, and this one stays allocated while the thread lives.
 *
 * piscina owns the threads. It keeps silent about which thread runs which task, so its load balancer, which is asked
 * for every task, also tells the task's placement.
 *
 * Runs in: the master's thread.
 */
export interface WorkerPoolOptions {
  /** Threads, 1..THREADS_MAX. */
  readonly threads: number;
  /** Module whose default export receives a `TaskAssignment`; the engine's own entry unless a test says otherwise. */
  readonly entry?: URL;
  /**
   * Heap limits of each thread. They do not bound ArrayBuffers, and a single huge array can still abort the
   * process.
   */
  readonly resourceLimits?: ResourceLimits;
  /**
   * Receives the uncaught error of a thread on which no task runs: a timer that a finished job left behind.
   * Without it the error becomes a process warning.
   */
  readonly onStrayError?: (error: SluiceError) => void;
  /** Time that a terminated thread gets to end before it is quarantined; 10 s if not given. */
  readonly exitMsMax?: number;
}

/** Time that `close` gives tasks to end by themselves. */
export const CLOSE_GRACE_MS = 5_000;
/** Time that a terminated thread gets to end before it is quarantined. */
const EXIT_MS_MAX = 10_000;

type PiscinaOptions = NonNullable<ConstructorParameters<typeof Piscina>[0]>;
type LoadBalancer = NonNullable<PiscinaOptions['loadBalancer']>;

export class WorkerPool<A extends object = TaskAgent> {
  readonly threads: number;
  readonly #piscina: Piscina<TaskAssignment, void>;
  readonly #placements = new Set<Placement<A>>();
  /** Threads that have not exited, also those that piscina has given up already, each with its exit. */
  readonly #living = new Map<Worker, Promise<void>>();
  readonly #onStrayError: (error: SluiceError) => void;
  #closed: Promise<void> | undefined;
  /** Threads that were terminated and did not end: attempt/quarantine. Known after `close`. */
  quarantinedThreads = 0;
  readonly #exitMsMax: number;
  /** Set when threads cannot be started any more. */
  #broken: SluiceError | undefined;

  /**
   * Starts the threads; they load the entry while the caller goes on.
   *
   * @throws SluiceError ARGUMENT_INVALID  on a thread count out of range
   * Cost: about 50 ms of CPU and 9 MB for each thread, and what its entry takes.
   */
  constructor(options: WorkerPoolOptions) {
    const { threads, resourceLimits } = options;
    if (!Number.isInteger(threads) || threads < 1 || threads > THREADS_MAX) {
      const what = `threads is ${threads}; it is a whole number from 1 to ${THREADS_MAX}`;
      throw new SluiceError('ARGUMENT_INVALID', what);
    }
    this.threads = threads;
    this.#exitMsMax = options.exitMsMax ?? EXIT_MS_MAX;
    this.#onStrayError = options.onStrayError ?? ((error) => process.emitWarning(error));
    const endOwnCompilation = needsOwnCompilation(threads) ? beginOwnCompilation() : () => {};
    try {
      this.#piscina = new Piscina({
        filename: (options.entry ?? workerEntry()).href,
        minThreads: threads, // threads/fixed
        maxThreads: threads,
        concurrentTasksPerWorker: 1,
        atomics: 'disabled', // an idle thread must stay on its event loop, or its port is deaf
        idleTimeout: Number.POSITIVE_INFINITY,
        recordTiming: false,
        loadBalancer: this.#choose,
        ...(resourceLimits !== undefined && { resourceLimits }),
      });
    } catch (error) {
      endOwnCompilation(); // no thread has started, such as where the process may have none
      throw error;
    }
    this.#piscina.on('error', (error: unknown) => this.#onPoolError(error));
    this.#piscina.on('workerDestroy', () => queueMicrotask(() => this.#onThreadGone()));
    this.#watchThreads();
    Promise.all(this.#piscina.threads.map(hasBegun)).then(endOwnCompilation);
  }

  /** Threads on which no task is placed. */
  get freeThreads(): number {
    return this.threads - this.#placements.size;
  }

  /** Threads that run, those on their way out included; 0 when the pool is closed. */
  get threadCount(): number {
    return new Set([...this.#living.keys(), ...this.#piscina.threads]).size;
  }

  /**
   * Checks that `count` tasks can be placed. Between this check and the calls of `place` that follow in the same
   * turn of the event loop nobody else can take the threads.
   *
   * @throws SluiceError WORKER_POOL_EXHAUSTED  fewer threads are free
   * @throws SluiceError CONTROL_CALL_FAILED  the pool is closed
   * @throws SluiceError WORKER_EXITED  threads of this pool die while they start
   */
  admit(count: number): void {
    if (this.#closed !== undefined) throw new SluiceError('CONTROL_CALL_FAILED', 'the worker pool is closed');
    if (this.#broken !== undefined) throw this.#broken;
    if (count > this.freeThreads) {
      const what = `${count} subtasks need a thread each; ${this.freeThreads} of ${this.threads} are free`;
      const detail = { requested: count, free: this.freeThreads, threads: this.threads };
      throw new SluiceError('WORKER_POOL_EXHAUSTED', what, { detail });
    }
  }

  /**
   * Places one endless task on a free thread.
   *
   * @param index  the caller's number for it
   * @param name   how messages name it; "worker <index>" by default
   * @returns      when the thread is known; its agent answers as soon as the entry is loaded
   * @throws SluiceError  what `admit` throws, or the reason for which the task ended before it had a thread
   */
  async place(index: number, name = `worker ${index}`): Promise<PlacedWorker<A>> {
    this.admit(1); // threads/admit
    const placement = new Placement<A>(index, name, this.#exitMsMax);
    this.#placements.add(placement);
    const port = placement.workerPort;
    const ran = this.#piscina.run({ port, [queueOptionsSymbol]: placement } as TaskAssignment, {
      transferList: [port],
      signal: placement.abort.signal,
    });
    placement.ended.then(() => this.#placements.delete(placement));
    placement.follow(ran);
    const failure = await Promise.race([placement.assigned, placement.ended]);
    if (failure !== undefined) throw this.#broken ?? failure;
    return placement;
  }

  /**
   * Ends every task and thread. The master has told the agents to stop through shared memory; the pool waits for them,
   * releases those without a call in flight, and terminates what is left when the grace is over.
   *
   * @param graceMs  0 or more milliseconds
   * @returns        when every thread has exited; never rejects
   */
  close(graceMs = CLOSE_GRACE_MS): Promise<void> {
    this.#closed ??= this.#close(graceMs);
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(graceMs: number): Promise<void> {
    const placements = [...this.#placements];
    if (graceMs > 0 && placements.length > 0) {
      await isWithin(Promise.all(placements.map((placement) => placement.release())), graceMs);
    }
    for (const placement of this.#placements) {
      placement.markTerminated(`it did not end within ${graceMs} ms after its pool was closed`);
    }
    // piscina terminates all at once and starts no replacement meanwhile. But it stops waiting for a thread that
    // reports an error on its way out, and replaces it when its exit comes later. So threads/closed: wait for every
    // exit ourselves, and repeat until nothing has been started.
    do {
      this.#watchThreads();
      const exits = [...this.#living.values()];
      const ends = placements.map((placement) => placement.ended);
      const ended = this.#piscina.destroy().then(() => Promise.all([...exits, ...ends]));
      if (!(await isWithin(ended, 2 * this.#exitMsMax))) return this.#quarantine();
    } while (this.#piscina.threads.length > 0);
    this.#piscina.removeAllListeners();
  }

  /** attempt/quarantine: gives up the threads that are left. */
  #quarantine(): void {
    this.quarantinedThreads = this.#living.size;
    for (const thread of this.#living.keys()) thread.unref();
    this.#piscina.removeAllListeners();
  }

  readonly #choose: LoadBalancer = (task, workers) => {
    const chosen = workers.find((worker) => worker.currentUsage === 0 && !worker.destroyed) ?? null;
    if (chosen === null) return null;
    const thread = this.#piscina.threads.find(({ threadId }) => threadId === chosen.id) as Worker;
    (task[queueOptionsSymbol as keyof typeof task] as unknown as Placement<A>).assign(thread);
    return chosen;
  };

  #onPoolError(error: unknown): void {
    if (this.#closed !== undefined) return;
    const message = error instanceof Error ? error.message : String(error);
    const what = `a thread without a task ended by an uncaught error: ${message}`;
    this.#onStrayError(new SluiceError('WORKER_EXITED', what, { cause: error }));
  }

  #watchThreads(): void {
    for (const thread of this.#piscina.threads) {
      if (this.#living.has(thread)) continue;
      const exit = new Promise<void>((resolve) => thread.once('exit', () => resolve()));
      this.#living.set(thread, exit);
      exit.then(() => this.#living.delete(thread));
    }
  }

  #onThreadGone(): void {
    this.#watchThreads(); // its replacement, if there is one
    if (this.#closed !== undefined || this.#piscina.threads.length >= this.threads) return;
    // threads/fixed: piscina gives up replacing threads when one dies while it loads the entry.
    const what = `a new thread died while it loaded its entry; ${this.#piscina.threads.length} are left`;
    this.#broken ??= new SluiceError('WORKER_EXITED', what);
    for (const placement of this.#placements) {
      if (placement.threadId === -1) placement.terminate(what);
    }
  }
}

/** Resolves when the isolate of a thread has been made, or never will be. */
function hasBegun(thread: Worker): Promise<void> {
  return new Promise((resolve) => {
    thread.once('online', () => resolve()).once('exit', () => resolve());
  });
}
