import type { ErrorCode } from '../base/error-catalogue.js';
import { type ErrorDetail, SluiceError } from '../base/errors.js';

/** A place in the user's source; resolving it is lazy. */
export interface Site {
  /** `file:line:column`, the file as an absolute path. */
  full(): string;
  /** `file:line`, for messages. */
  short(): string;
}

/** Something the user wrote: `keyBy('origin')` at flight-delays.ts:15. */
export interface Step {
  readonly call: string;
  readonly site: Site;
}

/** One thing wrong with a job. */
export interface Fault {
  readonly code: ErrorCode;
  /** Null when the fault is in no single place. */
  readonly step: Step | null;
  readonly text: string;
  readonly detail?: ErrorDetail;
  readonly cause?: unknown;
}

/**
 * All faults as one error: a single fault is thrown as itself, several as PLAN_INVALID with each in `errors`.
 *
 * @param faults  one or more
 */
export function faultsError(job: string, faults: readonly Fault[]): SluiceError {
  const errors = faults.map(toError);
  if (errors.length === 1) return errors[0]!;
  const lines = errors.map((error) => `\n  ${error.message}`).join('');
  return new SluiceError('PLAN_INVALID', `job '${job}' has ${errors.length} faults${lines}`, { errors });
}

function toError({ code, step, text, detail, cause }: Fault): SluiceError {
  const where = step === null ? '' : `${step.call} at ${step.site.short()}: `;
  return new SluiceError(code, where + text, {
    detail: { ...detail, ...(step !== null && { site: step.site.full() }) },
    ...(cause !== undefined && { cause }),
  });
}
