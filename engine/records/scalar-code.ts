import type { LayoutKind } from './row-layout.js';
import { type ScalarKind, VALUE_BYTES_MAX } from './schema.js';

/** Source about values of one scalar kind. */

/**
 * True (as text) for a value that is not of the kind; '' where any value will do,
 * and for nested kinds, whose values are checked as they are taken.
 */
export function misfitText(kind: LayoutKind, value: string): string {
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

/** A scalar that fits as it is kept: floats rounded to their size, bytes copied. */
export function keptScalarText(kind: ScalarKind, value: string): string {
  if (kind === 'bytes') return `new Uint8Array(${value})`;
  return kind === 'float32' ? `Math.fround(${value})` : value;
}
