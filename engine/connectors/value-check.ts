import type { FieldSpec } from '../records/schema.js';

/**
 * How a value does not fit a field.
 *
 * @returns  null when it does, else words that follow the field's name: `of 1.5, which is not an int32`
 */
export function misfit(field: FieldSpec, value: unknown): string | null {
  if (value === null || value === undefined)
    return field.nullable ? null : `${value === null ? 'null' : 'missing'}, which is not declared nullable`;
  return FITS[field.kind](value) ? null : `of ${shown(value)}, which is not of kind ${field.kind}`;
}

const isString = (value: unknown): boolean => typeof value === 'string';

// biome-ignore format: a table
const FITS: { readonly [K in FieldSpec['kind']]: (value: unknown) => boolean } = {
  bool:      (value) => typeof value === 'boolean',
  int8:      (value) => Number.isInteger(value) && Math.abs((value as number) + 0.5) < 128,
  int16:     (value) => Number.isInteger(value) && Math.abs((value as number) + 0.5) < 32_768,
  int32:     (value) => typeof value === 'number' && value === (value | 0),
  uint32:    (value) => typeof value === 'number' && value === value >>> 0,
  int64:     Number.isSafeInteger,
  bigint:    (value) => typeof value === 'bigint' && value === BigInt.asIntN(64, value),
  float32:   (value) => typeof value === 'number',
  float64:   (value) => typeof value === 'number',
  timestamp: Number.isSafeInteger,
  string:    isString,
  category:  isString,
  bytes:     (value) => value instanceof Uint8Array,
};

const SHOWN_MAX = 40;

function shown(value: unknown): string {
  const text =
    typeof value === 'string'
      ? JSON.stringify(value)
      : typeof value === 'bigint'
        ? `${value}n`
        : String(value);
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text;
}
