import { assert } from '../base/assert.js';
import { isNestedField, isNestedKind, nestedCodec, nestedName, takerName } from './nested.js';
import { PackedCodec } from './packed.js';
import {
  alignRow,
  isVariableKind,
  type LayoutField,
  type LayoutKind,
  type PlacedField,
  ROW_HASH_OFFSET,
  ROW_LENGTH_OFFSET,
  ROW_TIMESTAMP_OFFSET,
  type RowLayout,
  type RowView,
  type Storage,
  storageOf,
} from './row-layout.js';
import { keptScalarText, misfitText } from './scalar-code.js';
import { FIELD_KINDS, type ScalarKind, VALUE_BYTES_MAX } from './schema.js';
import { type Fragment, keyText, linesText, plusText } from './source-text.js';
import { StringCodec } from './strings.js';

/** The local variable (or a pure expression) that holds a field's value. */
export type ValueOf = (field: PlacedField) => string;

/** Expressions of what goes into the header of a row. */
export interface HeaderText {
  readonly length: string;
  readonly hash: string;
  readonly ts: string;
}

/**
 * Source that reads and writes rows of one layout, in pieces: whoever fuses a chain of operators into one
 * function puts them where they are needed.
 *
 * The free names of the pieces are those of `viewBindings` with the prefix `view`, so that pieces for several
 * views can stand in one function. A position is an expression of a byte offset into the view, a multiple of
 * 8; it is repeated, so it is the name of a variable. Statements that declare locals belong in a block of
 * their own; the names of the locals begin with the prefix and `$`.
 */
export class RowCodec {
  readonly layout: RowLayout;
  readonly #view: string;

  constructor(layout: RowLayout, options: { readonly view?: string } = {}) {
    this.layout = layout;
    this.#view = options.view ?? '';
  }

  /** What the free names that stand for nested types are bound to, for the codec's view. */
  nestedBindings(view: RowView): Readonly<Record<string, unknown>> {
    const nested = this.layout.fields.filter(isNestedField);
    return Object.fromEntries(
      nested.map((field) => [`${this.#view}${nestedName(field)}`, nestedCodec(field, view)]),
    );
  }

  field(name: string): PlacedField {
    const field = this.layout.fields.find((each) => each.name === name);
    assert(field !== undefined, () => `a row has the field ${name}`);
    return field;
  }

  /**
   * An expression of the field's value in the row at `p`.
   *
   * @param isInterned  strings come from the cache of repeated strings, as those of category do
   */
  readExpr(field: PlacedField, p: string, isInterned = field.kind === 'category'): string {
    const value = this.#readValue(field, p, isInterned);
    return field.nullable ? `(${this.#isNull(field, p)} ? null : ${value})` : value;
  }

  /** An object literal of the given fields, in the given order; by default all of them in layout order. */
  objectExpr(p: string, fields: readonly PlacedField[] = this.layout.fields): string {
    return `{ ${fields.map((field) => `${keyText(field.name)}: ${this.readExpr(field, p)}`).join(', ')} }`;
  }

  hashExpr(p: string): string {
    return this.#at('i32', p, ROW_HASH_OFFSET);
  }

  timestampExpr(p: string): string {
    return this.#at('f64', p, ROW_TIMESTAMP_OFFSET);
  }

  /**
   * Measures the variable fields; the expression is the length of the whole row, a constant for rows of
   * fixed size.
   */
  sizeStatements(values: ValueOf): Fragment {
    const { fields, fixedBytes, isVariable } = this.layout;
    if (!isVariable) return { statements: '', expression: String(alignRow(fixedBytes)) };
    const lines: string[] = [];
    let sum = String(fixedBytes + 7);
    for (const field of fields) {
      if (!isVariableKind(field.kind)) continue;
      const word = this.#local('w', field);
      const value = values(field);
      if (field.kind === 'packed') {
        const packed = this.#local('b', field);
        lines.push(
          `const ${packed} = ${this.#view}x.pack(${value});`,
          `const ${word} = 2 * Math.min(${packed}.length, ${VALUE_BYTES_MAX});`,
        );
      } else {
        let measured = `${this.#view}s.measure(${value})`;
        if (field.kind === 'bytes') measured = `2 * ${value}.length`;
        if (isNestedField(field)) measured = `2 * ${this.#view}${nestedName(field)}.size(${value})`;
        lines.push(`const ${word} = ${field.nullable ? `${value} === null ? 0 : ${measured}` : measured};`);
      }
      sum += ` + (${word} >> 1)`;
    }
    // Each is at most VALUE_BYTES_MAX: a sum that could pass 32 bits would come out small, and the row would not fit.
    const canOverflow =
      fields.filter(({ kind }) => isVariableKind(kind)).length * VALUE_BYTES_MAX + fixedBytes >= 2 ** 31;
    const bytes = canOverflow ? `Math.min(${sum}, ${2 ** 31 - 8})` : `(${sum})`;
    return { statements: linesText(lines), expression: `(${bytes} & -8)` };
  }

