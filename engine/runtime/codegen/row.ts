import { HIDDEN_KEY } from '../../plan/hidden-key.js';
import type { RowCodec } from '../../records/codec-gen.js';
import { isMutableKind, keptText } from '../../records/field-values.js';
import type { FieldSpec } from '../../records/schema.js';
import { memberText } from '../../records/source-text.js';
import type { CodeOwner } from './code-map.js';
import { type CodeWriter, objectLiteral } from './code-writer.js';

/**
 * A record inside generated code: not an object, but the knowledge of how to get at its fields. A field is loaded or
 * decoded into a local constant when it is first asked for, so what nobody reads is never touched.
 */
export interface Row {
  /** In schema order; null: the members of `whole` are all that is known. */
  readonly fields: readonly FieldSpec[] | null;
  /** Name of the local that holds the event time in milliseconds. */
  readonly ts: string;
  /** Name of a local that holds the whole record as an object, if there is one. */
  readonly whole: string | null;
  /** Where its fields lie as bytes; null: they do not, or not all of them. */
  readonly inPlace: InPlace | null;
  /** Name of a local that holds the field. */
  value(field: string, code: CodeWriter): string;
  /** Says that all of these fields will be asked for: some are cheaper to load together. */
  expect(fields: readonly string[], code: CodeWriter): void;
  /** The same row for a nested block: what is loaded there is not known outside. */
  fork(): Row;
}

/** Bytes that stay where they are while the row is handled. */
export interface InPlace {
  readonly codec: RowCodec;
  /** Name of the local that holds the byte offset of the row. */
  readonly at: string;
}

/** A row whose fields come one by one from expressions. */
export class ExpressionRow implements Row {
  readonly fields: readonly FieldSpec[] | null;
  readonly ts: string;
  readonly whole: string | null;
  readonly inPlace: InPlace | null;
  readonly #load: (field: string) => string;
  readonly #loaded: Map<string, string>;
  readonly #owner: CodeOwner | undefined;

  /** @param load  the expression of a field; evaluated at most once per block */
  constructor(
    fields: readonly FieldSpec[] | null,
    ts: string,
    load: (field: string) => string,
    options: {
      whole?: string | null;
      inPlace?: InPlace | null;
      loaded?: ReadonlyMap<string, string>;
      /** Whose time loading a field takes; without it, that of whoever asks. */
      owner?: CodeOwner | undefined;
    } = {},
  ) {
    this.fields = fields;
    this.ts = ts;
    this.whole = options.whole ?? null;
    this.inPlace = options.inPlace ?? null;
    this.#load = load;
    this.#loaded = new Map(options.loaded);
    this.#owner = options.owner;
  }

  value(field: string, code: CodeWriter): string {
    let name = this.#loaded.get(field);
    if (name === undefined) {
      name = this.#owned(code, () => code.constant(`v_${field}`, this.#load(field)));
      this.#loaded.set(field, name);
    }
    return name;
  }

  expect(fields: readonly string[], code: CodeWriter): void {
    if (this.inPlace === null) return;
    const { codec, at } = this.inPlace;
    const missing = codec.layout.fields.filter(
      ({ name }) => fields.includes(name) && !this.#loaded.has(name),
    );
    const { statements, exprs } = codec.readTogether(missing, at, (hint) => code.fresh(hint));
    this.#owned(code, () => {
      if (statements !== '') code.line(statements);
      for (const [field, expr] of exprs) this.#loaded.set(field, code.constant(`v_${field}`, expr));
    });
  }

  #owned<T>(code: CodeWriter, body: () => T): T {
    return this.#owner === undefined ? body() : code.as(this.#owner, body);
  }

  fork(): Row {
    const [whole, inPlace, owner] = [this.whole, this.inPlace, this.#owner];
    const own = { whole, inPlace, owner, loaded: this.#loaded };
    return new ExpressionRow(this.fields, this.ts, this.#load, own);
  }
}

/** The fields of a plain object. */
export function objectRow(fields: readonly FieldSpec[] | null, ts: string, object: string): Row {
  return new ExpressionRow(fields, ts, (field) => memberText(object, field), { whole: object });
}

/** A row with some fields taken away, replaced or added; the rest comes from the row below. */
export class DerivedRow implements Row {
  readonly fields: readonly FieldSpec[];
  readonly ts: string;
  readonly whole = null;
  readonly inPlace: InPlace | null;
  readonly #base: Row;
  readonly #own: ReadonlyMap<string, string>;

  constructor(base: Row, fields: readonly FieldSpec[], own: ReadonlyMap<string, string>, ts = base.ts) {
    this.#base = base;
    this.fields = fields;
    this.ts = ts;
    this.inPlace = own.size === 0 ? base.inPlace : null;
    this.#own = own;
  }

  value(field: string, code: CodeWriter): string {
    return this.#own.get(field) ?? this.#base.value(field, code);
  }

  expect(fields: readonly string[], code: CodeWriter): void {
    const fromBase = fields.filter((field) => !this.#own.has(field));
    this.#base.expect(fromBase, code);
  }

  fork(): Row {
    return new DerivedRow(this.#base.fork(), this.fields, this.#own, this.ts);
  }
}

/** The same row at another event time. */
export function retimed(row: Row, ts: string): Row {
  return {
    fields: row.fields,
    ts,
    whole: row.whole,
    inPlace: row.inPlace,
    value: (field, code) => row.value(field, code),
    expect: (fields, code) => row.expect(fields, code),
    fork: () => retimed(row.fork(), ts),
  };
}

/**
 * Text of the argument that a user function gets: an object of its own, with the fields it can observe.
 *
 * A function proven to only read members can neither keep nor change its argument, so an object that exists anyway
 * is passed as it is.
 *
 * @param observed  fields that the function can observe; null: not proven, all of them
 */
export function argumentText(row: Row, observed: readonly string[] | null, code: CodeWriter): string {
  if (observed !== null && row.whole !== null) return row.whole;
  if (row.fields === null) return observed === null ? `{ ...${row.whole} }` : literalOf(row, observed, code);
  const names = row.fields.flatMap(({ name }) => (name === HIDDEN_KEY ? [] : name));
  return literalOf(row, observed === null ? names : names.filter((name) => observed.includes(name)), code);
}

/** Text of an object that is its receiver's to keep and to change. */
export function literalOf(row: Row, names: readonly string[], code: CodeWriter): string {
  row.expect(names, code);
  return objectLiteral(names.map((name) => [name, ownText(row, name, code)] as const));
}

/** Text of a field's value for somebody who may keep and change it: what can be changed is copied. */
export function ownText(row: Row, name: string, code: CodeWriter): string {
  const field = row.fields?.find((each) => each.name === name);
  const value = row.value(name, code);
  return field !== undefined && isMutableKind(field.kind) ? keptText(field, value, 'core, 0') : value;
}
