import { SluiceError } from '../base/errors.js';
import { compile } from '../records/compile.js';
import { type FieldSpec, isScalarKind, type ScalarKind, type TypeSpec } from '../records/schema.js';
import { memberText } from '../records/source-text.js';

/**
 * Rows as text, for the file sinks and `print`.
 *
 * Formatters of declared rows are generated source with one expression per field: each property access then sees one
 * shape, and no list of columns is walked per row.
 */

/** Turns a row into its text, line end included. */
export type RowFormatter = (row: Readonly<Record<string, unknown>>) => string;

/**
 * CSV as in RFC 4180, but lines end in a line feed alone. Null is empty and an empty string is `""`; timestamps are
 * ISO 8601 in UTC, bytes are base64, what is nested is JSON.
 */
export function csvFormatter(fields: readonly FieldSpec[]): RowFormatter {
  const cellText = (spec: TypeSpec, value: string): string =>
    isScalarKind(spec.kind) ? CSV_OF_KIND[spec.kind](value) : `csv(${jsonText(spec, value)})`;
  return formatterOf(fields, `''`, cellText, (cells) => [
    ...cells.flatMap((cell, k) => (k ? [`','`, cell] : [cell])),
  ]);
}

/** The first line of a CSV file. */
export function csvHeader(columns: readonly string[]): string {
  return `${columns.map(csvString).join(',')}\n`;
}

/** A cell whose kind is not declared. Objects are written as JSON. */
export function csvValue(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return csvString(value);
    case 'undefined':
      return '';
    case 'object':
      if (value === null) return '';
      if (value instanceof Date) return isoOf(value.getTime());
      if (value instanceof Uint8Array) return csvString(base64Of(value));
      return csvString(jsonValue(value));
    default:
      return String(value);
  }
}

/**
 * NDJSON: one object per line, members in field order. Timestamps are ISO 8601 strings; bigints are strings, because
 * most readers of JSON round large numbers; bytes are strings of base64, and maps are objects; NaN and the infinities
 * are null, because JSON has no words for them.
 */
export function jsonFormatter(fields: readonly FieldSpec[]): RowFormatter {
  return formatterOf(fields, `'null'`, jsonText, (cells) => [
    `'{'`,
    ...cells.flatMap((cell, k) => [quoted(`${k ? ',' : ''}${JSON.stringify(fields[k]!.name)}:`), cell]),
    `'}'`,
  ]);
}

/** Whether a bigint was met; until then the replacer, which triples the time, is left away. */
let bigintsMet = false;
/** In every text in which JSON.stringify dropped a Map or a Set, or wrote out bytes as an object. */
const CHANGED = /\{\}|\{"0":|"type":"Buffer"/;

/** JSON of a value whose kind is not declared, by the rules for those that are; a Set is an array. */
export function jsonValue(value: unknown): string {
  if (!bigintsMet) {
    try {
      const text = JSON.stringify(value) ?? 'null';
      if (!CHANGED.test(text)) return text;
    } catch {
      bigintsMet = true; // or a cycle, which is refused below as well
    }
  }
  try {
    return JSON.stringify(value, asDeclared) ?? 'null';
  } catch (error) {
    const what = `a row cannot be written as JSON: ${(error as Error).message}`;
    throw new SluiceError('OUTPUT_ROW_INVALID', what, { cause: error });
  }
}

/** A Buffer has become an object before this sees it, so what it was is looked up. */
function asDeclared(this: Readonly<Record<string, unknown>>, key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Map) return Object.fromEntries(value);
  if (value instanceof Set) return [...value];
  const before = this[key];
  return before instanceof Uint8Array ? base64Of(before) : value;
}

// biome-ignore format: a table
const CSV_OF_KIND: { readonly [K in ScalarKind]: (value: string) => string } = {
  bool:      (value) => value,
  int8:      (value) => value,
  int16:     (value) => value,
  int32:     (value) => value,
  uint32:    (value) => value,
  int64:     (value) => value,
  bigint:    (value) => value,
  float32:   (value) => value,
  float64:   (value) => value,
  timestamp: (value) => `iso(${value})`,
  string:    (value) => `csv(${value})`,
  category:  (value) => `csv(${value})`,
  bytes:     (value) => `csv(base64(${value}))`,
};