  /** Writes the row at `p`; those of `sizeStatements` have run in the same scope, and the row fits. */
  writeStatements(p: string, values: ValueOf, header: HeaderText): string {
    const { fields, fixedBytes, isVariable } = this.layout;
    const lines = [
      `${this.#at('i32', p, ROW_LENGTH_OFFSET)} = ${header.length};`,
      `${this.#at('i32', p, ROW_HASH_OFFSET)} = ${header.hash};`,
      `${this.#at('f64', p, ROW_TIMESTAMP_OFFSET)} = ${header.ts};`,
      ...this.#nullWords(p, values),
    ];
    const end = `${this.#view}$end`;
    if (isVariable) lines.push(`let ${end} = ${plusText(p, fixedBytes)};`);
    for (const field of fields) {
      const value = values(field);
      if (!isVariableKind(field.kind)) lines.push(this.#writeValue(field, p, value));
      else lines.push(...this.#writeSlot(field, p, value, end));
    }
    return linesText(lines);
  }

  /**
   * Verifies that values made by user code fit the declared kinds; `expectedOf` says in words what would fit.
   *
   * @param fail  a statement for a value of this field that does not fit
   */
  checkStatements(values: ValueOf, fail: (field: PlacedField) => string): string {
    return linesText(
      this.layout.fields.map((field) => {
        const value = values(field);
        const misfit = misfitText(field.kind, value);
        if (misfit === '') return '';
        const condition = field.nullable ? `${value} !== null && (${misfit})` : misfit;
        return `if (${condition}) { ${fail(field)} }`;
      }),
    );
  }

  /** One word of null bits per 32 nullable fields. */
  #nullWords(p: string, values: ValueOf): string[] {
    const bits = new Map<number, string[]>();
    for (const field of this.layout.fields) {
      if (!field.nullable) continue;
      const bit = `(${values(field)} === null ? ${field.nullMask} : 0)`;
      bits.set(field.nullOffset, [...(bits.get(field.nullOffset) ?? []), bit]);
    }
    return [...bits].map(([offset, terms]) => `${this.#at('i32', p, offset)} = ${terms.join(' | ')};`);
  }

  #readValue(field: PlacedField, p: string, isInterned: boolean): string {
    const storage = storageOf(field.kind);
    if (storage !== 'slot') {
      const stored = this.#at(ARRAY_OF[storage], p, field.offset);
      if (storage === 'u8') return `(${stored} !== 0)`;
      if (storage === 'i8') return `(${stored} << 24 >> 24)`;
      return storage === 'u32' ? `(${stored} >>> 0)` : stored;
    }
    const begin = `${p} + ${this.#at('i32', p, field.offset)}`;
    const word = this.#at('i32', p, field.offset + 4);
    if (isNestedField(field)) return `${this.#view}${nestedName(field)}.read(${begin})`;
    // A copy, and never of shared memory.
    if (field.kind === 'bytes') return `${this.#view}u8.slice(${begin}, ${begin} + (${word} >> 1))`;
    if (field.kind === 'packed') return `${this.#view}x.unpack(${begin}, ${word} >> 1)`;
    return `${this.#view}s.${isInterned ? 'readInterned' : 'read'}(${begin}, ${word})`;
  }

