import { assert } from '../base/assert.js';
import { CategoryCode } from './category-code.js';
import { isNestedField, nestedCodec, nestedName } from './nested.js';
import { PackedCodec } from './packed.js';
import {
  alignRow,
  isVariableKind,
  type PlacedField,
  ROW_HASH_OFFSET,
  ROW_LENGTH_OFFSET,
  ROW_TIMESTAMP_OFFSET,
  type RowLayout,
  type RowView,
  type Storage,
  storageOf,
} from './row-layout.js';
import { takenMisfitText } from './scalar-code.js';
import { VALUE_BYTES_MAX } from './schema.js';
import { type Fragment, linesText, plusText } from './source-text.js';
import { charsText, runsOf, textOrEmpty } from './string-runs.js';
import { StringCodec } from './strings.js';

/** The local variable (or a pure expression) that holds a field's value. */
export type ValueOf = (field: PlacedField) => string;

/** The condition under which so many bytes, an expression, may be asked for although fewer will do. */
export type Roomy = (bytes: string) => string;

/** Fewer characters are measured and written string by string; measured with Node 20. */
const AT_ONCE_MIN = 40;

/** Statements that read ahead, and by name the expressions of the fields for which they do. */
export interface ReadTogether {
  readonly statements: string;
  readonly exprs: ReadonlyMap<string, string>;
}

/** Expressions of what goes into the header of a row. */
export interface HeaderText {
  /** A variable: of a row with strings it is set to what the row takes in the end. */
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
  readonly categories: CategoryCode;
  readonly #view: string;

