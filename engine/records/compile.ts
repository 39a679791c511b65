import { SluiceError } from '../base/errors.js';

/**
 * Compiles generated source: the one place where text becomes code.
 *
 * @param name    shown in stack traces and profiles as `sluice:<name>`
 * @param source  body of a function; what it returns is the result
 * @param names   free names of the source
 * @param values  what the names are bound to, in the same order
 * @throws SluiceError CODEGEN_FORBIDDEN  the process forbids code generation from strings
 */
export function compile<T>(
  name: string,
  source: string,
  names: readonly string[],
  values: readonly unknown[],
): T {
  let factory: (...values: readonly unknown[]) => T;
  try {
    factory = new Function(
      ...names,
      `'use strict';\n${source}\n//# sourceURL=sluice:${name}`,
    ) as typeof factory;
  } catch (error) {
    if (!(error instanceof EvalError)) throw error;
    throw new SluiceError('CODEGEN_FORBIDDEN', `the code of ${name} cannot be generated`, { cause: error });
  }
  return factory(...values);
}
