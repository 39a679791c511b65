import { SluiceError } from '../base/errors.js';
import type { Json } from '../base/json.js';
import { admitNumbers } from './shape-of-rows.js';

/**
 * Types of fields and records.
 *
 * A record type is an ordered list of named fields. Fields keep the order in which they were declared: it is the
 * order of columns in a file sink and of members in the plain objects that user functions receive.
 */

// biome-ignore format: a table
export const FIELD_KINDS = {
  //  kind       JavaScript value, and its range: what a value that is refused is not
  bool:       'a boolean',
  int8:       'a whole number from -128 to 127',
  int16:      'a whole number from -32768 to 32767',
  int32:      'a whole number from -2^31 to 2^31 - 1',
  uint32:     'a whole number from 0 to 2^32 - 1',
  int64:      'a safe integer (from -(2^53 - 1) to 2^53 - 1)',
  bigint:     'a bigint from -2^63 to 2^63 - 1',
  float32:    'a number',
  float64:    'a number',
  timestamp:  'a safe integer, milliseconds since 1970-01-01T00:00:00Z',
  string:     'a string',
  category:   'a string',
  bytes:      'a Uint8Array of at most 256 MiB',
  record:     'an object with the declared members',
  list:       'an array of at most 1000000 items',
  map:        'a Map from strings to values, of at most 1000000 entries',
  union:      'an object whose tag is one of the declared names',
} as const;

export type FieldKind = keyof typeof FIELD_KINDS;
/** Kinds whose values hold other values. */
export type NestedKind = 'record' | 'list' | 'map' | 'union';
export type ScalarKind = Exclude<FieldKind, NestedKind>;

/** Most bytes of one value in a row; a record of more could not travel, whatever `sluice.record.max-size` says. */
export const VALUE_BYTES_MAX = 2 ** 28;
/** Most items of a list and entries of a map. */
export const ITEMS_MAX = 1_000_000;
/** Most types inside each other. */
const DEPTH_MAX = 64;
/** Members that every object has already; as names they would be a way to reach the prototypes of objects. */
export const RESERVED_NAMES = ['__proto__', 'constructor'] as const;

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

/** A type as plain data; this form is in plans and between threads. */
export interface TypeSpec {
  readonly kind: FieldKind;
  readonly nullable: boolean;
  /** Of the nested kinds: what they hold. */
  readonly parts?: TypeParts;
}

/** The fields of a record; the type of the items of a list or the values of a map; the records of a union. */
export type TypeParts =
  | { readonly fields: readonly FieldSpec[] }
  | { readonly item: TypeSpec }
  | { readonly tag: string; readonly variants: readonly Variant[] };

/** One record of a union: the tag holds its name. */
export interface Variant {
  readonly name: string;
  readonly fields: readonly FieldSpec[];
}

/** One field of a record type. */
export interface FieldSpec extends TypeSpec {
  readonly name: string;
}

export const SCALAR_KINDS = (Object.keys(FIELD_KINDS) as FieldKind[]).filter(isScalarKind);

export function isScalarKind(kind: string): kind is ScalarKind {
  return kind !== 'record' && kind !== 'list' && kind !== 'map' && kind !== 'union';
}

/** True where values are strings. */
export function isTextKind(kind: string): boolean {
  return kind === 'string' || kind === 'category';
}

/** A type as JSON that is equal for equal types, however they were made. */
export function typeIdentity({ kind, nullable, parts }: Omit<TypeSpec, 'kind'> & { kind: string }): Json[] {
  const fieldsOf = (fields: readonly FieldSpec[]): Json[] =>
    fields.map((field) => [field.name, ...typeIdentity(field)]);
  if (parts === undefined) return [kind, nullable];
  if ('fields' in parts) return [kind, nullable, fieldsOf(parts.fields)];
  if ('item' in parts) return [kind, nullable, typeIdentity(parts.item)];
  const variants = parts.variants.map(({ name, fields }) => [name, fieldsOf(fields)]);
  return [kind, nullable, parts.tag, variants];
}

/** The type of a value: `t.int32`, `t.nullable(t.string)`, `t.string.default('x')`. */
export class FieldType<T, D extends boolean = false> {
  declare readonly value: T;
  declare readonly hasDefault: D;
  readonly kind: FieldKind;
  readonly isNullable: boolean;
  readonly parts: TypeParts | undefined;
  readonly defaultValue: T | undefined;

  /** @internal use `t` */
  constructor(kind: FieldKind, isNullable: boolean, parts?: TypeParts, defaultValue?: T) {
    this.kind = kind;
    this.isNullable = isNullable;
    this.parts = parts;
    this.defaultValue = defaultValue;
    if (parts !== undefined && depthOf(parts) > DEPTH_MAX)
      throw new SluiceError('ARGUMENT_INVALID', `t.${kind}: types are nested more than ${DEPTH_MAX} deep`);
  }

  /** The same type with a value for when none is given; used by job parameters. */
  default(value: T): FieldType<T, true> {
    return new FieldType<T, true>(this.kind, this.isNullable, this.parts, value);
  }
}

export type FieldTypes = Readonly<Record<string, FieldType<any>>>;

/** The plain object that carries a record of the given fields. */
export type RowOfFields<F extends FieldTypes> = { -readonly [K in keyof F]: F[K]['value'] };

/** A record type. `typeof Flight.row` is the type of its plain objects. */
export class RecordType<R> extends FieldType<R> {
  declare readonly row: R;
  readonly fields: readonly FieldSpec[];

  /** @internal use `t.record` */
  constructor(fields: readonly FieldSpec[]) {
    super('record', false, { fields });
    this.fields = fields;
  }
}

