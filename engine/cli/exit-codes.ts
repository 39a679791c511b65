import type { ErrorCode } from '../base/error-catalogue.js';
import { isSluiceError } from '../base/errors.js';

// biome-ignore format: a table
export const EXIT_CODES = {
  //             code  meaning
  finished:    [   0,  'the job finished'],
  failed:      [   1,  'the job failed while it ran'],
  badInput:    [   2,  'command, options, job file, inputs or outputs cannot be used; no output was touched'],
  hangup:      [ 129,  'the terminal went away (SIGHUP)'],
  interrupted: [ 130,  'stopped by Ctrl-C'],
  terminated:  [ 143,  'stopped by SIGTERM'],
} as const satisfies Record<string, readonly [number, string]>;

/** The code of what goes wrong in a job that was sound; everything else that has a code is bad input. */
const WHILE_RUNNING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'ARENA_INVALID',
  'CONTROL_CALL_FAILED',
  'RECORD_FIELD_INVALID',
  'RECORD_KEY_INVALID',
  'RECORD_TOO_LARGE',
  'RUN_ABORTED',
  'TASK_CANCELLED',
  'TASK_FAILED',
  'USER_FUNCTION_FAILED',
  'WORKER_EXITED',
]);

/** Exit code of an error that ended a command. A failed task has the code of what made it fail. */
export function exitCodeOf(error: unknown): number {
  if (!isSluiceError(error)) return EXIT_CODES.failed[0];
  if (error.code === 'TASK_FAILED' && isSluiceError(error.cause)) return exitCodeOf(error.cause);
  return WHILE_RUNNING.has(error.code) ? EXIT_CODES.failed[0] : EXIT_CODES.badInput[0];
}
