import type { LayoutKind } from './row-layout.js';
import { FIELD_KINDS, type FieldKind, isTextKind, type ScalarKind, VALUE_BYTES_MAX } from './schema.js';

/** Source about values of one scalar kind. */

/**
 * True (as text) for a value that is not of the kind; '' where any value will do,
 * and for nested kinds, whose values are checked as they are taken.
 */
function misfitText(kind: LayoutKind, value: string): string {
  switch (kind) {
    case 'bool':
      return `typeof ${value} !== 'boolean'`;
    case 'int8':
      return `typeof ${value} !== 'number' || (${value} << 24 >> 24) !== ${value}`;
    case 'int16':
      return `typeof ${value} !== 'number' || (${value} << 16 >> 16) !== ${value}`;
    case 'int32':
      return `typeof ${value} !== 'number' || (${value} | 0) !== ${value}`;
    case 'uint32':
      return `typeof ${value} !== 'number' || (${value} >>> 0) !== ${value}`;
    case 'int64':
    case 'timestamp':
      return `!Number.isSafeInteger(${value})`;
    case 'bigint':
      return `typeof ${value} !== 'bigint' || BigInt.asIntN(64, ${value}) !== ${value}`;
    case 'float32':
    case 'float64':
      return `typeof ${value} !== 'number'`;
    case 'string':
    case 'category':
      return `typeof ${value} !== 'string'`;
    case 'bytes':
      return `!(${value} instanceof Uint8Array) || ${value}.length > ${VALUE_BYTES_MAX}`;
    default:
      return '';
  }
}

/** True (as text) for a value made by user code that does not fit: of the wrong kind, or a string that has no UTF-8. */
export function takenMisfitText(kind: LayoutKind, value: string): string {
  const misfit = misfitText(kind, value);
  return isTextKind(kind) ? `${misfit} || !${value}.isWellFormed()` : misfit;
}

/** What fits then, in words. */
export function takenText(kind: FieldKind): string {
  return `${FIELD_KINDS[kind]}${isTextKind(kind) ? ' that is well formed (no half of a surrogate pair)' : ''}`;
}

/** A scalar that fits as it is kept: floats rounded to their size, bytes copied. */
export function keptScalarText(kind: ScalarKind, value: string): string {
  if (kind === 'bytes') return `new Uint8Array(${value})`;
  return kind === 'float32' ? `Math.fround(${value})` : value;
}
