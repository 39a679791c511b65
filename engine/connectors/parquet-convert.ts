import type { FieldKind } from '../records/schema.js';
import type { ParquetLeaf, RawValues } from './parquet-file.js';

/** Values of a declared kind, as a batch carries them. */
export type Values = Int32Array | Float64Array | BigInt64Array | unknown[];

export interface Converted {
  readonly values: Values;
  /** 1 for each value that does not fit the declared kind; null when all do. */
  readonly misfits: Uint8Array | null;
}

/** Turns values as they are in the file into values of the declared kind. */
export type Converter = (raw: RawValues) => Converted;

/**
 * The way from a column's type to a declared kind.
 *
 * @returns  null when the file's type cannot hold such values
 */
export function converterOf(leaf: ParquetLeaf, kind: FieldKind): Converter | null {
  if (leaf.isNested) return null;
  const make = CONVERTERS[storedType(leaf)]?.[kind];
  return make === undefined ? null : make(leaf);
}

/** What a column means, as far as conversions differ. */
type StoredType =
  | 'bool'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'uint64'
  | 'float'
  | 'string'
  | 'date'
  | 'millis'
  | 'micros'
  | 'nanos'
  | 'int96'
  | 'decimal'
  | 'binary'
  | 'other';

function storedType({ element }: ParquetLeaf): StoredType {
  const { type, converted_type: converted, logical_type: logical } = element;
  if (converted === 'DECIMAL' || logical?.type === 'DECIMAL') return 'decimal';
  switch (type) {
    case 'BOOLEAN':
      return 'bool';
    case 'FLOAT':
    case 'DOUBLE':
      return 'float';
    case 'INT96':
      return 'int96';
    case 'BYTE_ARRAY':
      return isText(converted, logical?.type) ? 'string' : 'binary';
    case 'FIXED_LEN_BYTE_ARRAY':
      return 'binary';
    case 'INT32':
    case 'INT64':
      return storedInteger(type, converted, logical);
    default:
      return 'other';
  }
}

function storedInteger(
  type: 'INT32' | 'INT64',
  converted: string | undefined,
  logical: ParquetLeaf['element']['logical_type'],
): StoredType {
  if (logical?.type === 'TIMESTAMP')
    return logical.unit === 'MILLIS' ? 'millis' : logical.unit === 'MICROS' ? 'micros' : 'nanos';
  if (converted === 'TIMESTAMP_MILLIS') return 'millis';
  if (converted === 'TIMESTAMP_MICROS') return 'micros';
  if (converted === 'DATE' || logical?.type === 'DATE') return 'date';
  if (logical?.type === 'TIME' || converted?.startsWith('TIME_')) return 'other';
  if (converted === 'UINT_64') return 'uint64';
  if (converted === 'UINT_32') return 'uint32';
  if (logical?.type === 'INTEGER' && !logical.isSigned && logical.bitWidth >= 32)
    return type === 'INT64' ? 'uint64' : 'uint32';
  return type === 'INT64' ? 'int64' : 'int32';
}

const isText = (converted: string | undefined, logical: string | undefined): boolean =>
  converted === 'UTF8' || converted === 'ENUM' || converted === 'JSON' || logical === 'STRING' ||
  logical === 'ENUM' || logical === 'JSON'; // biome-ignore format: two lines say it

type MakeConverter = (leaf: ParquetLeaf) => Converter;

