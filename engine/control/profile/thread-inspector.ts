import type { Session } from 'node:inspector';
import { SluiceError } from '../../base/errors.js';
import { isWithin } from '../threads/placed-worker.js';

/**
 * Talks to the V8 inspectors of the threads of this process from outside.
 *
 *   profile/outside  What is asked of a thread reaches it by an interrupt: it is answered while the thread computes
 *                    without end and while it sleeps, though not inside a call to the system. The thread runs no code
 *                    of ours for it, and while nobody asks, nothing of it exists.
 *
 * Runs in: the main thread.
 */
export class ThreadInspector {
  readonly #session: Session;
  readonly #threads = new Map<string, InspectedThread>();

  private constructor(session: Session) {
    this.#session = session;
    session.on('NodeWorker.attachedToWorker', ({ params: { sessionId } }) => {
      this.#threads.set(sessionId, new InspectedThread(session, sessionId));
    });
    session.on('NodeWorker.receivedMessageFromWorker', ({ params: { sessionId, message } }) => {
      this.#threads.get(sessionId)?.receive(message);
    });
    session.on('NodeWorker.detachedFromWorker', ({ params: { sessionId } }) => {
      this.#threads.get(sessionId)?.lose();
      this.#threads.delete(sessionId);
    });
  }

  /**
   * Attaches to all worker threads that this thread has started.
   *
   * @throws SluiceError PROFILE_UNAVAILABLE  this Node.js has no inspector
   * Cost: some milliseconds for each thread, once.
   */
  static async attach(): Promise<ThreadInspector> {
    const { Session } = await import('node:inspector').catch((error: unknown) => {
      throw new SluiceError('PROFILE_UNAVAILABLE', 'this Node.js was built without its inspector', {
        cause: error,
      });
    });
    const session = new Session();
    session.connect();
    const inspector = new ThreadInspector(session);
    await new Promise<void>((resolve) => {
      session.post('NodeWorker.enable', { waitForDebuggerOnStart: false }, () => resolve());
    });
    return inspector;
  }

  get threads(): readonly InspectedThread[] {
    return [...this.#threads.values()];
  }

  /** Leaves all threads as they were. */
  detach(): void {
    for (const thread of this.#threads.values()) thread.lose();
    this.#session.disconnect();
  }
}

interface Answer {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
  readonly method?: string;
  readonly params?: unknown;
}

/** A thread that does not answer for so long is inside a call to the system, or its machine is very busy. */
const ANSWER_MS_MAX = 3_000;

/** One thread, and what was asked of it. */
export class InspectedThread {
  readonly #session: Session;
  readonly #sessionId: string;
  readonly #asked = new Map<number, (answer: Answer) => void>();
  readonly #listeners = new Map<string, (params: unknown) => void>();
  #next = 1;

  constructor(session: Session, sessionId: string) {
    this.#session = session;
    this.#sessionId = sessionId;
  }

  /**
   * @param method  of the protocol of V8's inspector
   * @throws SluiceError PROFILE_UNAVAILABLE  no answer came in time, or the thread has ended, or V8 refused
   */
  async call<T>(method: string, params: object = {}): Promise<T> {
    const id = this.#next++;
    const answered = new Promise<Answer>((resolve) => this.#asked.set(id, resolve));
    const message = JSON.stringify({ id, method, params });
    // profile/outside: this is what comes by an interrupt.
    this.#session.post('NodeWorker.sendMessageToWorker', { sessionId: this.#sessionId, message });
    const { result, error } = await this.#inTime(method, answered);
    this.#asked.delete(id);
    if (error !== undefined) throw unavailable(`${method}: ${error.message}`);
    return result as T;
  }

  /** The value of an expression, as JSON would have it. */
  async evaluate<T>(expression: string): Promise<T> {
    const { result } = await this.call<{ result: { value: T } }>('Runtime.evaluate', {
      expression,
      returnByValue: true,
    });
    return result.value;
  }

  /** What comes with the next event of this name. Ask before what brings it about. */
  async event<T>(name: string): Promise<T> {
    return this.#inTime(name, new Promise<T>((resolve) => this.onEach<T>(name, resolve)));
  }

  /** Listens to the events of a name, in place of who did before. */
  onEach<T>(name: string, listener: (params: T) => void): void {
    this.#listeners.set(name, listener as (params: unknown) => void);
  }

  async #inTime<T>(what: string, promise: Promise<T>): Promise<T> {
    if (await isWithin(promise, ANSWER_MS_MAX)) return promise;
    throw unavailable(`${what}: no answer within ${ANSWER_MS_MAX} ms`);
  }

  receive(message: string): void {
    const answer = JSON.parse(message) as Answer;
    if (answer.id !== undefined) this.#asked.get(answer.id)?.(answer);
    else this.#listeners.get(answer.method ?? '')?.(answer.params);
  }

  /** The thread has ended, or is left alone. */
  lose(): void {
    for (const resolve of this.#asked.values()) resolve({ error: { message: 'the thread has ended' } });
  }
}

function unavailable(what: string): SluiceError {
  return new SluiceError('PROFILE_UNAVAILABLE', `a thread cannot be profiled: ${what}`);
}
