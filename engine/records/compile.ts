import { SluiceError } from '../base/errors.js';

/** Line of the script, from 1, on which the source begins: above it V8 puts the parameters, and there is the mode. */
const FIRST_LINE = 4;

/** What stack traces and profiles call a script; V8 heeds no URL with a space or a quote in it. */
function scriptUrl(name: string): string {
  return `sluice:${name.replace(/[\s'"`]+/g, '_')}`;
}

/**
 * Compiles generated source: the one place where text becomes code.
 *
 * @param name    shown in stack traces and profiles, see `scriptUrl`
 * @param source  body of a function; what it returns is the result
 * @param names   free names of the source
 * @param values  what the names are bound to, in the same order
 * @param firstLine  on which the source shall begin, FIRST_LINE or later
 * @throws SluiceError CODEGEN_FORBIDDEN  the process forbids code generation from strings
 */
export function compile<T>(
  name: string,
  source: string,
  names: readonly string[],
  values: readonly unknown[],
  firstLine = FIRST_LINE,
): T {
  let factory: (...values: readonly unknown[]) => T;
  try {
    factory = new Function(
      ...names,
      `'use strict';${'\n'.repeat(firstLine - FIRST_LINE + 1)}${source}\n//# sourceURL=${scriptUrl(name)}`,
    ) as typeof factory;
  } catch (error) {
    if (!(error instanceof EvalError)) throw error;
    throw new SluiceError('CODEGEN_FORBIDDEN', `the code of ${name} cannot be generated`, { cause: error });
  }
  return factory(...values);
}
