import { isAbsolute, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
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
    return frame === null ? 'unknown' : `${shortPath(frame.file)}:${frame.line}`;
  }

  #resolve(): Frame | null {
    this.#frame ??= firstFrameOutside(this.#stack.stack);
    return this.#frame;
  }
}

/** The user's line nearest to where an error was thrown, as `file:line`; null when its stack shows none. */
export function userLineOf(error: unknown): string | null {
  const frame = error instanceof Error ? firstFrameOutside(error.stack) : null;
  return frame === null ? null : `${shortPath(frame.file)}:${frame.line}`;
}

interface Frame {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

const BUILT_FOLDER = fileURLToPath(new URL('..', import.meta.url));

/** Frames name built files or, once source maps are on, their originals: asking for a stack tells which it is now. */
function ownFolders(): readonly string[] {
  const here = new Error()
    .stack!.split('\n')
    .map(parseFrame)
    .find((frame) => frame !== null);
  return here === undefined ? [BUILT_FOLDER] : [BUILT_FOLDER, here.file.replace(/[^/\\]+[/\\][^/\\]+$/, '')];
}

function firstFrameOutside(stack: string | undefined): Frame | null {
  const own = ownFolders();
  const outside = (stack?.split('\n') ?? [])
    .map(parseFrame)
    .filter((frame) => frame !== null && !own.some((folder) => frame.file.startsWith(folder)));
  // A helper of another package is not the user's own line, unless there is no other.
  return outside.find((frame) => !/[/\\]node_modules[/\\]/.test(frame!.file)) ?? outside[0] ?? null;
}

/** `at name (place:1:2)` or `at place:1:2`; null for frames without a file. */
function parseFrame(text: string): Frame | null {
  const match = /^\s*at (?:.*? \()?(?:async )?(.+):(\d+):(\d+)\)?$/.exec(text);
  if (match === null) return null;
  const place = match[1]!;
  if (place.startsWith('node:') || place.includes('<anonymous>')) return null;
  const file = place.startsWith('file:') ? fileURLToPath(place.replace(/[?#].*$/, '')) : place;
  return { file, line: Number(match[2]), column: Number(match[3]) };
}

/** As a person in the working folder would write it. */
function shortPath(file: string): string {
  const path = relative(process.cwd(), file);
  return path === '' || path.startsWith('..') || isAbsolute(path) ? file : path;
}