/** Record types by name, which become a union. */
export type RecordTypes = Readonly<Record<string, RecordType<any>>>;

/** The plain objects of a union: the name of each record in the tag, beside its members. */
export type UnionOf<G extends string, V extends RecordTypes> = {
  [N in keyof V & string]: { [M in G]: N } & V[N]['row'] extends infer R ? { [M in keyof R]: R[M] } : never;
}[keyof V & string];

/** The plain-object type of a record type: `RowOf<typeof Flight>`. */
export type RowOf<S> = S extends RecordType<infer R> ? R : never;

const scalar = <K extends ScalarKind>(kind: K): FieldType<ValueOfKind[K]> => new FieldType(kind, false);

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
    return new FieldType<T | null>(type.kind, true, type.parts);
  },

  /** A record type from named field types, in the order given; also the type of a field. */
  record<const F extends FieldTypes>(fields: F): RecordType<RowOfFields<F>> {
    return new RecordType(recordFields('t.record', fields));
  },

  /** Arrays of values of one type. */
  list<T>(item: FieldType<T>): FieldType<T[]> {
    checkType('t.list', item);
    return new FieldType<T[]>('list', false, { item: typeSpec(item) });
  },

  /** Maps from strings to values of one type, in the order of their keys. */
  map<T>(item: FieldType<T>, ...others: readonly []): FieldType<Map<string, T>> {
    checkType('t.map', item);
    if (others.length > 0) throw invalid('t.map', 'takes the type of the values alone; keys are strings');
    return new FieldType<Map<string, T>>('map', false, { item: typeSpec(item) });
  },

  /**
   * Objects of several record types, told apart by a member that holds the name of theirs:
   * `t.union('kind', { click: t.record({ x: t.int32 }), view: t.record({ page: t.string }) })`.
   *
   * @param tag  the member; the records do not declare it
   */
  union<const G extends string, const V extends RecordTypes>(tag: G, records: V): FieldType<UnionOf<G, V>> {
    const place = `t.union('${tag}')`;
    if (typeof tag !== 'string' || typeof records !== 'object' || records === null)
      throw invalid('t.union', 'takes the name of the tag, and records by name');
    checkName(place, tag);
    const variants = Object.entries(records).map(([name, record]): Variant => {
      checkType(`${place}: '${name}'`, record);
      if (!(record instanceof RecordType)) throw invalid(place, `'${name}' is no record`);
      if (record.fields.some((field) => field.name === tag))
        throw invalid(place, `record '${name}' has a field '${tag}', which is the tag`);
      return { name, fields: record.fields };
    });
    if (variants.length === 0 || variants.length > VARIANTS_MAX)
      throw invalid(place, `it has ${variants.length} records; from 1 to ${VARIANTS_MAX} are possible`);
    return new FieldType<UnionOf<G, V>>('union', false, { tag, variants });
  },
} as const;

/** The number of a variant is a byte. */
const VARIANTS_MAX = 256;

function recordFields(place: string, fields: FieldTypes): readonly FieldSpec[] {
  const prototype = Object.getPrototypeOf(fields);
  // `{ __proto__: … }` declares no field: it sets this.
  if (prototype !== Object.prototype && prototype !== null)
    throw invalid(place, 'takes a plain object of types by name, in which `__proto__` is not set');
  const specs = Object.entries(fields).map(([name, type]) => fieldSpec(name, type));
  admitNumbers(fields);
  return specs;
}

function checkName(place: string, name: string): void {
  if ((RESERVED_NAMES as readonly string[]).includes(name))
    throw invalid(place, `'${name}' cannot be the name of a field: every object has such a member`);
}

function invalid(place: string, what: string): SluiceError {
  return new SluiceError('ARGUMENT_INVALID', `${place}: ${what}`);
}

function depthOf(parts: TypeParts): number {
  const deepest = (specs: readonly TypeSpec[]): number =>
    Math.max(0, ...specs.map((spec) => (spec.parts === undefined ? 0 : depthOf(spec.parts))));
  if ('fields' in parts) return 1 + deepest(parts.fields);
  return (
    1 + ('item' in parts ? deepest([parts.item]) : deepest(parts.variants.flatMap(({ fields }) => fields)))
  );
}

const typeSpec = ({ kind, isNullable, parts }: FieldType<any, boolean>): TypeSpec => ({
  ...{ kind, nullable: isNullable },
  ...(parts !== undefined && { parts }),
});

/** @throws SluiceError ARGUMENT_INVALID  the type is none */
export function fieldSpec(name: string, type: FieldType<any, boolean>): FieldSpec {
  checkType(`field '${name}'`, type);
  checkName(`field '${name}'`, name);
  if (type.defaultValue !== undefined)
    throw invalid(`field '${name}'`, 'a default is for parameters of a job; a record has all its fields');
  return { name, ...typeSpec(type) };
}

/** @throws SluiceError ARGUMENT_INVALID  it is no type: a slip such as `t.boolean`, where nobody checks types */
export function checkType(place: string, type: FieldType<any, boolean> | undefined): void {
  if (Object.hasOwn(FIELD_KINDS, type?.kind ?? '')) return;
  const kinds = Object.keys(FIELD_KINDS).map((kind) => (isScalarKind(kind) ? `t.${kind}` : `t.${kind}(…)`));
  const what = `${place}: a type is expected here, not ${String(type)}; types are ${kinds.join(', ')}, t.nullable(…)`;
  throw new SluiceError('ARGUMENT_INVALID', what);
}

/**
 * What is known before the job runs about the rows of a stream.
 *
 * `fields` null: undeclared, the shape is learned from the first records at each exchange.
 */
export type RowShape = { readonly fields: readonly FieldSpec[] } | { readonly fields: null };
