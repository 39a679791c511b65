import type { MessagePort } from 'node:worker_threads';
import { expose, type Remote, wrap } from 'comlink';
import { fromWire, isSluiceError, SluiceError, toWire, type WireError } from '../../base/errors.js';

/**
 * Calls from one thread to another over a dedicated MessagePort.
 *
 *   call/settles  Every call ends: by its answer, or by the port closing, a timeout or an abort.
 *   call/code     An error crosses threads with its code, detail, causes and stack.
 *   call/methods  Only methods that the served object itself or its class defines can be called.
 *   call/quiet    A connection keeps the process alive only while a call is in flight.
 *
 * comlink alone leaves a call pending for ever when the other thread is gone, and an error that crosses it keeps
 * nothing but its name, message and stack. So one method, `invoke`, is exposed; it answers with a value or a
 * `WireError`, and the caller's side races each answer against everything else that can happen.
 *
 * Runs in: `connect` in the calling thread, `serve` in the thread that answers.
 */

/** Names of the methods of `T`. */
export type MethodOf<T> = {
  [K in keyof T]: T[K] extends (...args: never[]) => unknown ? K : never;
}[keyof T] &
  string;

type Arguments<F> = F extends (...args: infer A) => unknown ? A : never;
type Result<F> = F extends (...args: never[]) => infer R ? Awaited<R> : never;

type Answer = { readonly value: unknown } | { readonly error: WireError };

interface Endpoint {
  invoke(method: string, args: readonly unknown[]): Promise<Answer>;
}

/** Why a call has no answer; `detail.reason` of CONTROL_CALL_FAILED. */
export type CallFailureReason =
  | 'closed'
  | 'timeout'
  | 'aborted'
  | 'argument-not-cloneable'
  | 'answer-unreadable';

export interface ConnectOptions {
  /** Who answers, as messages name it: "worker 2 (window, subtask 1)". */
  readonly name: string;
  /** Closes the client when it aborts; the reason becomes the cause of every failed call. */
  readonly signal?: AbortSignal;
  /**
   * Asked once when the port closes from the other side; what it gives becomes the cause of the calls that were
   * in flight. It is waited for at most `EXPLANATION_TIME_MS`.
   */
  readonly explain?: () => Promise<unknown>;
}

export interface CallOptions {
  /** Milliseconds, 1..2^31 - 1; none means that only an answer, an abort or a closed port ends the call. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** A thread's exit is reported a few milliseconds after its ports close. */
const EXPLANATION_TIME_MS = 2_000;
const TIMEOUT_MS_MAX = 2 ** 31 - 1;

interface PendingCall {
  readonly method: string;
  fail(reason: CallFailureReason, why: string, cause?: unknown): void;
}

/** The calling side of a connection. Made by `connect`. */
export class Client<T> {
  readonly name: string;
  readonly #port: MessagePort;
  readonly #remote: Remote<Endpoint>;
  readonly #explain: (() => Promise<unknown>) | undefined;
  readonly #pending = new Set<PendingCall>();
  readonly #idleWaiters: (() => void)[] = [];
  readonly #stopListening: () => void;
  #open = true;
  #why = '';
  #cause: unknown;

