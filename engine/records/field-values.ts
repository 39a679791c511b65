import { isNestedField, isNestedKind, takerName } from './nested.js';
import type { LayoutField, LayoutKind } from './row-layout.js';
import { keptScalarText } from './scalar-code.js';
import { FIELD_KINDS, type ScalarKind } from './schema.js';

/** What values a field accepts, in words. */
export function expectedOf({ kind, nullable }: LayoutField): string {
  const expected = kind === 'packed' ? 'any value' : FIELD_KINDS[kind];
  return nullable ? `${expected}; or null` : expected;
}

/** Whether a value of the kind can be changed by whoever holds it, so that each holder needs its own. */
export function isMutableKind(kind: LayoutKind): boolean {
  return kind === 'bytes' || isNestedKind(kind);
}

/**
 * Text of a value as its field keeps it: floats rounded to their size, and a copy of what can be changed.
 *
 * @param value  of a scalar kind it fits; of a nested kind it may be anything, and is checked
 * @param report  a ValueReporter and a number for it: `core, 5`
 */
export function keptText(field: LayoutField, value: string, report: string): string {
  const { kind, nullable } = field;
  if (kind !== 'float32' && !isMutableKind(kind)) return value;
  const kept = isNestedField(field)
    ? `${takerName(field)}(${value}, ${report}, ${JSON.stringify(field.name)})`
    : keptScalarText(kind as ScalarKind, value);
  return nullable ? `(${value} === null ? null : ${kept})` : kept;
}
