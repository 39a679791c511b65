import { createHash } from 'node:crypto';
import {
  type FieldSpec,
  isScalarKind,
  type ScalarKind,
  type TypeSpec,
  typeIdentity,
  VALUE_BYTES_MAX,
  type Variant,
} from './schema.js';
import { keyText, linesText, memberText } from './source-text.js';

/**
 * Source that measures, writes and reads values of one nested type: a function per record, list, map and union inside
 * it, so that each sees one kind of value. The values are as takers made them.
 *
 * In a row the bytes of a value lie one after another, little-endian, at no alignment:
 *
 *   nullable         1 byte, 0: null, with nothing behind it; 1: the value follows
 *   bool, int8       1 byte
 *   int16            2 bytes
 *   int32 … float32  4 bytes
 *   others of a number  8 bytes: f64, of a bigint i64
 *   string, category i32 length word, and the bytes
 *   bytes            i32 length, and the bytes
 *   record           its fields in order
 *   list             i32 number of items, and the items
 *   map              i32 number of entries, and each key as a string, and its value
 *   union            1 byte, number of the variant, and its fields
 */

/** Equal for types whose values have the same bytes, null aside. */
export function typeFingerprint(spec: TypeSpec): string {
  const identity = JSON.stringify(typeIdentity({ ...spec, nullable: false }));
  return createHash('sha256').update(identity).digest('hex').slice(0, 16);
}

/** Source of `{ size(value), write(value, at), read(at) }`. Its free names: `d`, a DataView, `u8`, `s`, `tooLarge`. */
export function nestedSource(spec: TypeSpec): string {
  return new NestedCode().source(spec);
}

// biome-ignore format: a table
const FIXED: { readonly [K in ScalarKind]?: readonly [bytes: number, accessor: string] } = {
  bool:      [1, 'Uint8'],
  int8:      [1, 'Int8'],
  int16:     [2, 'Int16'],
  int32:     [4, 'Int32'],
  uint32:    [4, 'Uint32'],
  float32:   [4, 'Float32'],
  int64:     [8, 'Float64'],
  timestamp: [8, 'Float64'],
  float64:   [8, 'Float64'],
  bigint:    [8, 'BigInt64'],
};

/** Bytes of every value of the type; null: they differ. */
function fixedBytes({ kind, nullable }: TypeSpec): number | null {
  return nullable || !isScalarKind(kind) ? null : (FIXED[kind]?.[0] ?? null);
}

class NestedCode {
  readonly #functions: string[] = [];
  #count = 0;

  source(spec: TypeSpec): string {
    const root = this.#functionsOf(spec);
    return linesText([
      'let at = 0;',
      ...this.#functions,
      'return {',
      `size(value) { const bytes = size${root}(value); return bytes > ${VALUE_BYTES_MAX} ? tooLarge(bytes) : bytes; },`,
      `write(value, begin) { at = begin; write${root}(value); },`,
      `read(begin) { at = begin; return read${root}(); },`,
      '};',
    ]);
  }

