import { SluiceError } from '../base/errors.js';
import type { FieldSpec } from '../records/schema.js';
import type { Converted, Converter, Values } from './parquet-convert.js';
import type { Page, PageReader, RawValues } from './parquet-file.js';

/**
 * What a column keeps from row group to row group. Batches are written into the same arrays again and again: making
 * new ones costs as much as filling them.
 */
export class ColumnScratch {
  readonly indices: Int32Array;
  /** Strings of earlier row groups; null for columns of other kinds. */
  readonly interned: Map<string, string> | null;
  readonly #rowCount: number;
  #values: Values = [];
  #withNulls: unknown[] | null = null;

  /** @param rowCount  most rows of a batch */
  constructor(rowCount: number, isText: boolean) {
    this.#rowCount = rowCount;
    this.indices = new Int32Array(rowCount);
    this.interned = isText ? new Map() : null;
  }

  /** An array that holds such values. */
  valuesLike(values: Values): Values {
    if (this.#values.length === 0 || this.#values.constructor !== values.constructor)
      this.#values = new (values.constructor as new (length: number) => Values)(this.#rowCount);
    return this.#values;
  }

  /** The same rows, in an array that can also hold nulls. */
  withNulls(values: Values, count: number): unknown[] {
    if (Array.isArray(values)) return values;
    this.#withNulls ??= new Array<unknown>(this.#rowCount);
    for (let i = 0; i < count; i++) this.#withNulls[i] = values[i];
    return this.#withNulls;
  }
}

/**
 * Reads one column of one row group, some rows at a time, as values of its declared kind.
 *
 * A dictionary is converted once, so of most columns only indices are decoded per row, and equal strings are one
 * string instance.
 */
export class ColumnCursor {
  readonly #field: FieldSpec;
  readonly #place: ColumnPlace;
  readonly #pages: PageReader;
  readonly #convert: Converter;
  readonly #scratch: ColumnScratch;
  #page: Page | null = null;
  /** Rows of the page that were taken. */
  #taken = 0;
  /** Values that are not null among them. */
  #valuesTaken = 0;
  #raw: RawValues = [];
  #converted: Converted = { values: [], misfits: null };
  #dictionary: Converted | null = null;
  #rowsRead = 0;

  constructor(
    field: FieldSpec,
    place: ColumnPlace,
    pages: PageReader,
    convert: Converter,
    scratch: ColumnScratch,
  ) {
    this.#field = field;
    this.#place = place;
    this.#pages = pages;
    this.#convert = convert;
    this.#scratch = scratch;
  }

  /**
   * The next `count` rows, at the beginning of an array that is written again by the next call.
   *
   * @throws SluiceError INPUT_VALUE_INVALID  a value does not fit the declared kind, or is null and may not be
   * @throws Error  the file is damaged
   */
  take(count: number): Values {
    let into: Values | null = null;
    let at = 0;
    while (at < count) {
      if (this.#page === null || this.#taken === this.#page.rowCount) this.#nextPage();
      const page = this.#page!;
      const length = Math.min(count - at, page.rowCount - this.#taken);
      if (into === null) into = this.#scratch.valuesLike(this.#converted.values);
      if (page.nulls === null) {
        this.#copyValues(into, at, length);
      } else {
        const rows: unknown[] = this.#scratch.withNulls(into, at);
        into = rows;
        this.#copyRows(rows, at, length, page.nulls);
      }
      this.#taken += length;
      this.#rowsRead += length;
      at += length;
    }
    return into ?? [];
  }

  #nextPage(): void {
    const page = this.#pages.next();
    if (page === null)
      throw new Error(`column ${this.#field.name} has fewer values than its row group has rows`);
    this.#page = page;
    this.#taken = 0;
    this.#valuesTaken = 0;
    if (page.raw !== null) {
      this.#raw = page.raw;
      this.#converted = this.#convert(page.raw);
    } else {
      this.#useDictionary();
    }
  }

  #useDictionary(): void {
    if (this.#dictionary === null) {
      const raw = this.#pages.dictionary;
      if (raw === null) throw new Error(`column ${this.#field.name} refers to a dictionary it does not have`);
      this.#dictionary = this.#convert(raw);
      const { interned } = this.#scratch;
      if (interned !== null) intern(this.#dictionary.values as string[], interned);
    }
    this.#raw = this.#pages.dictionary!;
    this.#converted = this.#dictionary;
  }

  /** Rows without nulls: `into[at + i]` becomes the i-th of the next `count` values. */
  #copyValues(into: Values, at: number, count: number): void {
    const { values, misfits } = this.#converted;
    if (this.#page!.indices === null) {
      const from = this.#valuesTaken;
      if (from + count > values.length) throw this.#tooShort();
      if (misfits !== null) this.#checkMisfits(misfits.subarray(from, from + count), null);
      copy(values, from, into, at, count);
    } else {
      const { indices } = this.#scratch;
      this.#page!.indices.read(indices, count);
      checkIndices(indices, count, values.length);
      if (misfits !== null) this.#checkMisfits(misfits, indices.subarray(0, count));
      gather(values, indices, into, at, count);
    }
    this.#valuesTaken += count;
  }