/** By stored type, then by declared kind: every pair that is possible. */
const CONVERTERS: {
  readonly [S in StoredType]?: { readonly [K in FieldKind]?: MakeConverter };
} = {
  bool: { bool: () => fromBooleans },
  // biome-ignore format: a table
  int32: {
    int8:    () => (raw) => numbers(raw.length, new Int32Array(raw.length), (i) => raw[i], isInt8),
    int16:   () => (raw) => numbers(raw.length, new Int32Array(raw.length), (i) => raw[i], isInt16),
    int32:   () => (raw) => ({ values: raw as Int32Array, misfits: null }),
    uint32:  () => (raw) => numbers(raw.length, new Float64Array(raw.length), (i) => raw[i], isUint32),
    int64:   () => (raw) => ({ values: Float64Array.from(raw as Int32Array), misfits: null }),
    float64: () => (raw) => ({ values: Float64Array.from(raw as Int32Array), misfits: null }),
    bigint:  () => (raw) => ({ values: BigInt64Array.from(raw as Int32Array, BigInt), misfits: null }),
  },
  // biome-ignore format: a table
  uint32: {
    int8:    () => (raw) => numbers(raw.length, new Int32Array(raw.length), (i) => raw[i] >>> 0, isInt8),
    int16:   () => (raw) => numbers(raw.length, new Int32Array(raw.length), (i) => raw[i] >>> 0, isInt16),
    uint32:  () => (raw) => ({ values: Float64Array.from(raw as Int32Array, (v) => v >>> 0), misfits: null }),
    int32:   () => (raw) => numbers(raw.length, new Int32Array(raw.length), (i) => raw[i] >>> 0, isInt32),
    int64:   () => (raw) => ({ values: Float64Array.from(raw as Int32Array, (v) => v >>> 0), misfits: null }),
    float64: () => (raw) => ({ values: Float64Array.from(raw as Int32Array, (v) => v >>> 0), misfits: null }),
    bigint:  () => (raw) => ({ values: BigInt64Array.from(raw as Int32Array, (v) => BigInt(v >>> 0)), misfits: null }),
  },
  int64: {
    int32: () => int32FromInt64,
    uint32: () => uint32FromInt64,
    int64: () => safeFromInt64,
    float64: () => safeFromInt64,
    bigint: () => (raw) => ({ values: raw as BigInt64Array, misfits: null }),
  },
  uint64: {
    uint32: () => uint32FromInt64,
    int32: () => int32FromInt64, // a negative high half is a huge value and does not fit, as it should
    int64: () => safeFromUint64,
    float64: () => safeFromUint64,
    bigint: () => (raw) => ({ values: raw as BigInt64Array, misfits: maskOf<bigint>(raw, (v) => v < 0n) }),
  },
  float: {
    float32: () => (raw) => ({ values: Float64Array.from(raw as Float64Array, Math.fround), misfits: null }),
    float64: () => (raw) => ({ values: Float64Array.from(raw as Float64Array), misfits: null }),
  },
  string: { string: () => fromBytes, category: () => fromBytes },
  date: {
    timestamp: () => (raw) => ({
      values: Float64Array.from(raw as Int32Array, (days) => days * 86_400_000),
      misfits: null,
    }),
  },
  millis: { timestamp: () => safeFromInt64 },
  micros: { timestamp: () => (raw) => ({ values: fromMicros(raw), misfits: null }) },
  nanos: { timestamp: () => (raw) => ({ values: fromNanos(raw), misfits: null }) },
  int96: { timestamp: () => fromInt96 },
  decimal: { float64: fromDecimals },
  // The page they lie in is read again.
  binary: {
    bytes: () => (raw) => ({ values: Array.from(raw as Uint8Array[], (v) => v.slice()), misfits: null }),
  },
};

const isInt8 = (value: number): boolean => value === (value << 24) >> 24;
const isInt16 = (value: number): boolean => value === (value << 16) >> 16;
const isUint32 = (value: number): boolean => value === value >>> 0;

const isInt32 = (value: number): boolean => value === (value | 0);

function numbers(
  length: number,
  values: Int32Array | Float64Array,
  valueAt: (index: number) => number,
  fits: (value: number) => boolean,
): Converted {
  let misfits: Uint8Array | null = null;
  for (let i = 0; i < length; i++) {
    const value = valueAt(i);
    values[i] = value;
    if (!fits(value)) (misfits ??= new Uint8Array(length))[i] = 1;
  }
  return { values, misfits };
}

function maskOf<T>(raw: RawValues, isMisfit: (value: T) => boolean): Uint8Array | null {
  let mask: Uint8Array | null = null;
  for (let i = 0; i < raw.length; i++)
    if (isMisfit(raw[i] as T)) (mask ??= new Uint8Array(raw.length))[i] = 1;
  return mask;
}

/**
 * The low and high halves of 64-bit integers, at 2 i and 2 i + 1. Reading the values themselves would make a bigint
 * of each, which costs more than all else that is done with them.
 */
function halves(raw: RawValues): Int32Array {
  if (raw.length === 0) return new Int32Array(0);
  const wide = raw as BigInt64Array;
  return new Int32Array(wide.buffer, wide.byteOffset, wide.length * 2);
}

const TWO_32 = 4_294_967_296;