  constructor(port: MessagePort, options: ConnectOptions) {
    this.name = options.name;
    this.#port = port;
    this.#explain = options.explain;
    this.#remote = wrap<Endpoint>(port);
    const onAbort = () => this.#close('the connection was cancelled', options.signal?.reason);
    this.#stopListening = () => options.signal?.removeEventListener('abort', onAbort);
    options.signal?.addEventListener('abort', onAbort, { once: true });
    port.on('close', () => this.#onPortClosed());
    port.on('messageerror', (error) => {
      // call/settles: nobody can tell whose answer this was, so every call in flight ends.
      for (const call of [...this.#pending]) {
        call.fail('answer-unreadable', 'its answer cannot be read in this thread', error);
      }
    });
    port.unref(); // call/quiet: the listeners above hold the port, and with it the process, from now on
    if (options.signal?.aborted) onAbort();
  }

  /** False once no further call can succeed. */
  get isOpen(): boolean {
    return this.#open;
  }

  /** Calls without an answer yet. */
  get pendingCount(): number {
    return this.#pending.size;
  }

  /**
   * Calls a method in the other thread.
   *
   * @param args  values that structured clone can carry; shared buffers are shared
   * @returns     the method's result. A failure that nobody handles is not an unhandled rejection: whoever
   *              must know keeps the promise.
   * @throws SluiceError CONTROL_CALL_FAILED  no answer came; `detail` has method, worker and reason
   * @throws Error  what the method threw, with its code, detail, causes and stack
   * Cost: about 0.2 ms; for control only.
   */
  call<M extends MethodOf<T>>(
    method: M,
    args: Arguments<T[M]>,
    options: CallOptions = {},
  ): Promise<Result<T[M]>> {
    const { timeoutMs } = options;
    if (timeoutMs !== undefined && !(timeoutMs >= 1 && timeoutMs <= TIMEOUT_MS_MAX)) {
      const what = `timeoutMs is ${timeoutMs}; it is a number from 1 to ${TIMEOUT_MS_MAX}`;
      throw new SluiceError('ARGUMENT_INVALID', what);
    }
    const answered = new Promise<Result<T[M]>>((resolve, reject) => {
      this.#start(method, args as readonly unknown[], options, resolve as (value: unknown) => void, reject);
    });
    answered.catch(() => {});
    return answered;
  }

  /** Resolves when no call is in flight. */
  whenIdle(): Promise<void> {
    if (this.#pending.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.push(resolve));
  }

  /**
   * Closes the port: the other side's `closed` resolves, and calls in flight fail.
   *
   * @param cause  the cause of these failures, if there is one to name
   */
  close(cause?: unknown): void {
    this.#close('the connection was closed', cause);
  }

  #start(
    method: string,
    args: readonly unknown[],
    { timeoutMs, signal }: CallOptions,
    resolve: (value: unknown) => void,
    reject: (error: Error) => void,
  ): void {
    if (!this.#open) {
      reject(this.#failure(method, 'closed', this.#why, this.#cause));
      return;
    }
    if (signal?.aborted) {
      reject(this.#failure(method, 'aborted', 'it was cancelled', signal.reason));
      return;
    }
    let timer: NodeJS.Timeout | undefined;
    const settle = (): boolean => {
      if (!this.#pending.delete(call)) return false;
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      if (this.#pending.size === 0) this.#onIdle();
      return true;
    };
    const call: PendingCall = {
      method,
      fail: (reason, why, cause) => {
        if (settle()) reject(this.#failure(method, reason, why, cause));
      },
    };
    const onAbort = () => call.fail('aborted', 'it was cancelled', signal?.reason);
    this.#pending.add(call);
    if (this.#pending.size === 1) this.#port.ref();
    signal?.addEventListener('abort', onAbort, { once: true });
    if (timeoutMs !== undefined) {
      timer = setTimeout(() => call.fail('timeout', `no answer within ${timeoutMs} ms`), timeoutMs);
    }
    // call/settles: whichever comes first, this answer or one of the failures above, takes the call out of #pending.
    this.#remote.invoke(method, args).then(
      (answer) => {
        if (!settle()) return;
        // call/code: the error is made again from its wire form.
        if ('error' in answer) reject(fromWire(answer.error));
        else resolve(answer.value);
      },
      (error) => {
        // comlink itself failed: the arguments were refused here, or the result was refused there.
        const isArgument = error instanceof Error && error.name === 'DataCloneError';
        if (isArgument) call.fail('argument-not-cloneable', 'its arguments cannot cross threads', error);
        else call.fail('answer-unreadable', 'its result cannot cross threads', error);
      },
    );
  }

  #onIdle(): void {
    this.#port.unref();
    for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }

  #onPortClosed(): void {
    if (!this.#open) return;
    this.#shut('the other side is gone', undefined);
    const explained = this.#explain?.() ?? Promise.resolve(undefined);
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, EXPLANATION_TIME_MS);
    });
    const finish = (cause: unknown) => {
      clearTimeout(timer);
      this.#cause ??= cause;
      this.#failPending();
    };
    Promise.race([explained, tooLate]).then(finish, finish);
  }

  #close(why: string, cause: unknown): void {
    if (this.#open) this.#shut(why, cause);
    else this.#cause ??= cause;
    this.#port.close();
    this.#failPending();
  }

  #shut(why: string, cause: unknown): void {
    this.#open = false;
    this.#why = why;
    this.#cause = cause;
    this.#stopListening();
  }

  #failPending(): void {
    for (const call of [...this.#pending]) call.fail('closed', this.#why, this.#cause);
  }

  #failure(method: string, reason: CallFailureReason, why: string, cause: unknown): SluiceError {
    const because = cause instanceof Error ? `${why}: ${cause.message}` : why;
    return new SluiceError('CONTROL_CALL_FAILED', `${method} on ${this.name}: ${because}`, {
      detail: { method, worker: this.name, reason },
      ...(cause !== undefined && { cause }),
    });
  }
}

/** Connects to an object that another thread serves on the peer of `port`. The client owns the port. */
export function connect<T>(port: MessagePort, options: ConnectOptions): Client<T> {
  return new Client<T>(port, options);
}

/** The answering side of a connection. Made by `serve`. */
export interface Service {
  /** Resolves when the port is closed, by whichever side, or because the other thread is gone. */
  readonly closed: Promise<void>;
  /** Answers what is in flight, then closes the port. */
  close(): Promise<void>;
}

/**
 * Answers calls on `port` with the methods of `api`.
 *
 * @param port  owned by the service from now on; it does not keep the thread alive
 */
export function serve<T extends object>(port: MessagePort, api: T): Service {
  const inFlight = new Set<Promise<Answer>>();
  const endpoint: Endpoint = {
    invoke(method, args) {
      const answer = invoke(api, method, args);
      inFlight.add(answer);
      answer.finally(() => inFlight.delete(answer));
      return answer;
    },
  };
  const closed = new Promise<void>((resolve) => port.once('close', () => resolve()));
  // call/settles: a request that cannot be read has no id to answer to; closing ends the caller's wait.
  port.on('messageerror', () => port.close());
  expose(endpoint, port);
  port.unref(); // call/quiet: waiting for calls is no reason for a thread to live
  return {
    closed,
    async close() {
      while (inFlight.size > 0) await Promise.all(inFlight);
      // The answers are posted a few microtasks after they exist; a port closed before that would swallow them.
      await new Promise((resolve) => setImmediate(resolve));
      port.close();
      await closed;
    },
  };
}

async function invoke(api: object, method: string, args: readonly unknown[]): Promise<Answer> {
  try {
    const target = (api as Record<string, unknown>)[method];
    // call/methods: what every object inherits (constructor, valueOf, __defineGetter__) is not part of an API.
    if (method in Object.prototype || typeof target !== 'function') {
      const what = `there is no method ${method}; the two sides are of different versions`;
      throw new SluiceError('CONTROL_CALL_FAILED', what, { detail: { method, reason: 'method-unknown' } });
    }
    return { value: await target.apply(api, args) };
  } catch (error) {
    return { error: toWire(error) }; // call/code
  }
}

/** A call that failed because its worker died is told by why it died. */
export function unwrapped(error: unknown): unknown {
  if (!isSluiceError(error) || error.code !== 'CONTROL_CALL_FAILED') return error;
  return isSluiceError(error.cause) ? error.cause : error;
}