  /** @param options.hasIds  values of categories may lie in rows as ids; without, all are strings */
  constructor(layout: RowLayout, options: { readonly view?: string; readonly hasIds?: boolean } = {}) {
    this.layout = layout;
    this.#view = options.view ?? '';
    this.categories = new CategoryCode(layout, this.#view, options.hasIds ?? false);
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
    return this.#orNull(field, p, this.#readValue(field, p, isInterned));
  }

  /**
   * As `readExpr` for several fields that are read in any case: strings that lie next to each other are read at once.
   *
   * @param fresh  a local name that is not taken yet
   */
  readTogether(fields: readonly PlacedField[], p: string, fresh: (hint: string) => string): ReadTogether {
    const lines: string[] = [];
    const exprs = new Map<string, string>();
    const strings = fields.filter(({ kind }) => kind === 'string');
    for (const run of runsOf(this.layout, strings)) {
      if (run.length === 1) continue;
      const slots = run.map((field) => {
        const at = fresh('at');
        const word = fresh('word');
        const slot = this.slotExprs(field, p);
        lines.push(`const ${at} = ${slot.begin}, ${word} = ${slot.word};`);
        return { field, at, word };
      });
      const first = slots[0]!.at;
      const last = slots.at(-1)!;
      const text = fresh('run');
      const words = slots.map(({ word }) => word).join(' & ');
      lines.push(
        `const ${text} = ${this.#view}s.readRun(${first}, ${last.at} + (${last.word} >> 1), ${words});`,
      );
      for (const { field, at, word } of slots) {
        exprs.set(
          field.name,
          this.#orNull(field, p, `${this.#view}s.ofRun(${text}, ${first}, ${at}, ${word})`),
        );
      }
    }
    return { statements: linesText(lines), exprs };
  }

  /** An expression of true where the field, a nullable one, is null in the row at `p`. */
  isNullExpr(field: PlacedField, p: string): string {
    return `(${this.#at('i32', p, field.nullOffset)} & ${field.nullMask}) !== 0`;
  }

  /** Expressions of where the bytes of a variable field lie in the view, and of their length word. */
  slotExprs(field: PlacedField, p: string): { readonly begin: string; readonly word: string } {
    const begin = `${p} + ${this.#at('i32', p, field.offset)}`;
    return { begin, word: this.#at('i32', p, field.offset + 4) };
  }

  /**
   * Measures the variable fields; the expression is the length of the whole row, a constant for rows of
   * fixed size.
   *
   * Strings that will be written at once are not measured: the expression is then the most that the row can take.
   *
   * @param roomy  a condition that holds where a row of so many bytes may be made room for that turns out shorter;
   *               without it the length is exact
   */
  sizeStatements(values: ValueOf, roomy?: Roomy): Fragment {
    const { fields, fixedBytes, isVariable } = this.layout;
    if (!isVariable) return { statements: '', expression: String(alignRow(fixedBytes)) };
    const atOnce = roomy === undefined ? [] : this.#strings();
    const lines: string[] = [];
    let sum = String(fixedBytes + 7);
    for (const field of fields) {
      if (!isVariableKind(field.kind) || atOnce.includes(field)) continue;
      const word = this.#local('w', field);
      const value = values(field);
      if (field.kind === 'packed') {
        const packed = this.#local('b', field);
        lines.push(
          `const ${packed} = ${this.#view}x.pack(${value});`,
          `const ${word} = 2 * Math.min(${packed}.length, ${VALUE_BYTES_MAX});`,
        );
      } else lines.push(`const ${word} = ${this.#measureText(field, value)};`);
      sum += ` + (${word} >> 1)`;
    }
    const most = `${this.#view}$most`;
    if (atOnce.length > 0) {
      const chars = atOnce.map((field) => charsText(field, values(field))).join(' + ');
      lines.push(
        `const ${this.#view}$chars = ${chars}, ${most} = ${sum} + 3 * ${this.#view}$chars;`,
        `const ${this.#view}$atOnce = ${this.#view}$chars >= ${AT_ONCE_MIN} && ${roomy!(most)};`,
        `let ${atOnce.map((field) => `${this.#local('w', field)} = 1`).join(', ')};`,
        `if (!${this.#view}$atOnce) {`,
        ...this.#measureLines(atOnce, values),
        '}',
      );
      for (const field of atOnce) sum += ` + (${this.#local('w', field)} >> 1)`;
    }
    // Each is at most VALUE_BYTES_MAX: a sum that could pass 32 bits would come out small, and the row would not fit.
    const canOverflow =
      fields.filter(({ kind }) => isVariableKind(kind)).length * VALUE_BYTES_MAX + fixedBytes >= 2 ** 31;
    const exact = canOverflow ? `Math.min(${sum}, ${2 ** 31 - 8})` : `(${sum})`;
    const bytes = atOnce.length > 0 ? `(${this.#view}$atOnce ? ${most} : ${exact})` : exact;
    return { statements: linesText(lines), expression: `(${bytes} & -8)` };
  }

  /**
   * Writes the row at `p`; those of `sizeStatements` with `roomy` have run in the same scope, and the row fits.
   */
  writeStatements(p: string, values: ValueOf, header: HeaderText): string {
    const { fields, fixedBytes, isVariable } = this.layout;
    const atOnce = this.#strings();
    const end = `${this.#view}$end`;
    const lines: string[] = [];
    if (isVariable) lines.push(`let ${end} = ${plusText(p, fixedBytes)};`);
    for (const run of runsOf(this.layout, atOnce)) lines.push(this.#writeRun(run, p, values, end));
    for (const field of fields) {
      const value = values(field);
      if (!isVariableKind(field.kind)) lines.push(this.#writeValue(field, p, value));
      else if (!atOnce.includes(field)) lines.push(...this.#writeSlot(field, p, value, end));
    }
    if (atOnce.length > 0) lines.push(`${header.length} = (${end} + 7 - ${p}) & -8;`);
    return linesText([
      ...lines,
      `${this.#at('i32', p, ROW_LENGTH_OFFSET)} = ${header.length};`,
      `${this.#at('i32', p, ROW_HASH_OFFSET)} = ${header.hash};`,
      `${this.#at('f64', p, ROW_TIMESTAMP_OFFSET)} = ${header.ts};`,
      ...this.#nullWords(p, values),
    ]);
  }

  #strings(): readonly PlacedField[] {
    return this.layout.fields.filter(({ kind }) => kind === 'string');
  }

  #measureText(field: PlacedField, value: string): string {
    let measured = `${this.#view}s.measure(${value})`;
    if (field.kind === 'bytes') measured = `2 * ${value}.length`;
    if (isNestedField(field)) measured = `2 * ${this.#view}${nestedName(field)}.size(${value})`;
    measured = this.categories.orId(field, '0', measured);
    // No bytes, and all of them ASCII: null does not keep its neighbours from being read with it.
    const none = field.kind === 'string' ? 1 : 0;
    return field.nullable ? `${value} === null ? ${none} : ${measured}` : measured;
  }

  #measureLines(fields: readonly PlacedField[], values: ValueOf): string[] {
    return fields.map((field) => `${this.#local('w', field)} = ${this.#measureText(field, values(field))};`);
  }

  /** Strings that lie next to each other, written as one where they were not measured and all are ASCII. */
  #writeRun(run: readonly PlacedField[], p: string, values: ValueOf, end: string): string {
    const done = this.#local('done', run[0]!);
    const word = (field: PlacedField): string => this.#local('w', field);
    const texts = run.map((field) => textOrEmpty(field, values(field))).join(' + ');
    const chars = run.map((field) => charsText(field, values(field)));
    const [bytes, all] = [`${done}Bytes`, `${done}Chars`];
    const ascii = run.map((field, i) => `${word(field)} = 2 * ${chars[i]} + 1;`);
    const other =
      run.length === 1
        ? [`${word(run[0]!)} = 2 * ${bytes};`]
        : [...this.#measureLines(run, values), `${done} = false;`];
    return linesText([
      `let ${done} = ${this.#view}$atOnce;`,
      `if (${done}) {`,
      `const ${all} = ${chars.join(' + ')}, ${bytes} = ${this.#view}s.writeUnmeasured(${texts}, ${end}, ${all});`,
      `if (${bytes} === ${all}) {`,
      ...ascii,
      '} else {',
      ...other,
      '}',
      '}',
      ...run.flatMap((field) => this.#writeSlot(field, p, values(field), end, `!${done}`)),
    ]);
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
        const misfit = takenMisfitText(field.kind, value);
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
    const { begin, word } = this.slotExprs(field, p);
    if (isNestedField(field)) return `${this.#view}${nestedName(field)}.read(${begin})`;
    // A copy, and never of shared memory.
    if (field.kind === 'bytes') return `${this.#view}u8.slice(${begin}, ${begin} + (${word} >> 1))`;
    if (field.kind === 'packed') return `${this.#view}x.unpack(${begin}, ${word} >> 1)`;
    const text = `${this.#view}s.${isInterned ? 'readInterned' : 'read'}(${begin}, ${word})`;
    if (this.categories.idOf(field) === null) return text;
    return `(${word} === 0 ? ${this.categories.textOf(this.#at('i32', p, field.offset))} : ${text})`; // category/strings
  }

  #writeValue(field: PlacedField, p: string, value: string): string {
    const storage = storageOf(field.kind);
    const target = this.#at(storage === 'slot' ? 'i32' : ARRAY_OF[storage], p, field.offset);
    if (storage === 'u8') return `${target} = ${value} ? 1 : 0;`;
    if (!field.nullable) return `${target} = ${value};`;
    return `${target} = ${value} === null ? ${storage === 'i64' ? '0n' : '0'} : ${value};`;
  }

  /** @param unless  a condition without which the bytes are there already */
  #writeSlot(field: PlacedField, p: string, value: string, end: string, unless = ''): string[] {
    const word = this.#local('w', field);
    let write = `${this.#view}s.write(${value}, ${end}, ${word});`;
    if (field.kind === 'packed') write = `${this.#view}u8.set(${this.#local('b', field)}, ${end});`;
    if (isNestedField(field)) write = `${this.#view}${nestedName(field)}.write(${value}, ${end});`;
    if (field.kind === 'bytes') write = `${this.#view}u8.set(${value}, ${end});`;
    const present = this.categories.idOf(field) === null ? `${value} !== null` : `${word} !== 0`;
    const isOptional = field.nullable || this.categories.idOf(field) !== null;
    const conditions = [unless, isOptional ? present : ''].filter((each) => each !== '');
    return [
      `${this.#at('i32', p, field.offset)} = ${this.categories.orId(field, null, `${end} - ${p}`)};`,
      `${this.#at('i32', p, field.offset + 4)} = ${word};`,
      conditions.length > 0 ? `if (${conditions.join(' && ')}) ${write}` : write,
      `${end} += ${word} >> 1;`,
    ];
  }

  #orNull(field: PlacedField, p: string, value: string): string {
    if (!field.nullable) return value;
    return `(${this.isNullExpr(field, p)} ? null : ${value})`;
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
