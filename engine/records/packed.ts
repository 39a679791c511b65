import { createRequire } from 'node:module';
import type { Packr } from 'msgpackr';
import { SluiceError } from '../base/errors.js';
import { valueText } from '../base/record-text.js';
import type { RowView } from './row-layout.js';

/**
 * Values as MessagePack, for the rows of undeclared streams that have no flat shape.
 *
 * Comes back as it was: null, undefined, booleans, numbers (-0 and NaN too), bigints, strings, Date, RegExp,
 * Error, Map, Set, arrays, ArrayBuffer, typed arrays, plain objects, also where they contain each other or
 * themselves. A hole in an array comes back as undefined, an object without prototype as a plain one. Members whose
 * key is a symbol are left out. Values are at most 100 deep, and strings are well formed.
 */
export class PackedCodec {
  readonly #view: Pick<RowView, 'buf'>;
  #packr: Packr | null = null;

  constructor(view: Pick<RowView, 'buf'>) {
    this.#view = view;
  }

  /**
   * The bytes of a value, valid until the next call.
   *
   * @throws SluiceError RECORD_FIELD_INVALID  it contains what cannot travel; the message names the field
   */
  pack(value: unknown): Uint8Array {
    const found = { negativeZero: false };
    check(value, [], found, new Set());
    this.#packr ??= createPackr();
    return this.#packr.pack(found.negativeZero ? withoutNegativeZero(value, new Map()) : value);
  }

  /** @param at  byte offset into the view */
  unpack(at: number, length: number): any {
    this.#packr ??= createPackr();
    // A private copy: what is decoded may keep the bytes it was decoded from.
    return this.#packr.unpack(Buffer.from(this.#view.buf.subarray(at, at + length)));
  }
}

/** Stands for -0, which MessagePack has as 0. */
class NegativeZero {}
const NEGATIVE_ZERO = new NegativeZero();
const NEGATIVE_ZERO_TYPE = 0x2d;

let library: typeof import('msgpackr') | null = null;

/** The library takes some milliseconds to load, and most jobs never need it. */
function createPackr(): Packr {
  if (library === null) {
    library = createRequire(import.meta.url)('msgpackr') as typeof import('msgpackr');
    library.addExtension({
      Class: NegativeZero,
      type: NEGATIVE_ZERO_TYPE,
      pack: () => Buffer.alloc(1),
      unpack: () => -0,
    } as never);
  }
  return new library.Packr({ useRecords: true, structuredClone: true });
}

/** Refuses what would come back as something else; the path is that of the member being looked at. */
function check(value: unknown, path: string[], found: { negativeZero: boolean }, seen: Set<object>): void {
  switch (typeof value) {
    case 'number':
      if (Object.is(value, -0)) found.negativeZero = true;
      return;
    case 'string':
      if (!value.isWellFormed()) throw invalid(path, 'a string with half of a surrogate pair');
      return;
    case 'function':
    case 'symbol':
      throw invalid(path, `a ${typeof value}`);
    case 'object':
      if (value !== null && !seen.has(value)) checkObject(value, path, found, seen);
  }
}

function checkObject(
  value: object,
  path: string[],
  found: { negativeZero: boolean },
  seen: Set<object>,
): void {
  seen.add(value);
  const prototype = Object.getPrototypeOf(value);
  if (Array.isArray(value) && prototype === Array.prototype) {
    for (let i = 0; i < value.length; i++) checkMember(value[i], String(i), path, found, seen);
    return;
  }
  if (prototype === Object.prototype || prototype === null) {
    for (const key of Object.keys(value)) {
      if (key === '__proto__') throw invalid([...path, key], 'a member that every object has');
      checkMember(memberOf(value as Record<string, unknown>, key, path), key, path, found, seen);
    }
    return;
  }
  if (prototype === Map.prototype) {
    for (const [key, item] of value as Map<unknown, unknown>) {
      checkMember(key, 'a key', path, found, seen);
      // Of some objects `String` throws.
      checkMember(item, typeof key === 'object' ? 'an item' : String(key), path, found, seen);
    }
    return;
  }
  if (prototype === Set.prototype) {
    for (const item of value as Set<unknown>) checkMember(item, 'an item', path, found, seen);
    return;
  }
  if (!isPlainData(value, prototype)) {
    throw invalid(path, `an instance of ${prototype?.constructor?.name ?? 'a class'}`);
  }
}

function memberOf(object: Readonly<Record<string, unknown>>, key: string, path: readonly string[]): unknown {
  try {
    return object[key];
  } catch (error) {
    const field = [...path, key].join('.');
    const text = `field ${field} cannot be read: ${valueText(error, 80)}`;
    throw new SluiceError('RECORD_FIELD_INVALID', text, { detail: { field }, cause: error });
  }
}

function checkMember(
  value: unknown,
  key: string,
  path: string[],
  found: { negativeZero: boolean },
  seen: Set<object>,
): void {
  path.push(key);
  if (path.length > DEPTH_MAX) throw invalid(path, `nested more than ${DEPTH_MAX} deep`);
  check(value, path, found, seen);
  path.pop();
}

/** What contains values to this depth; reading and writing them calls itself. */
const DEPTH_MAX = 100;

const PLAIN_PROTOTYPES: ReadonlySet<unknown> = new Set([
  Date.prototype,
  RegExp.prototype,
  ArrayBuffer.prototype,
  Buffer.prototype,
  Error.prototype,
  TypeError.prototype,
  RangeError.prototype,
]);

function isPlainData(value: object, prototype: unknown): boolean {
  return PLAIN_PROTOTYPES.has(prototype) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

/** The same value with a stand-in for each -0; what contains none is kept. */
function withoutNegativeZero(value: unknown, copies: Map<object, unknown>): unknown {
  if (Object.is(value, -0)) return NEGATIVE_ZERO;
  if (typeof value !== 'object' || value === null) return value;
  const known = copies.get(value);
  if (known !== undefined) return known;
  if (Array.isArray(value)) {
    const copy: unknown[] = [];
    copies.set(value, copy);
    for (const item of value) copy.push(withoutNegativeZero(item, copies));
    return copy;
  }
  if (value instanceof Map) {
    const copy = new Map<unknown, unknown>();
    copies.set(value, copy);
    for (const [key, item] of value) {
      copy.set(withoutNegativeZero(key, copies), withoutNegativeZero(item, copies));
    }
    return copy;
  }
  if (value instanceof Set) {
    const copy = new Set<unknown>();
    copies.set(value, copy);
    for (const item of value) copy.add(withoutNegativeZero(item, copies));
    return copy;
  }
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  const copy: Record<string, unknown> = {};
  copies.set(value, copy);
  for (const [key, item] of Object.entries(value)) copy[key] = withoutNegativeZero(item, copies);
  return copy;
}

function invalid(path: readonly string[], what: string): SluiceError {
  const field = path.length === 0 ? 'the record itself' : `field ${path.join('.')}`;
  return new SluiceError('RECORD_FIELD_INVALID', `${field} is ${what}, which cannot travel between threads`, {
    detail: { field: path.join('.') },
  });
}
