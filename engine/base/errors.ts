import { ERRORS, type ErrorCode, type Severity } from './error-catalogue.js';

/** Facts that make a message precise: numbers, names, places. */
export type ErrorDetail = Readonly<Record<string, string | number | boolean>>;

/** The form in which an error crosses threads: classes do not survive that, codes do. */
export interface WireError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly code?: string;
  readonly detail?: ErrorDetail;
  readonly cause?: WireError;
  readonly errors?: readonly WireError[];
}

/**
 * The one error class of the engine. Match on `code`, which is stable; the wording may improve.
 *
 * @see docs/errors.md, generated from the catalogue
 */
export class SluiceError extends Error {
  readonly code: ErrorCode;
  readonly severity: Severity;
  readonly detail: ErrorDetail;
  /** Every fault found, when several were reported at once. */
  readonly errors: readonly SluiceError[];

  /**
   * @param what    what happened, with its numbers and place; the catalogue adds the general cure
   * @param detail  the same facts by name, for programs
   */
  constructor(code: ErrorCode, what: string, options: SluiceErrorOptions = {}) {
    super(`${code}: ${what}`, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'SluiceError';
    this.code = code;
    this.severity = ERRORS[code][0];
    this.detail = options.detail ?? {};
    this.errors = options.errors ?? [];
  }
}

export interface SluiceErrorOptions {
  readonly detail?: ErrorDetail;
  readonly cause?: unknown;
  readonly errors?: readonly SluiceError[];
}

/** True for errors of this package, also for those made by a second copy of it. */
export function isSluiceError(error: unknown): error is SluiceError {
  return error instanceof Error && error.name === 'SluiceError' && 'code' in error && 'severity' in error;
}

/** What happened, without the code that the message begins with. */
export function whatOf({ code, message }: SluiceError): string {
  return message.slice(code.length + 2);
}

/** Causes below this depth are dropped: an error may be its own cause. */
const CAUSE_DEPTH_MAX = 16;

/** The wire form of anything thrown; it can always be cloned, whatever user code hung on its errors. */
export function toWire(error: unknown): WireError {
  return toWireAt(error, 0);
}

function toWireAt(error: unknown, depth: number): WireError {
  if (!(error instanceof Error))
    return { name: 'Error', message: `a value that is not an Error: ${textOf(error)}` };
  const { code, detail, errors } = error as Partial<SluiceError>;
  const isDeeper = depth < CAUSE_DEPTH_MAX;
  return {
    name: String(error.name),
    message: String(error.message),
    ...(typeof error.stack === 'string' && { stack: error.stack }),
    ...(typeof code === 'string' && { code }),
    ...(detail !== null && typeof detail === 'object' && { detail: plainDetail(detail) }),
    ...(error.cause !== undefined && isDeeper && { cause: toWireAt(error.cause, depth + 1) }),
    ...(Array.isArray(errors) &&
      errors.length > 0 &&
      isDeeper && { errors: errors.map((each) => toWireAt(each, depth + 1)) }),
  };
}

function plainDetail(detail: ErrorDetail): ErrorDetail {
  return Object.fromEntries(
    Object.entries(detail).filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value)),
  );
}

function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}

export function fromWire(wire: WireError): Error {
  const cause = wire.cause === undefined ? undefined : fromWire(wire.cause);
  const error = isErrorCode(wire.code)
    ? new SluiceError(wire.code, wire.message.replace(`${wire.code}: `, ''), {
        ...(wire.detail !== undefined && { detail: wire.detail }),
        ...(cause !== undefined && { cause }),
        ...(wire.errors !== undefined && {
          errors: wire.errors
            .map(fromWire)
            .filter((each): each is SluiceError => each instanceof SluiceError),
        }),
      })
    : Object.assign(
        new Error(wire.message, cause && { cause }),
        wire.code !== undefined && { code: wire.code },
      );
  error.name = wire.name;
  if (wire.stack !== undefined) error.stack = wire.stack;
  return error;
}

function isErrorCode(code: string | undefined): code is ErrorCode {
  return code !== undefined && Object.hasOwn(ERRORS, code);
}
