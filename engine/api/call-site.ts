import { type Frame, shownPath, userFrame } from '../base/user-frame.js';
import type { Site } from '../plan/faults.js';

/** Enough frames to leave the package and its callers' helpers. */
const FRAMES_MAX = 16;

/**
 * Where the user's code called into the package.
 *
 * Making one is cheap; the stack is rendered and mapped to the original source only when somebody asks.
 */
export class CallSite implements Site {
  readonly #stack: { stack?: string };
  #frame: Frame | null | undefined;

  constructor() {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = FRAMES_MAX;
    this.#stack = {};
    Error.captureStackTrace(this.#stack, CallSite);
    Error.stackTraceLimit = limit;
  }

  full(): string {
    const frame = this.#resolve();
    return frame === null ? 'unknown' : `${frame.file}:${frame.line}:${frame.column}`;
  }

  short(): string {
    const frame = this.#resolve();
    return frame === null ? 'unknown' : `${shownPath(frame.file)}:${frame.line}`;
  }

  #resolve(): Frame | null {
    this.#frame ??= userFrame(this.#stack.stack, true);
    return this.#frame;
  }
}