  #writeValue(field: PlacedField, p: string, value: string): string {
    const storage = storageOf(field.kind);
    const target = this.#at(storage === 'slot' ? 'i32' : ARRAY_OF[storage], p, field.offset);
    if (storage === 'u8') return `${target} = ${value} ? 1 : 0;`;
    if (!field.nullable) return `${target} = ${value};`;
    return `${target} = ${value} === null ? ${storage === 'i64' ? '0n' : '0'} : ${value};`;
  }

  #writeSlot(field: PlacedField, p: string, value: string, end: string): string[] {
    const word = this.#local('w', field);
    let write = `${this.#view}s.write(${value}, ${end}, ${word});`;
    if (field.kind === 'packed') write = `${this.#view}u8.set(${this.#local('b', field)}, ${end});`;
    if (isNestedField(field)) write = `${this.#view}${nestedName(field)}.write(${value}, ${end});`;
    if (field.kind === 'bytes') write = `${this.#view}u8.set(${value}, ${end});`;
    return [
      `${this.#at('i32', p, field.offset)} = ${end} - ${p};`,
      `${this.#at('i32', p, field.offset + 4)} = ${word};`,
      field.nullable ? `if (${value} !== null) ${write}` : write,
      `${end} += ${word} >> 1;`,
    ];
  }

  #isNull(field: PlacedField, p: string): string {
    return `(${this.#at('i32', p, field.nullOffset)} & ${field.nullMask}) !== 0`;
  }

  /** An element of one of the view's arrays; `offset` is a multiple of the element's size. */
  #at(array: keyof typeof SHIFT_OF, p: string, offset: number): string {
    const shift = SHIFT_OF[array];
    const base = shift === 0 ? p : `(${p} >> ${shift})`;
    return `${this.#view}${array}[${plusText(base, offset >> shift)}]`;
  }

  #local(letter: string, field: PlacedField): string {
    return `${this.#view}$${letter}${field.index}`;
  }
}

/** log2 of the bytes of an element. */
const SHIFT_OF = { i32: 2, i16: 1, f32: 2, f64: 3, u8: 0, i64: 3 } as const;

/** The array that holds what is stored so; arithmetic makes up for a sign that differs. */
const ARRAY_OF: Readonly<Record<Exclude<Storage, 'slot'>, keyof typeof SHIFT_OF>> = {
  ...{ f64: 'f64', i64: 'i64', i32: 'i32', u32: 'i32', f32: 'f32', i16: 'i16', u8: 'u8', i8: 'u8' },
};

/**
 * What the free names of generated code are bound to, for one view, each with the prefix: the arrays `i32 i16
 * f32 f64 u8 i64`, the codec of strings `s`, and the codec of packed values `x`.
 */
export function viewBindings(view: RowView, prefix = ''): Readonly<Record<string, unknown>> {
  return {
    [`${prefix}i32`]: view.i32,
    [`${prefix}i16`]: view.i16,
    [`${prefix}f32`]: view.f32,
    [`${prefix}f64`]: view.f64,
    [`${prefix}u8`]: view.u8,
    [`${prefix}i64`]: view.i64,
    [`${prefix}s`]: new StringCodec(view),
    [`${prefix}x`]: new PackedCodec(view),
  };
}

/** What values a field accepts, in words. */
export function expectedOf({ kind, nullable }: LayoutField): string {
  const expected = kind === 'packed' ? 'any value' : FIELD_KINDS[kind];
  return nullable ? `${expected}; or null` : expected;
}

/** Whether a value of the kind can be changed by whoever holds it, so that each holder needs its own. */
export function isMutableKind(kind: LayoutKind): boolean {
  return kind === 'bytes' || isNestedKind(kind);
}

/**
 * Text of a value as its field keeps it: floats rounded to their size, and a copy of what can be changed.
 *
 * @param value  of a scalar kind it fits; of a nested kind it may be anything, and is checked
 * @param report  a ValueReporter and a number for it: `core, 5`
 */
export function keptText(field: LayoutField, value: string, report: string): string {
  const { kind, nullable } = field;
  if (kind !== 'float32' && !isMutableKind(kind)) return value;
  const kept = isNestedField(field)
    ? `${takerName(field)}(${value}, ${report}, ${JSON.stringify(field.name)})`
    : keptScalarText(kind as ScalarKind, value);
  return nullable ? `(${value} === null ? null : ${kept})` : kept;
}