  /** Rows with nulls among them. */
  #copyRows(into: unknown[], at: number, count: number, nulls: Uint8Array): void {
    let present = 0;
    for (let i = 0; i < count; i++) present += 1 - nulls[this.#taken + i]!;
    if (present < count && !this.#field.nullable) throw this.#nullError(nulls);
    const values = new Array<unknown>(present);
    this.#copyValues(values, 0, present);
    let next = 0;
    for (let i = 0; i < count; i++) into[at + i] = nulls[this.#taken + i] === 1 ? null : values[next++];
  }

  #tooShort(): Error {
    return new Error(`column ${this.#field.name} has a page with fewer values than it says`);
  }

  /** @param indices  where to look in the mask, value by value; null: in order */
  #checkMisfits(mask: Uint8Array, indices: Int32Array | null): void {
    const at = indices === null ? mask.indexOf(1) : indices.findIndex((index) => mask[index] === 1);
    if (at < 0) return;
    const raw = this.#raw[indices === null ? this.#valuesTaken + at : indices[at]!];
    throw this.#invalid(String(raw), this.#rowOfValue(at));
  }

  #nullError(nulls: Uint8Array): SluiceError {
    return this.#invalid('null', nulls.indexOf(1, this.#taken));
  }

  /** The row, within the page, of the value that comes `ahead` values after those taken. */
  #rowOfValue(ahead: number): number {
    const nulls = this.#page!.nulls;
    if (nulls === null) return this.#taken + ahead;
    let row = this.#taken;
    for (let left = ahead; ; row++) if (nulls[row] === 0 && left-- === 0) return row;
  }

  #invalid(value: string, rowInPage: number): SluiceError {
    const { name, kind, nullable } = this.#field;
    const row = this.#place.firstRow + this.#rowsRead + (rowInPage - this.#taken) + 1;
    const declared = nullable ? `${kind} or null` : kind;
    return new SluiceError(
      'INPUT_VALUE_INVALID',
      `${this.#place.path}: field ${name} is declared ${declared}, but row ${row} holds ${value}`,
      { detail: { path: this.#place.path, field: name, kind, row, value } },
    );
  }
}

export interface ColumnPlace {
  readonly path: string;
  /** Rows of the file before this row group. */
  readonly firstRow: number;
}

/** Entries kept for a column; beyond it strings stay as they are, and nothing grows. */
const INTERNED_MAX = 65_536;

function intern(values: string[], known: Map<string, string>): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    const former = known.get(value);
    if (former !== undefined) values[i] = former;
    else if (known.size < INTERNED_MAX) known.set(value, value);
  }
}

function checkIndices(indices: Int32Array, count: number, size: number): void {
  let highest = 0;
  for (let i = 0; i < count; i++) if (indices[i]! >>> 0 > highest) highest = indices[i]! >>> 0;
  if (count > 0 && highest >= size)
    throw new Error(`a value refers to entry ${highest} of a dictionary that has ${size}`);
}

/** Rows without a dictionary: they are converted already. */
function copy(from: Values, start: number, into: Values, at: number, count: number): void {
  if (Array.isArray(into)) for (let i = 0; i < count; i++) into[at + i] = from[start + i];
  else (into as Float64Array).set((from as Float64Array).subarray(start, start + count), at);
}

/** One loop per representation, so that each stays monomorphic. */
function gather(from: Values, indices: Int32Array, into: Values, at: number, count: number): void {
  if (from instanceof Int32Array && into instanceof Int32Array) gatherInt32(from, indices, into, at, count);
  else if (from instanceof Float64Array && into instanceof Float64Array)
    gatherFloat64(from, indices, into, at, count);
  else gatherAny(from as unknown[], indices, into as unknown[], at, count);
}

function gatherInt32(
  from: Int32Array,
  indices: Int32Array,
  into: Int32Array,
  at: number,
  count: number,
): void {
  for (let i = 0; i < count; i++) into[at + i] = from[indices[i]!]!;
}

function gatherFloat64(
  from: Float64Array,
  indices: Int32Array,
  into: Float64Array,
  at: number,
  count: number,
): void {
  for (let i = 0; i < count; i++) into[at + i] = from[indices[i]!]!;
}

function gatherAny(from: unknown[], indices: Int32Array, into: unknown[], at: number, count: number): void {
  for (let i = 0; i < count; i++) into[at + i] = from[indices[i]!];
}
