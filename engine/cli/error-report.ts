import { readFileSync } from 'node:fs';
import { ERRORS, type ErrorCode } from '../base/error-catalogue.js';
import { isSluiceError, toWire } from '../base/errors.js';
import type { Json } from '../base/json.js';
import { type Frame, shownPath, userFrame } from '../base/user-frame.js';

/**
 * An error for a person: `CODE: what`, the line of the user's source it leads to, and what to do.
 *
 * An error without a code is nobody's plan: it is shown with its stack.
 */
export function errorText(error: unknown): string {
  if (!isSluiceError(error)) {
    return `unexpected error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  }
  const codes = error.errors.length > 0 ? [...new Set(error.errors.map((each) => each.code))] : [error.code];
  const excerpt = error.message.includes('\n') ? '' : excerptOf(userFrameOf(error));
  const cures = codes
    .filter((code) => Object.hasOwn(ERRORS, code) && !SAID_BY_MESSAGE.has(code))
    .map((code) => `\n  ${ERRORS[code][1]}`);
  return `${error.message}${causesText(error)}${excerpt}${cures.join('')}`;
}

/** Codes whose messages say all that the catalogue says, and with names and numbers. */
const SAID_BY_MESSAGE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'ARGUMENT_INVALID',
  'COMMAND_INVALID',
  'CONFIG_UNREADABLE',
  'INPUT_INVALID',
  'INPUT_MISSING',
  'INPUT_SCHEMA_MISMATCH',
  'JOB_BUILDER_FAILED',
  'JOB_MODULE_FAILED',
  'JOB_MODULE_MISSING',
  'JOB_MODULE_SYNTAX',
  'OPTION_INVALID',
  'OUTPUT_FOLDER_MISSING',
  'PARALLELISM_INVALID',
  'PARAM_DUPLICATE',
  'PLAN_FIELD_TYPE',
  'PLAN_FIELD_UNKNOWN',
  'RECORD_FIELD_INVALID',
  'RUN_ABORTED',
  'TASK_CANCELLED',
  'TASK_FAILED',
  'USER_FUNCTION_FAILED',
]);

/** The same for a program. */
export function errorJson(error: unknown): { readonly [key: string]: Json } {
  const { code = null, message, detail = {}, cause } = toWire(error);
  const site = userFrameOf(error);
  return {
    code,
    message,
    cure: isSluiceError(error) ? (ERRORS[error.code]?.[1] ?? null) : null,
    detail,
    site: site === null ? null : `${site.file}:${site.line}:${site.column}`,
    cause: cause === undefined ? null : errorJson((error as Error).cause),
    errors: isSluiceError(error) ? error.errors.map(errorJson) : [],
  };
}

/** Causes whose text is not in the message yet, each on a line. */
function causesText(error: Error): string {
  let text = '';
  let shown = error.message;
  for (
    let cause = error.cause, depth = 0;
    cause instanceof Error && depth < CAUSES_MAX;
    cause = cause.cause, depth++
  ) {
    if (!shown.includes(cause.message)) text += `\n  because ${cause.name}: ${cause.message}`;
    shown += cause.message;
  }
  return text;
}

/** A chain longer than this says nothing new. */
const CAUSES_MAX = 8;

/** The user's line nearest to the root of the trouble. */
function userFrameOf(error: unknown): Frame | null {
  let found: Frame | null = null;
  for (let at = error, depth = 0; at instanceof Error && depth < CAUSES_MAX; at = at.cause, depth++) {
    found = userFrame(at.stack) ?? found;
  }
  return found;
}

function excerptOf(frame: Frame | null): string {
  if (frame === null) return '';
  const place = `${shownPath(frame.file)}:${frame.line}:${frame.column}`;
  const line = lineOf(frame);
  if (line === null) return `\n  at ${place}`;
  const gutter = `  ${frame.line} | `;
  const caret = `${' '.repeat(gutter.length)}${line.slice(0, frame.column - 1).replace(/[^\t]/g, ' ')}^`;
  return `\n  at ${place}\n${gutter}${line}\n${caret}`;
}

function lineOf({ file, line }: Frame): string | null {
  try {
    const text = readFileSync(file, 'utf8').split('\n')[line - 1]?.trimEnd();
    return text === undefined || text.length > LINE_COLUMNS_MAX ? null : text;
  } catch {
    return null; // the place is still worth naming
  }
}

/** Longer lines were not written by a person. */
const LINE_COLUMNS_MAX = 160;
