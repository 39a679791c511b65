import type { ErrorCode } from '../base/error-catalogue.js';
import { isSluiceError, type SluiceError } from '../base/errors.js';

// biome-ignore format: a table
export const EXIT_CODES = {
  //             code  meaning
  finished:    [   0,  'the job finished'],
  failed:      [   1,  'the job failed while it ran, or standard output could not be written'],
  badInput:    [   2,  'command, options, job, inputs or outputs cannot be used, or disk full; no output was touched'],
  hangup:      [ 129,  'the terminal went away (SIGHUP)'],
  interrupted: [ 130,  'stopped by Ctrl-C'],
  terminated:  [ 143,  'stopped by SIGTERM'],
} as const satisfies Record<string, readonly [number, string]>;

/** The code of what goes wrong in a job that was sound; everything else that has a code is bad input. */
const WHILE_RUNNING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'ARENA_INVALID',
  'ASYNC_TIMEOUT',
  'CONTEXT_OUT_OF_SCOPE',
  'CONTROL_CALL_FAILED',
  'INPUT_VALUE_INVALID',
  'OUTPUT_ROWS_EXCEEDED',
  'OUTPUT_ROW_INVALID',
  'OUTPUT_WRITE_FAILED',
  'RECORD_CORRUPT',
  'RECORD_FIELD_INVALID',
  'RECORD_KEY_INVALID',
  'RECORD_PARTITION_INVALID',
  'RECORD_TOO_LARGE',
  'RECORD_VIEW_RETURNED',
  'RECORD_VIEW_STALE',
  'RUN_ABORTED',
  'RUN_UNREACHABLE',
  'TASK_CANCELLED',
  'TASK_FAILED',
  'TIMER_INVALID',
  'USER_FUNCTION_FAILED',
  'WORKER_EXITED',
]);

/** Exit code of an error that ended a command. A failed task has the code of what made it fail. */
export function exitCodeOf(error: unknown): number {
  if (!isSluiceError(error)) return EXIT_CODES.failed[0];
  if (error.code === 'TASK_FAILED' && isSluiceError(error.cause)) return exitCodeOf(error.cause);
  if (isForWantOfRoom(error)) return EXIT_CODES.badInput[0];
  return WHILE_RUNNING.has(error.code) ? EXIT_CODES.failed[0] : EXIT_CODES.badInput[0];
}

/**
 * A file system that takes no more is an output that cannot be used, though it shows only when rows are written. Rows
 * on standard output are out, so there it is a failure like any other.
 */
function isForWantOfRoom({ code, detail, cause }: SluiceError): boolean {
  if (code !== 'OUTPUT_WRITE_FAILED' || detail['path'] === 'standard output') return false;
  return NO_ROOM.has(detail['code'] ?? (cause as NodeJS.ErrnoException | undefined)?.code);
}

const NO_ROOM: ReadonlySet<unknown> = new Set(['ENOSPC', 'EROFS', 'EDQUOT']);
