/** Pieces of JavaScript source, as text: generated code is put together from these. */

/** Statements to run first, and an expression that may be used once they have run. */
export interface Fragment {
  readonly statements: string;
  readonly expression: string;
}

const PLAIN_NAME = /^[A-Za-z_$][\w$]*$/;

/** `row.price`, or `row["unit price"]` where the name needs it. */
export function memberText(object: string, name: string): string {
  return PLAIN_NAME.test(name) ? `${object}.${name}` : `${object}[${JSON.stringify(name)}]`;
}

/** The key of an object literal. `__proto__` is computed, because written plainly it sets the prototype. */
export function keyText(name: string): string {
  if (name === '__proto__') return '["__proto__"]';
  return PLAIN_NAME.test(name) ? name : JSON.stringify(name);
}

/** The sum of a base and a constant, without `+ 0`. */
export function plusText(base: string, constant: number): string {
  return constant === 0 ? base : `${base} + ${constant}`;
}

/** Statements joined as lines, empty ones dropped. */
export function linesText(lines: readonly string[]): string {
  return lines.filter((line) => line !== '').join('\n');
}
