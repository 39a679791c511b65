import { SluiceError } from '../base/errors.js';
import { murmur3, murmur3End, murmur3Tail, murmur3Word, murmurEndText, murmurWordText } from './key.js';
import type { ScalarKind } from './schema.js';
import { type Fragment, linesText } from './source-text.js';
import { utf8Length, utf8Write } from './utf8.js';

/**
 * The hash of a key: a whole number of 32 bits or fewer is its own hash; of any other key it is murmur3 (32 bits,
 * seed 0) of the key's canonical bytes, as int32. It travels in the row header and decides the key group, so it is part
 * of what a snapshot means and the same in every thread, process and language.
 *
 *   declared kind         canonical bytes, little-endian
 *   bool                  4: int32 0 or 1
 *   int8, int16, int32    4: the int32
 *   uint32                4: the uint32
 *   int64, timestamp      8: the int64, two's complement
 *   bigint                8: the int64, two's complement
 *   float32, float64      8: IEEE 754; -0 as 0, every NaN as 7ff8000000000000
 *   string, category      its UTF-8, lone surrogates as U+FFFD
 *   bytes                 its bytes
 *   any, where null       1: a zero
 *
 * Fields of undeclared rows have no kind. Their values hash by what they are (kind `value`): a number that is
 * a whole number from -2^31 to 2^31 - 1 as int32, any other number as float64, and booleans, bigints, strings
 * and null as above; undefined as null. So the hash does not depend on the shape that was learned.
 *
 * Such a number needs no mixing because whoever spreads hashes mixes them anyway (key groups, tables), as in Flink,
 * where an Integer hashes to itself.
 *
 * A composite key is its fields' bytes one after another, in key order, each string and each bytes
 * preceded by its byte length as int32.
 */
export type HashKind = ScalarKind | 'value';

const SCRATCH_BYTES = 4096;
const WORD_BYTES = 4;
const CANONICAL_NAN = 0x7ff8_0000_0000_0000n;

/** Hash of a key of one null. */
const NULL_HASH = murmur3(new Uint8Array(1));

/** Name of the `KeyHasher` among the bindings of a view. */
export const HASHER_NAME = 'h';

/**
 * Hashes keys; it owns the scratch memory that takes, so each thread has its own.
 *
 * Generated code uses the public arrays to see the bits of a float64 or bigint: write `f64[0]` or `i64[0]`,
 * read `i32[0]` and `i32[1]`.
 */
export class KeyHasher {
  readonly f64 = new Float64Array(1);
  readonly i32 = new Int32Array(this.f64.buffer);
  readonly i64 = new BigInt64Array(this.f64.buffer);
  #scratch = new Uint8Array(SCRATCH_BYTES);
  #end = 0;

