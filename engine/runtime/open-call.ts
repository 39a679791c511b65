import type { AsyncCall } from '../plan/async-plan.js';

/** A call of an async function that may be given up. Runs in: the task's own thread. */
export class OpenCall implements AsyncCall {
  readonly attempt: number;
  #controller: AbortController | null = null;
  #reason: Error | null = null;

  constructor(attempt: number) {
    this.attempt = attempt;
  }

  get signal(): AbortSignal {
    if (this.#controller === null) {
      // Made when it is first asked for: most calls never do.
      this.#controller = new AbortController();
      if (this.#reason !== null) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  abort(reason: Error): void {
    this.#reason = reason;
    this.#controller?.abort(reason);
  }
}
