import { SluiceError } from '../base/errors.js';

/**
 * Types of fields and records.
 *
 * A record type is an ordered list of named fields. Fields keep the order in which they were declared: it is the
 * order of columns in a file sink and of members in the plain objects that user functions receive.
 */

// biome-ignore format: a table
export const FIELD_KINDS = {
  //  kind       JavaScript value, and its range
  bool:       'boolean',
  int8:       'number, a whole number from -128 to 127',
  int16:      'number, a whole number from -32768 to 32767',
  int32:      'number, a whole number from -2^31 to 2^31 - 1',
  uint32:     'number, a whole number from 0 to 2^32 - 1',
  int64:      'number, a safe integer (from -(2^53 - 1) to 2^53 - 1)',
  bigint:     'bigint, from -2^63 to 2^63 - 1',
  float32:    'number, rounded to the nearest of 32 bits, as Math.fround does',
  float64:    'number',
  timestamp:  'number, milliseconds since 1970-01-01T00:00:00Z, a safe integer',
  string:     'string',
  category:   'string with few distinct values',
  bytes:      'Uint8Array of at most 256 MiB; whoever receives it has a copy of its own',
} as const;

export type FieldKind = keyof typeof FIELD_KINDS;

interface ValueOfKind {
  bool: boolean;
  int8: number;
  int16: number;
  int32: number;
  uint32: number;
  int64: number;
  bigint: bigint;
  float32: number;
  float64: number;
  timestamp: number;
  string: string;
  category: string;
  bytes: Uint8Array;
}

/** One field of a record type, as plain data; this form is in plans and between threads. */
export interface FieldSpec {
  readonly name: string;
  readonly kind: FieldKind;
  readonly nullable: boolean;
}

/** The type of a value: `t.int32`, `t.nullable(t.string)`, `t.string.default('x')`. */
export class FieldType<T, D extends boolean = false> {
  declare readonly value: T;
  declare readonly hasDefault: D;
  readonly kind: FieldKind;
  readonly isNullable: boolean;
  readonly defaultValue: T | undefined;

  /** @internal use `t` */
  constructor(kind: FieldKind, isNullable: boolean, defaultValue?: T) {
    this.kind = kind;
    this.isNullable = isNullable;
    this.defaultValue = defaultValue;
  }

  /** The same type with a value for when none is given; used by job parameters. */
  default(value: T): FieldType<T, true> {
    return new FieldType<T, true>(this.kind, this.isNullable, value);
  }
}

export type FieldTypes = Readonly<Record<string, FieldType<any, boolean>>>;

/** The plain object that carries a record of the given fields. */
export type RowOfFields<F extends FieldTypes> = { -readonly [K in keyof F]: F[K]['value'] };

/** A record type. `typeof Flight.row` is the type of its plain objects. */
export class RecordType<R> {
  declare readonly row: R;
  readonly fields: readonly FieldSpec[];

  /** @internal use `t.record` */
  constructor(fields: readonly FieldSpec[]) {
    this.fields = fields;
  }
}

/** The plain-object type of a record type: `RowOf<typeof Flight>`. */
export type RowOf<S> = S extends RecordType<infer R> ? R : never;

const scalar = <K extends FieldKind>(kind: K): FieldType<ValueOfKind[K]> => new FieldType(kind, false);

/** Builders of field and record types. */
export const t = {
  bool: scalar('bool'),
  int8: scalar('int8'),
  int16: scalar('int16'),
  int32: scalar('int32'),
  uint32: scalar('uint32'),
  int64: scalar('int64'),
  bigint: scalar('bigint'),
  float32: scalar('float32'),
  float64: scalar('float64'),
  timestamp: scalar('timestamp'),
  string: scalar('string'),
  category: scalar('category'),
  bytes: scalar('bytes'),

  /** The same type, or null. */
  nullable<T>(type: FieldType<T>): FieldType<T | null> {
    checkType('t.nullable', type);
    return new FieldType<T | null>(type.kind, true);
  },

  /** A record type from named field types, in the order given. */
  record<const F extends FieldTypes>(fields: F): RecordType<RowOfFields<F>> {
    return new RecordType(Object.entries(fields).map(([name, type]) => fieldSpec(name, type)));
  },
} as const;

/** @throws SluiceError ARGUMENT_INVALID  the type is none */
export function fieldSpec(name: string, type: FieldType<any, boolean>): FieldSpec {
  checkType(`field '${name}'`, type);
  return { name, kind: type.kind, nullable: type.isNullable };
}

/** @throws SluiceError ARGUMENT_INVALID  it is no type: a slip such as `t.boolean`, where nobody checks types */
export function checkType(place: string, type: FieldType<any, boolean> | undefined): void {
  if (Object.hasOwn(FIELD_KINDS, type?.kind ?? '')) return;
  const kinds = Object.keys(FIELD_KINDS).map((kind) => `t.${kind}`);
  const what = `${place}: a type is expected here, not ${String(type)}; types are ${kinds.join(', ')}, t.nullable(…)`;
  throw new SluiceError('ARGUMENT_INVALID', what);
}

/**
 * What is known before the job runs about the rows of a stream.
 *
 * `fields` null: undeclared, the shape is learned from the first records at each exchange.
 */
export type RowShape = { readonly fields: readonly FieldSpec[] } | { readonly fields: null };