  /** Number of the three functions of a nested type: `size0(v)`, `write0(v)` and `read0()`; the latter two at `at`. */
  #functionsOf({ kind, parts }: TypeSpec): number {
    const n = this.#count++;
    if (parts === undefined) throw new Error(`${kind} has no parts`);
    let bodies: readonly [size: string, write: string, read: string];
    if ('fields' in parts) bodies = this.#record(parts.fields, '');
    else if ('variants' in parts) bodies = this.#union(parts.tag, parts.variants);
    else bodies = kind === 'list' ? this.#list(parts.item) : this.#map(parts.item);
    const [size, write, read] = bodies;
    this.#functions.push(`function size${n}(v) {\n${size}\n}`);
    this.#functions.push(`function write${n}(v) {\n${write}\n}`);
    this.#functions.push(`function read${n}() {\n${read}\n}`);
    return n;
  }

  #record(fields: readonly FieldSpec[], tag: string): [string, string, string] {
    const codes = fields.map((field, i) => this.#value(field, memberText('v', field.name), `x${i}`));
    const members = fields.map((field, i) => `${keyText(field.name)}: x${i}`);
    const literal = `{ ${[...(tag === '' ? [] : [tag]), ...members].join(', ')} }`;
    return [
      `return ${[tag === '' ? '0' : '1', ...codes.map(({ size }) => size)].join(' + ')};`,
      linesText(codes.map(({ write }) => write)),
      linesText([...codes.map(({ read }) => read), `return ${literal};`]),
    ];
  }

  #union(tag: string, variants: readonly Variant[]): [string, string, string] {
    const bodies = variants.map(({ name, fields }) =>
      this.#record(fields, `${keyText(tag)}: ${JSON.stringify(name)}`),
    );
    const byName = (body: (i: number) => string): string =>
      linesText([
        `switch (${memberText('v', tag)}) {`,
        ...variants.map(({ name }, i) => `case ${JSON.stringify(name)}: {\n${body(i)}\n}`),
        '}',
      ]);
    return [
      byName((i) => bodies[i]![0]),
      byName((i) => `d.setUint8(at, ${i}); at += 1;\n${bodies[i]![1]}\nreturn;`),
      linesText([
        'const variant = d.getUint8(at); at += 1;',
        'switch (variant) {',
        ...variants.map((_, i) => `case ${i}: {\n${bodies[i]![2]}\n}`),
        '}',
      ]),
    ];
  }

  #list(item: TypeSpec): [string, string, string] {
    const { size, write, read } = this.#value(item, 'v[i]', 'x');
    const fixed = fixedBytes(item);
    const sum = `let bytes = 4;\nfor (let i = 0; i < v.length; i++) bytes += ${size};\nreturn bytes;`;
    return [
      fixed === null ? sum : `return 4 + ${fixed} * v.length;`,
      `d.setInt32(at, v.length, true); at += 4;\nfor (let i = 0; i < v.length; i++) {\n${write}\n}`,
      linesText([
        'const n = d.getInt32(at, true); at += 4;',
        `const r = [];\nfor (let i = 0; i < n; i++) {\n${read}\nr.push(x);\n}\nreturn r;`,
      ]),
    ];
  }

  #map(item: TypeSpec): [string, string, string] {
    const key = this.#value({ kind: 'string', nullable: false }, 'k', 'key');
    const value = this.#value(item, 'e', 'x');
    return [
      `let bytes = 4;\nfor (const [k, e] of v) bytes += ${key.size} + ${value.size};\nreturn bytes;`,
      linesText([
        'd.setInt32(at, v.size, true); at += 4;',
        `for (const [k, e] of v) {\n${key.write}\n${value.write}\n}`,
      ]),
      linesText([
        'const n = d.getInt32(at, true); at += 4;',
        `const r = new Map();\nfor (let i = 0; i < n; i++) {\n${key.read}\n${value.read}\nr.set(key, x);\n}\nreturn r;`,
      ]),
    ];
  }

  /**
   * A value inside another: an expression of its bytes, statements that write it at `at`, and statements that declare
   * the local `into` with what is read there.
   */
  #value(spec: TypeSpec, value: string, into: string): { size: string; write: string; read: string } {
    const { size, write, read } = this.#present(spec, value, into);
    if (!spec.nullable) return { size, write, read: `const ${read}` };
    return {
      size: `(${value} === null ? 1 : 1 + ${size})`,
      write: `if (${value} === null) { d.setUint8(at, 0); at += 1; } else { d.setUint8(at, 1); at += 1; ${write} }`,
      read: `let ${into} = null;\nat += 1;\nif (d.getUint8(at - 1) !== 0) { ${read} }`,
    };
  }

  #present(
    { kind, parts }: TypeSpec,
    value: string,
    into: string,
  ): { size: string; write: string; read: string } {
    if (!isScalarKind(kind)) {
      const n = this.#functionsOf({ kind, nullable: false, ...(parts !== undefined && { parts }) });
      return { size: `size${n}(${value})`, write: `write${n}(${value});`, read: `${into} = read${n}();` };
    }
    const fixed = FIXED[kind];
    if (fixed !== undefined) {
      const [bytes, accessor] = fixed;
      const stored = kind === 'bool' ? `${value} ? 1 : 0` : value;
      const got = `d.get${accessor}(at, true)`;
      return {
        size: String(bytes),
        write: `d.set${accessor}(at, ${stored}, true); at += ${bytes};`,
        read: `${into} = ${kind === 'bool' ? `${got} !== 0` : got}; at += ${bytes};`,
      };
    }
    if (kind === 'bytes') {
      return {
        size: `4 + ${value}.length`,
        write: `d.setInt32(at, ${value}.length, true); u8.set(${value}, at + 4); at += 4 + ${value}.length;`,
        read: `${into} = u8.slice(at + 4, at + 4 + d.getInt32(at, true)); at += 4 + ${into}.length;`,
      };
    }
    const reader = kind === 'category' ? 'readInterned' : 'read';
    return {
      size: `4 + (s.measure(${value}) >> 1)`,
      write: `{ const word = s.measure(${value}); d.setInt32(at, word, true); s.write(${value}, at + 4, word); at += 4 + (word >> 1); }`,
      read: `${into} = s.${reader}(at + 4, d.getInt32(at, true)); at += 4 + (d.getInt32(at, true) >> 1);`,
    };
  }
}
