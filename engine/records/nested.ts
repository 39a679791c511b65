import { SluiceError } from '../base/errors.js';
import { compile } from './compile.js';
import { nestedSource, typeFingerprint } from './nested-code.js';
import type { LayoutField, LayoutKind, RowView } from './row-layout.js';
import { isScalarKind, type NestedKind, type TypeSpec } from './schema.js';
import { StringCodec } from './strings.js';
import { takerSource } from './taker-code.js';

/** Values of nested types, by code generated for each type; see nested-code.ts and taker-code.ts. */

/** A field of a nested kind. */
export type NestedField = LayoutField & TypeSpec & { readonly kind: NestedKind };

export function isNestedKind(kind: LayoutKind): kind is NestedKind {
  return kind !== 'packed' && !isScalarKind(kind);
}

export function isNestedField<F extends LayoutField>(field: F): field is F & NestedField {
  return isNestedKind(field.kind);
}

/** Reads and writes values of one nested type in the memory of one view. */
export interface NestedCodec<T = unknown> {
  /**
   * Bytes that a value takes.
   *
   * @throws SluiceError RECORD_TOO_LARGE  more than 256 MiB
   */
  size(value: T): number;
  /** @param begin  byte offset, at any alignment; `size` bytes fit there */
  write(value: T, begin: number): void;
  read(begin: number): T;
}

/** Is told of a value that does not fit. */
export interface ValueReporter {
  /** @param field  its path, such as `items[3].price` */
  badField(site: number, field: string, expected: string, value: unknown): never;
  /** Reading it threw. */
  badAccess(site: number, field: string, error: unknown): never;
}

/**
 * Checks a value and makes a copy of plain data.
 *
 * @param site   handed on to the reporter
 * @param field  the name with which paths begin
 */
export type Taker<T = unknown> = (value: unknown, reporter: ValueReporter, site: number, field: string) => T;

/** Name of the taker of a field among the bindings of generated code. */
export function takerName(field: NestedField): string {
  return `take_${typeFingerprint(field)}`;
}

/** Name of the codec of a field among the bindings of generated code, without the prefix of the view. */
export function nestedName(field: NestedField): string {
  return `n_${typeFingerprint(field)}`;
}

/** Of any type. */
export function compileTaker(spec: TypeSpec): Taker {
  return compile(`take-${typeFingerprint(spec)}`, takerSource(spec), [], []);
}

export function nestedCodec(spec: TypeSpec, view: RowView): NestedCodec {
  const data = new DataView(view.u8.buffer);
  const values = [data, view.u8, new StringCodec(view), tooLarge];
  return compile(`nested-${typeFingerprint(spec)}`, nestedSource(spec), ['d', 'u8', 's', 'tooLarge'], values);
}

function tooLarge(bytes: number): never {
  throw new SluiceError(
    'RECORD_TOO_LARGE',
    `a nested value takes ${bytes} bytes; at most 256 MiB are possible`,
    {
      detail: { bytes },
    },
  );
}