function int32FromInt64(raw: RawValues): Converted {
  const pairs = halves(raw);
  const values = new Int32Array(raw.length);
  let misfits: Uint8Array | null = null;
  for (let i = 0; i < values.length; i++) {
    const low = pairs[2 * i]!;
    values[i] = low;
    if (pairs[2 * i + 1]! !== low >> 31) (misfits ??= new Uint8Array(values.length))[i] = 1;
  }
  return { values, misfits };
}

function uint32FromInt64(raw: RawValues): Converted {
  const pairs = halves(raw);
  const fits = (value: number): boolean => value >= 0;
  return numbers(
    raw.length,
    new Float64Array(raw.length),
    (i) => (pairs[2 * i + 1] === 0 ? pairs[2 * i]! >>> 0 : -1),
    fits,
  );
}

/** A sum beyond the safe integers is rounded, but never to a safe one. */
function safeFromInt64(raw: RawValues): Converted {
  const pairs = halves(raw);
  const values = new Float64Array(raw.length);
  let misfits: Uint8Array | null = null;
  for (let i = 0; i < values.length; i++) {
    const value = pairs[2 * i + 1]! * TWO_32 + (pairs[2 * i]! >>> 0);
    values[i] = value;
    if (!Number.isSafeInteger(value)) (misfits ??= new Uint8Array(values.length))[i] = 1;
  }
  return { values, misfits };
}

function safeFromUint64(raw: RawValues): Converted {
  const pairs = halves(raw);
  return numbers(
    raw.length,
    new Float64Array(raw.length),
    (i) => (pairs[2 * i + 1]! >>> 0) * TWO_32 + (pairs[2 * i]! >>> 0),
    Number.isSafeInteger,
  );
}

/** Rounded down. With 2^32 = 4,294,967 * 1,000 + 296 every step is exact, also beyond the safe integers. */
function fromMicros(raw: RawValues): Float64Array {
  const pairs = halves(raw);
  const values = new Float64Array(raw.length);
  for (let i = 0; i < values.length; i++) {
    const high = pairs[2 * i + 1]!;
    values[i] = high * 4_294_967 + Math.floor((high * 296 + (pairs[2 * i]! >>> 0)) / 1_000);
  }
  return values;
}

/** Rounded down; 2^32 = 4,294 * 1,000,000 + 967,296. */
function fromNanos(raw: RawValues): Float64Array {
  const pairs = halves(raw);
  const values = new Float64Array(raw.length);
  for (let i = 0; i < values.length; i++) {
    const high = pairs[2 * i + 1]!;
    values[i] = high * 4_294 + Math.floor((high * 967_296 + (pairs[2 * i]! >>> 0)) / 1_000_000);
  }
  return values;
}

const JULIAN_DAY_OF_EPOCH = 2_440_588;

/** The timestamps of old Impala and Spark: nanoseconds of the day below, Julian day above. */
function fromInt96(raw: RawValues): Converted {
  const valueAt = (i: number): number => {
    const value = raw[i] as bigint;
    const days = Number(value >> 64n) - JULIAN_DAY_OF_EPOCH;
    return days * 86_400_000 + Math.floor(Number(value & 0xffff_ffff_ffff_ffffn) / 1_000_000);
  };
  return numbers(raw.length, new Float64Array(raw.length), valueAt, Number.isSafeInteger);
}

function fromBooleans(raw: RawValues): Converted {
  return { values: Array.from(raw as ArrayLike<unknown>, Boolean), misfits: null };
}

function fromBytes(raw: RawValues): Converted {
  const values = new Array<string>(raw.length);
  for (let i = 0; i < values.length; i++) {
    const { buffer, byteOffset, byteLength } = raw[i] as Uint8Array;
    values[i] = Buffer.from(buffer, byteOffset, byteLength).toString('utf8');
  }
  return { values, misfits: null };
}

/** Decimals become the nearest float64; their unscaled integer may be of any length. */
function fromDecimals({ element }: ParquetLeaf): Converter {
  const divisor = 10 ** (element.scale ?? 0);
  return (raw) => ({
    values: Float64Array.from(raw as ArrayLike<unknown>, (value) =>
      (value instanceof Uint8Array ? bigEndian(value) : Number(value)) / divisor,
    ),
    misfits: null,
  }); // biome-ignore format: as is
}

function bigEndian(bytes: Uint8Array): number {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return Number(BigInt.asIntN(bytes.length * 8, value));
}
