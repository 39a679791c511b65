import { MessageChannel, type MessagePort, type Worker } from 'node:worker_threads';
import { SluiceError } from '../../base/errors.js';
import { type Client, connect } from './rpc.js';

/**
 * One task on one thread, from its placing to its end.
 *
 *   thread/end    `done` settles when the task has ended, and if its thread dies, not before the thread is gone:
 *                 then nothing touches the task's memory any more. A thread that does not go is quarantined.
 *   thread/cause  A death keeps its reason: the exit code, or the uncaught error as the cause.
 *
 * Runs in: the master's thread.
 */
export interface PlacedWorker<A> {
  /** The number given to `place`. */
  readonly index: number;
  /** As messages name it. */
  readonly name: string;
  readonly threadId: number;
  /** Calls to the agent that the worker serves. */
  readonly client: Client<A>;
  /**
   * Resolves when the task ended by itself or after `release`; never an unhandled rejection.
   *
   * @throws SluiceError WORKER_EXITED  the thread died: `detail.exitCode`, and the uncaught error as cause
   * @throws SluiceError TASK_CANCELLED  `terminate` or the closing pool ended it
   * @throws SluiceError TASK_FAILED  the worker's entry threw
   */
  readonly done: Promise<void>;
  /** Waits for the calls in flight, closes the port, and resolves when the task has ended, however. */
  release(): Promise<void>;
  /** Ends the thread at once, also one that waits in shared memory; resolves when it is gone. */
  terminate(why?: string): Promise<void>;
}

/** The pool's side of a placed worker. */
export class Placement<A> implements PlacedWorker<A> {
  readonly index: number;
  readonly name: string;
  readonly client: Client<A>;
  readonly done: Promise<void>;
  /** Resolves with undefined, or with the error that `done` rejects with. */
  readonly ended: Promise<SluiceError | undefined>;
  /** Resolves when a thread has been found. */
  readonly assigned: Promise<void>;
  /** To be transferred to the worker. */
  readonly workerPort: MessagePort;
  /** piscina terminates the thread when this aborts. */
  readonly abort = new AbortController();
  #thread: Worker | undefined;
  #threadId = -1;
  #exitCode: number | undefined;
  #uncaught: { readonly error: unknown } | undefined;
  #terminatedWhy: string | undefined;
  #finish!: (error: SluiceError | undefined) => void;
  #onAssigned!: () => void;
  #onGone!: () => void;
  readonly #gone: Promise<void>;

  readonly #exitMsMax: number;

  /** @param exitMsMax  time that a thread gets to go once its task has ended badly */
  constructor(index: number, name: string, exitMsMax: number) {
    this.#exitMsMax = exitMsMax;
    this.index = index;
    this.name = name;
    this.assigned = new Promise((resolve) => {
      this.#onAssigned = resolve;
    });
    this.#gone = new Promise((resolve) => {
      this.#onGone = resolve;
    });
    this.ended = new Promise((resolve) => {
      this.#finish = resolve;
    });
    this.done = this.ended.then((error) => {
      if (error !== undefined) throw error;
    });
    this.done.catch(() => {});
    const { port1, port2 } = new MessageChannel();
    this.workerPort = port2;
    // The port closes a moment before the thread's exit is known; calls in flight wait for it to name the reason.
    this.client = connect<A>(port1, { name, explain: () => this.ended });
  }

  get threadId(): number {
    return this.#threadId;
  }

  /** Called by the pool, when piscina has chosen the thread and before the task is posted to it. */
  assign(thread: Worker): void {
    this.#thread = thread;
    this.#threadId = thread.threadId;
    thread.on('error', this.#onError);
    thread.on('exit', this.#onExit);
    this.#onAssigned();
  }

  /** Follows the piscina task to its end. */
  async follow(ran: Promise<void>): Promise<void> {
    let error: SluiceError | undefined;
    try {
      await ran;
    } catch (thrown) {
      error = await this.#reasonOf(thrown);
    }
    this.#thread?.off('error', this.#onError);
    this.#thread?.off('exit', this.#onExit);
    if (this.#thread === undefined) this.workerPort.close();
    this.#finish(error); // thread/end: nothing of this task runs from here on
    // Whoever races a call against `done` learns the reason and not merely that the call has no answer.
    await this.done.catch(() => {});
    this.client.close(error);
  }

  async release(): Promise<void> {
    await this.client.whenIdle();
    this.client.close();
    await this.ended;
  }

  async terminate(why = 'it was terminated'): Promise<void> {
    this.markTerminated(why);
    this.abort.abort(new SluiceError('TASK_CANCELLED', why));
    await this.ended;
  }

  /** Notes that the thread is about to be ended on purpose. */
  markTerminated(why: string): void {
    this.#terminatedWhy ??= why;
  }

  async #reasonOf(thrown: unknown): Promise<SluiceError> {
    const isDying =
      this.#terminatedWhy !== undefined || this.#uncaught !== undefined || this.#exitCode !== undefined;
    const isGone = this.#thread === undefined || !isDying || (await isWithin(this.#gone, this.#exitMsMax)); // thread/end
    if (this.#uncaught !== undefined) return this.#uncaughtReason(this.#uncaught.error);
    const detail = { worker: this.name, index: this.index };
    if (this.#terminatedWhy !== undefined) {
      const left = isGone ? '' : ', and its thread did not go: it is inside a call to the system';
      return new SluiceError('TASK_CANCELLED', `${this.name}: ${this.#terminatedWhy}${left}`, { detail });
    }
    if (this.#exitCode !== undefined) {
      const exitCode = this.#exitCode;
      const what = `${this.name} ended with exit code ${exitCode}`;
      return new SluiceError('WORKER_EXITED', what, { detail: { ...detail, exitCode } });
    }
    return new SluiceError('TASK_FAILED', `${this.name}: ${messageOf(thrown)}`, { detail, cause: thrown });
  }

  #uncaughtReason(error: unknown): SluiceError {
    // thread/cause: the original error is the cause, and running out of memory is said in words.
    const isOutOfMemory =
      error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
    const how = isOutOfMemory ? 'ran out of heap memory' : 'ended by an uncaught error';
    return new SluiceError('WORKER_EXITED', `${this.name} ${how}: ${messageOf(error)}`, {
      detail: {
        worker: this.name,
        index: this.index,
        exitCode: this.#exitCode ?? 1,
        reason: isOutOfMemory ? 'out-of-memory' : 'uncaught-error',
      },
      cause: error,
    });
  }

  readonly #onError = (error: unknown): void => {
    this.#uncaught ??= { error };
  };

  readonly #onExit = (exitCode: number): void => {
    this.#exitCode = exitCode;
    this.#onGone();
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** True if a promise settles within a time. */
export async function isWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  const isDone = await Promise.race([promise.then(() => true), over]);
  clearTimeout(timer);
  return isDone;
}