  /** Hash of a key of one string. Cost: about a nanosecond per character. */
  hashString(text: string): number {
    const { length } = text;
    let hash = 0;
    let i = 0;
    for (const last = length - 4; i <= last; i += 4) {
      const a = text.charCodeAt(i);
      const b = text.charCodeAt(i + 1);
      const c = text.charCodeAt(i + 2);
      const d = text.charCodeAt(i + 3);
      if ((a | b | c | d) > 0x7f) return this.#hashEncoded(text);
      hash = murmur3Word(hash, a | (b << 8) | (c << 16) | (d << 24));
    }
    let tail = 0;
    for (let shift = 0; i < length; i++, shift += 8) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) return this.#hashEncoded(text);
      tail |= code << shift;
    }
    return murmur3End(murmur3Tail(hash, tail), length);
  }

  /** Begins a composite key; fields follow in order, then `end`. */
  begin(): void {
    this.#end = 0;
  }

  addNull(): void {
    this.#room(1);
    this.#scratch[this.#end++] = 0;
  }

  addWord(word: number): void {
    this.#room(4);
    const into = this.#scratch;
    into[this.#end++] = word;
    into[this.#end++] = word >> 8;
    into[this.#end++] = word >> 16;
    into[this.#end++] = word >> 24;
  }

  addInteger(value: number): void {
    this.addWord(value | 0);
    this.addWord(Math.floor(value / 0x1_0000_0000) | 0);
  }

  addBigint(value: bigint): void {
    this.i64[0] = value;
    this.addWord(this.i32[0]!);
    this.addWord(this.i32[1]!);
  }

  addFloat(value: number): void {
    this.f64[0] = value + 0; // a 0 of -0
    if (Number.isNaN(value)) this.i64[0] = CANONICAL_NAN;
    this.addWord(this.i32[0]!);
    this.addWord(this.i32[1]!);
  }

  addString(text: string): void {
    const bytes = utf8Length(text);
    this.addWord(bytes);
    this.#room(bytes);
    this.#end = utf8Write(this.#scratch, text, this.#end);
  }

  addBytes(bytes: Uint8Array): void {
    this.addWord(bytes.length);
    this.#room(bytes.length);
    this.#scratch.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** Hash of a key of one bytes. */
  hashBytes(bytes: Uint8Array): number {
    return murmur3(bytes, 0, bytes.length);
  }

  /** @throws SluiceError RECORD_KEY_INVALID  the value is of a type that cannot be a key */
  addValue(value: unknown): void {
    if (value === null || value === undefined) this.addNull();
    else if (typeof value === 'number' && (value | 0) === value) this.addWord(value);
    else if (typeof value === 'number') this.addFloat(value);
    else if (typeof value === 'string') this.addString(value);
    else if (typeof value === 'boolean') this.addWord(value ? 1 : 0);
    else if (typeof value !== 'bigint') throw keyInvalid(`a value of type ${typeof value}`);
    else if (BigInt.asIntN(64, value) !== value) throw keyInvalid(`${value}n, outside the range of int64`);
    else this.addBigint(value);
  }

  end(): number {
    return murmur3(this.#scratch, 0, this.#end);
  }

  /** Hash of a key of one value of an undeclared row. */
  hashValue(value: unknown): number {
    if (typeof value === 'string') return this.hashString(value);
    if (typeof value === 'number' && (value | 0) === value) return value | 0;
    this.#end = 0;
    this.addValue(value);
    return this.end();
  }

  #hashEncoded(text: string): number {
    this.#end = 0;
    this.#room(utf8Length(text));
    return murmur3(this.#scratch, 0, utf8Write(this.#scratch, text, 0));
  }

  #room(bytes: number): void {
    if (this.#end + bytes <= this.#scratch.length) return;
    const larger = new Uint8Array(2 ** Math.ceil(Math.log2(this.#end + bytes)));
    larger.set(this.#scratch.subarray(0, this.#end));
    this.#scratch = larger;
  }
}

function keyInvalid(what: string): SluiceError {
  return new SluiceError('RECORD_KEY_INVALID', `a key is ${what}`);
}

/** The hash of a key, for code that is not generated. `kinds` and `values` are in key order. */
export function hashKey(hasher: KeyHasher, kinds: readonly HashKind[], values: readonly unknown[]): number {
  if (kinds.length === 1) {
    if (typeof values[0] === 'string') return hasher.hashString(values[0]);
    if (values[0] instanceof Uint8Array && kinds[0] === 'bytes') return hasher.hashBytes(values[0]);
    if (kinds[0] === 'value') return hasher.hashValue(values[0]);
    if (isWord(kinds[0]!) && values[0] !== null) return (values[0] as number) | 0;
  }
  hasher.begin();
  for (let i = 0; i < kinds.length; i++) addOfKind(hasher, kinds[i]!, values[i]);
  return hasher.end();
}

function addOfKind(hasher: KeyHasher, kind: HashKind, value: any): void {
  if (value === null) hasher.addNull();
  else if (kind === 'bool') hasher.addWord(value ? 1 : 0);
  else if (isWord(kind)) hasher.addWord(value);
  else if (kind === 'int64' || kind === 'timestamp') hasher.addInteger(value);
  else if (kind === 'bigint') hasher.addBigint(value);
  else if (kind === 'float32' || kind === 'float64') hasher.addFloat(value);
  else if (kind === 'bytes') hasher.addBytes(value);
  else if (kind === 'value') hasher.addValue(value);
  else hasher.addString(value);
}

/** A field of a key in generated code: `value` names a local variable. */
export interface HashedField {
  readonly kind: HashKind;
  readonly nullable: boolean;
  readonly value: string;
}

/**
 * Source of `hashKey`. Keys of fixed-width fields are hashed in place, with no call. Its free name is `h`, a
 * `KeyHasher`.
 *
 * @param local  prefix of the local variables made
 */
export function hashFragment(fields: readonly HashedField[], local: string): Fragment {
  const hash = `${local}h`;
  const single = fields.length === 1 ? fields[0]! : null;
  if (single !== null && isWord(single.kind) && !single.nullable) {
    const word = single.kind === 'uint32' ? `(${single.value} | 0)` : single.value;
    return { statements: '', expression: word };
  }
  if (single !== null && !isFixed(single)) return { statements: singleText(single, local), expression: hash };
  if (!fields.every(isFixed)) {
    const adds = fields.map((field) => addText(field));
    const statements = linesText([`h.begin();`, ...adds, `const ${hash} = h.end();`]);
    return { statements, expression: hash };
  }
  const lines: string[] = [];
  let bytes = 0;
  for (const field of fields) {
    const { before, words } = wordsText(field);
    lines.push(before);
    for (const word of words) {
      lines.push(murmurWordText(hash, word, bytes === 0));
      bytes += WORD_BYTES;
    }
  }
  lines.push(murmurEndText(hash, String(bytes)));
  return { statements: linesText(lines), expression: hash };
}

/** A key of one field that is a string, or may be null, or may be anything. */
function singleText(field: HashedField, local: string): string {
  const hash = `${local}h`;
  const { kind, nullable, value } = field;
  if (kind === 'value') return `const ${hash} = h.hashValue(${value});`;
  if (!nullable) return `const ${hash} = h.${kind === 'bytes' ? 'hashBytes' : 'hashString'}(${value});`;
  const inner = hashFragment([{ ...field, nullable: false }], `${local}n`);
  return linesText([
    `let ${hash} = ${NULL_HASH};`,
    `if (${value} !== null) {`,
    inner.statements,
    `${hash} = ${inner.expression};`,
    '}',
  ]);
}

function isFixed({ kind, nullable }: HashedField): boolean {
  return !nullable && kind !== 'string' && kind !== 'category' && kind !== 'bytes' && kind !== 'value';
}

/** Kinds whose values are one int32. */
function isWord(kind: HashKind): boolean {
  return kind === 'int32' || kind === 'int16' || kind === 'int8' || kind === 'uint32';
}

/** The int32 words of a fixed-width field. */
function wordsText({ kind, value }: HashedField): { before: string; words: readonly string[] } {
  const bits = [`h.i32[0]`, `h.i32[1]`];
  switch (kind) {
    case 'bool':
      return { before: '', words: [`(${value} ? 1 : 0)`] };
    case 'int64':
    case 'timestamp':
      return { before: '', words: [`(${value} | 0)`, `(Math.floor(${value} / 4294967296) | 0)`] };
    case 'bigint':
      return { before: `h.i64[0] = ${value};`, words: bits };
    case 'float32':
    case 'float64':
      return {
        before: `h.f64[0] = ${value} + 0; if (${value} !== ${value}) h.i64[0] = ${CANONICAL_NAN}n;`,
        words: bits,
      };
    default:
      return { before: '', words: [value] };
  }
}

function addText({ kind, nullable, value }: HashedField): string {
  const [method, suffix] = ADD_TEXT[kind];
  const add = `h.${method}(${value}${suffix});`;
  return nullable && kind !== 'value' ? `if (${value} === null) h.addNull(); else ${add}` : add;
}

const ADD_TEXT = {
  bool: ['addWord', ' ? 1 : 0'],
  int8: ['addWord', ''],
  int16: ['addWord', ''],
  int32: ['addWord', ''],
  uint32: ['addWord', ''],
  int64: ['addInteger', ''],
  timestamp: ['addInteger', ''],
  bigint: ['addBigint', ''],
  float32: ['addFloat', ''],
  float64: ['addFloat', ''],
  string: ['addString', ''],
  category: ['addString', ''],
  bytes: ['addBytes', ''],
  value: ['addValue', ''],
} as const satisfies Record<HashKind, readonly [method: string, suffix: string]>;