// biome-ignore format: a table
const JSON_OF_KIND: { readonly [K in ScalarKind]: (value: string) => string } = {
  bool:      (value) => value,
  int8:      (value) => value,
  int16:     (value) => value,
  int32:     (value) => value,
  uint32:    (value) => value,
  int64:     (value) => value,
  bigint:    (value) => `'"' + ${value} + '"'`,
  float32:   (value) => `number(${value})`,
  float64:   (value) => `number(${value})`,
  timestamp: (value) => `'"' + iso(${value}) + '"'`,
  string:    (value) => `json(${value})`,
  category:  (value) => `json(${value})`,
  bytes:     (value) => `'"' + base64(${value}) + '"'`,
};

/** Text of an expression of the JSON of a value that is not null. */
function jsonText({ kind, parts }: TypeSpec, value: string): string {
  if (isScalarKind(kind)) return JSON_OF_KIND[kind](value);
  const orNull = (spec: TypeSpec, text: string): string =>
    spec.nullable ? `(${text} === null ? 'null' : ${jsonText(spec, text)})` : jsonText(spec, text);
  const members = (fields: readonly FieldSpec[], before: string): string => {
    const texts = fields.map(
      (field, k) =>
        `${quoted(`${k > 0 || before !== '' ? ',' : ''}${JSON.stringify(field.name)}:`)} + ${orNull(field, memberText('r', field.name))}`,
    );
    return [quoted(`{${before}`), ...texts, `'}'`].join(' + ');
  };
  if (parts === undefined) throw new Error(`${kind} has no parts`);
  if ('fields' in parts) return `((r) => ${members(parts.fields, '')})(${value})`;
  if ('item' in parts) {
    if (kind === 'list') return `('[' + ${value}.map((e) => ${orNull(parts.item, 'e')}).join(',') + ']')`;
    const entry = `json(k) + ':' + ${orNull(parts.item, 'e')}`;
    return `('{' + Array.from(${value}, ([k, e]) => ${entry}).join(',') + '}')`;
  }
  const { tag, variants } = parts;
  const choices = variants.map(({ name, fields }) => {
    const text = members(fields, `${JSON.stringify(tag)}:${JSON.stringify(name)}`);
    return `${memberText('r', tag)} === ${quoted(name)} ? ${text} : `;
  });
  return `((r) => ${choices.join('')}'null')(${value})`;
}

function formatterOf(
  fields: readonly FieldSpec[],
  nullText: string,
  cellText: (spec: TypeSpec, value: string) => string,
  join: (cells: readonly string[]) => readonly string[],
): RowFormatter {
  const loads = fields.map(({ name }, k) => `const v${k} = row[${quoted(name)}];`);
  const cells = fields.map((field, k) => `(v${k} == null ? ${nullText} : ${cellText(field, `v${k}`)})`);
  // The empty text in front makes every + a concatenation, also between two numbers.
  const source = `${loads.join(' ')} return '' + ${[...join(cells), `'\\n'`].join(' + ')};`;
  const names = ['csv', 'json', 'iso', 'number', 'base64'];
  const values = [csvString, JSON.stringify, isoOf, jsonNumber, base64Of];
  return compile('row text', `return (row) => { ${source} };`, names, values);
}

/** A JavaScript string literal; JSON's is one since ES2019. */
const quoted = (text: string): string => JSON.stringify(text);

const NEEDS_QUOTES = /[",\r\n]/;

function csvString(text: string): string {
  if (text === '') return '""';
  return NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function jsonNumber(value: number): string {
  return Number.isFinite(value) ? String(value) : 'null';
}

function base64Of({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}

const DAY_MS = 86_400_000;
/** The range of Date, in days either side of 1970. */
const DAYS_MAX = 100_000_000;
let dayKnown = Number.NaN;
let dayText = '';

/** `2001-01-31T08:05:00.000Z`. Results come in runs of one day, so the date is formatted once per run. */
function isoOf(ms: number): string {
  const day = Math.floor(ms / DAY_MS);
  if (day !== dayKnown) {
    if (!(Math.abs(day) < DAYS_MAX)) {
      const what = `the timestamp ${ms} is outside the years that ISO 8601 can write`;
      throw new SluiceError('OUTPUT_ROW_INVALID', what, { detail: { value: ms } });
    }
    dayText = new Date(day * DAY_MS).toISOString().slice(0, -13);
    dayKnown = day;
  }
  const rest = ms - day * DAY_MS;
  const seconds = Math.floor(rest / 1_000);
  const minutes = Math.floor(seconds / 60);
  const time = `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}:${two(seconds % 60)}`;
  return `${dayText}${time}.${String(rest % 1_000).padStart(3, '0')}Z`;
}

const two = (value: number): string => (value < 10 ? `0${value}` : `${value}`);
