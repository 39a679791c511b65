import { type EndSignal, SignalListener } from './signal-listener.js';

/**
 * What signals do to a run that is only looked at: the first ends it, and its outputs are removed; the second ends the
 * process.
 */
export class TrialStop {
  exitCode: number | null = null;
  readonly #abort = new AbortController();
  readonly #listener = new SignalListener((signal) => this.#onSignal(signal));

  /** Lets signals end the process while no run is there and a function of the user's may never come back. */
  async leaving<T>(work: () => Promise<T>): Promise<T> {
    this.release();
    try {
      return await work();
    } finally {
      this.#listener.listen();
    }
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  release(): void {
    this.#listener.release();
  }

  #onSignal({ code, shown }: EndSignal): void {
    if (this.exitCode !== null) process.exit(this.exitCode);
    this.exitCode = code;
    this.#abort.abort(new Error(shown));
  }
}
