import { EXIT_CODES } from './exit-codes.js';

// biome-ignore format: a table
const SIGNALS = {
  SIGINT:  { code: EXIT_CODES.interrupted[0], shown: 'Ctrl-C' },
  SIGTERM: { code: EXIT_CODES.terminated[0],  shown: 'SIGTERM' },
  SIGHUP:  { code: EXIT_CODES.hangup[0],      shown: 'SIGHUP' },
} as const;

/** A signal that ends a command: the exit code that says so, and its name for people. */
export type EndSignal = (typeof SIGNALS)[keyof typeof SIGNALS];

/**
 * Signals closer together are one: a terminal signals every process of its group, and npm and others pass theirs on.
 */
const BOUNCE_MS = 100;

/** Listens to the signals that end a command, until it is released. */
export class SignalListener {
  readonly #handlers: readonly (readonly [name: NodeJS.Signals, handler: () => void])[];
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(onSignal: (signal: EndSignal) => void) {
    const names = Object.keys(SIGNALS) as (keyof typeof SIGNALS)[];
    this.#handlers = names.map((name) => [
      name,
      () => {
        if (!this.#isEcho()) onSignal(SIGNALS[name]);
      },
    ]);
    this.listen();
  }

  listen(): void {
    for (const [name, handler] of this.#handlers) process.on(name, handler);
  }

  release(): void {
    for (const [name, handler] of this.#handlers) process.off(name, handler);
  }

  #isEcho(): boolean {
    const nowMs = performance.now();
    const isEcho = nowMs - this.#lastMs < BOUNCE_MS;
    this.#lastMs = nowMs;
    return isEcho;
  }
}
