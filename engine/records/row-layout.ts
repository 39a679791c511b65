import { createHash } from 'node:crypto';
import { type FieldKind, type TypeParts, typeIdentity } from './schema.js';

/**
 * Rows as bytes.
 *
 *   offset  type  meaning
 *        0  i32   length of the whole row, a multiple of 8
 *        4  i32   hash of the key, 0 where the row has none
 *        8  f64   timestamp in milliseconds, -Infinity: none
 *       16        fixed part: 8-byte fields, slots, null words, 4-byte, 2-byte and 1-byte fields
 *                 variable part: the bytes of variable fields, one after another, padded to 8
 *
 * A slot of a variable field is i32 offset (from the start of the row) and i32 length word: 2 x byte length,
 * + 1 for a string whose bytes are all ASCII. Where the length word of a category is 0 and it is not null, no bytes
 * lie in the row, and the first word is an id instead; see categories.ts. A null word holds the null bits of 32
 * nullable fields. Offsets are relative to the row, so a row may be copied to any position that is a multiple of 8.
 * What lies in a slot of a nested kind: see nested-code.ts.
 */
export const ROW_HEADER_BYTES = 16;
export const ROW_LENGTH_OFFSET = 0;
export const ROW_HASH_OFFSET = 4;
export const ROW_TIMESTAMP_OFFSET = 8;
/** The timestamp of a row that has none. */
export const NO_TIMESTAMP = Number.NEGATIVE_INFINITY;

/** Views over one piece of memory, all starting at its first byte. Row positions are byte offsets into it. */
export interface RowView {
  readonly i32: Int32Array;
  readonly i16: Int16Array;
  readonly f32: Float32Array;
  readonly f64: Float64Array;
  readonly u8: Uint8Array;
  readonly i64: BigInt64Array;
  readonly buf: Buffer;
}

/** `packed` is a whole value as MessagePack; it exists only in the rows of undeclared streams. */
export type LayoutKind = FieldKind | 'packed';

export interface LayoutField {
  readonly name: string;
  readonly kind: LayoutKind;
  readonly nullable: boolean;
  readonly parts?: TypeParts;
}

/** A field and where it lies in a row. */
export interface PlacedField extends LayoutField {
  readonly index: number;
  /** Byte offset from the start of the row, of the value or of its slot. */
  readonly offset: number;
  /** Byte offset of the null word and the mask of its bit; -1 and 0 for a field that is never null. */
  readonly nullOffset: number;
  readonly nullMask: number;
}

export interface RowLayout {
  /** In declared order. */
  readonly fields: readonly PlacedField[];
  /** Bytes of header and fixed part, not padded. */
  readonly fixedBytes: number;
  /** Rows differ in length. */
  readonly isVariable: boolean;
  /** 16 hex digits; equal for layouts that read each other's rows. */
  readonly fingerprint: string;
}

// biome-ignore format: a table
const STORAGE = {
  //  kind      bytes  kept as
  bool:       [1, 'u8'],
  int8:       [1, 'i8'],
  int16:      [2, 'i16'],
  int32:      [4, 'i32'],
  uint32:     [4, 'u32'],
  float32:    [4, 'f32'],
  int64:      [8, 'f64'],
  timestamp:  [8, 'f64'],
  float64:    [8, 'f64'],
  bigint:     [8, 'i64'],
  string:     [8, 'slot'],
  category:   [8, 'slot'],
  bytes:      [8, 'slot'],
  record:     [8, 'slot'],
  list:       [8, 'slot'],
  map:        [8, 'slot'],
  union:      [8, 'slot'],
  packed:     [8, 'slot'],
} as const satisfies Record<LayoutKind, readonly [number, string]>;

export type Storage = (typeof STORAGE)[LayoutKind][1];

export function storageOf(kind: LayoutKind): Storage {
  return STORAGE[kind][1];
}

/** Fields whose bytes lie in the variable part. */
export function isVariableKind(kind: LayoutKind): boolean {
  return STORAGE[kind][1] === 'slot';
}

/** Places fields in a row. Equal fields in equal order give equal layouts in every thread. */
export function rowLayout(fields: readonly LayoutField[]): RowLayout {
  const offsets = new Array<number>(fields.length);
  let end = ROW_HEADER_BYTES;
  const place = (belongs: (storage: Storage) => boolean): void => {
    fields.forEach((field, index) => {
      if (!belongs(storageOf(field.kind))) return;
      offsets[index] = end;
      end += STORAGE[field.kind][0];
    });
  };
  place((storage) => storage === 'f64' || storage === 'i64');
  place((storage) => storage === 'slot');
  const nullWordsOffset = end;
  const nullable = fields.filter((field) => field.nullable);
  end += 4 * Math.ceil(nullable.length / 32);
  place((storage) => storage === 'i32' || storage === 'u32' || storage === 'f32');
  place((storage) => storage === 'i16');
  place((storage) => storage === 'u8' || storage === 'i8');

  const placed = fields.map(({ name, kind, nullable: isNullable, parts }, index): PlacedField => {
    const bit = nullable.indexOf(fields[index]!);
    return {
      name,
      kind,
      nullable: isNullable,
      ...(parts !== undefined && { parts }),
      index,
      offset: offsets[index]!,
      nullOffset: isNullable ? nullWordsOffset + 4 * (bit >>> 5) : -1,
      nullMask: isNullable ? 1 << (bit & 31) : 0,
    };
  });
  const identity = fields.map((field) => [field.name, ...typeIdentity(field)]);
  return {
    fields: placed,
    fixedBytes: end,
    isVariable: fields.some((field) => isVariableKind(field.kind)),
    fingerprint: createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 16),
  };
}

/** Bytes rounded up to a whole number of 8. */
export function alignRow(bytes: number): number {
  return (bytes + 7) & ~7;
}

/** The layout of rows that are one MessagePack value. */
export const PACKED_FIELD: LayoutField = { name: 'value', kind: 'packed', nullable: false };

/** Views over `memory`, whose length is a multiple of 8. */
export function rowView(memory: ArrayBufferLike): RowView {
  return {
    i32: new Int32Array(memory),
    i16: new Int16Array(memory),
    f32: new Float32Array(memory),
    f64: new Float64Array(memory),
    u8: new Uint8Array(memory),
    i64: new BigInt64Array(memory),
    buf: Buffer.from(memory),
  };
}

/** A layout as a table for people. */
export function printLayout(layout: RowLayout): string {
  const rows = [...layout.fields]
    .sort((a, b) => a.offset - b.offset)
    .map((field) => {
      const nulls = field.nullable
        ? `  null: bit ${Math.log2(field.nullMask >>> 0)} of i32 ${field.nullOffset}`
        : '';
      const place = `${String(field.offset).padStart(6)}  ${storageOf(field.kind).padEnd(4)}`;
      return `${place}  ${field.name}: ${field.kind}${nulls}`;
    });
  const size = layout.isVariable ? 'variable, from' : 'fixed,';
  return [`row ${layout.fingerprint}: ${size} ${alignRow(layout.fixedBytes)} bytes`, ...rows].join('\n');
}
