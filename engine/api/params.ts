import type { Json } from '../base/json.js';
import { didYouMean } from '../base/nearest.js';
import { type Fault, faultsError } from '../plan/faults.js';
import type { FieldKind, FieldType, ScalarKind } from '../records/schema.js';
import { describeValue } from './flow-graph.js';

/** Types of parameters: those that can be written on a command line. */
export type ParamTypes = Readonly<Record<string, FieldType<ParamValue | null, boolean>>>;
type ParamValue = boolean | number | bigint | string;

/** What a builder receives for the declared parameters. */
export type ParamValues<P extends ParamTypes> = { readonly [K in keyof P]: P[K]['value'] };

/** What a caller gives: text is parsed; those with a default or null may be left out. */
export type ParamsGiven<P extends ParamTypes> = {
  readonly [K in keyof P as IsOptional<P[K]> extends true ? never : K]: P[K]['value'] | string;
} & {
  readonly [K in keyof P as IsOptional<P[K]> extends true ? K : never]?: P[K]['value'] | string;
};

type IsOptional<F> =
  F extends FieldType<infer V, infer D> ? (D extends true ? true : null extends V ? true : false) : never;

/** Kinds of parameters. */
type ParamKind = Exclude<ScalarKind, 'bytes'>;

/** Whether a parameter may be of the kind; `job` refuses others. */
export const isParamKind = (kind: FieldKind): kind is ParamKind => Object.hasOwn(PARSERS, kind);

const kindOf = ({ kind }: ParamTypes[string]): ParamKind => kind as ParamKind;

/** A declared parameter, for `--help`. */
export interface ParamDescription {
  readonly name: string;
  readonly kind: ParamKind;
  readonly isRequired: boolean;
  /** As it would be written on a command line; null when there is none. */
  readonly defaultText: string | null;
}

export function describeParams(declared: ParamTypes): readonly ParamDescription[] {
  return Object.entries(declared).map(([name, type]) => {
    const { isNullable, defaultValue } = type;
    const kind = kindOf(type);
    const hasText = defaultValue !== undefined && defaultValue !== null;
    return {
      ...{ name, kind, isRequired: defaultValue === undefined && !isNullable },
      defaultText: hasText ? String(paramJson(kind, defaultValue)) : null,
    };
  });
}

/**
 * The values of declared parameters from what was given.
 *
 * @param given  texts of a command line, values of a program, or the `params` of a plan, which give the same values
 * @throws SluiceError PARAM_MISSING, PARAM_UNKNOWN, PARAM_INVALID; several at once as PLAN_INVALID
 */
export function parseParams(
  declared: ParamTypes,
  given: Readonly<Record<string, unknown>>,
  job = 'job',
): ParsedParams {
  const { parsed, faults } = readParams(declared, given);
  if (faults.length > 0) throw faultsError(job, faults);
  return parsed;
}

export interface ParsedParams {
  /** For the builder. */
  readonly values: Readonly<Record<string, unknown>>;
  /** For the plan. */
  readonly json: Readonly<Record<string, Json>>;
}

/** The same, with faults returned. Faulty parameters have no value. */
export function readParams(
  declared: ParamTypes,
  given: Readonly<Record<string, unknown>>,
): { readonly parsed: ParsedParams; readonly faults: readonly Fault[] } {
  const faults: Fault[] = [];
  const values: Record<string, unknown> = {};
  const json: Record<string, Json> = {};
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(declared, name) || given[name] === undefined) continue;
    const names = Object.keys(declared);
    const hint =
      didYouMean(name, names) || (names.length === 0 ? '; it has none' : `; it has ${names.join(', ')}`);
    const text = `the job has no parameter '${name}'${hint}`;
    faults.push({ code: 'PARAM_UNKNOWN', step: null, text, detail: { param: name } });
  }
  for (const [name, type] of Object.entries(declared)) {
    const { isNullable, defaultValue } = type;
    const kind = kindOf(type);
    const raw = (Object.hasOwn(given, name) ? given[name] : undefined) ?? defaultValue;
    if (raw === undefined || raw === null) {
      const text = `parameter '${name}' (${kind}) is missing; add --param ${name}=…`;
      if (!isNullable) faults.push({ code: 'PARAM_MISSING', step: null, text, detail: { param: name } });
      values[name] = json[name] = null;
      continue;
    }
    const value = PARSERS[kind](raw);
    if (value === undefined) {
      const shown =
        typeof raw === 'string' ? `'${raw}'` : typeof raw === 'object' ? describeValue(raw) : String(raw);
      const text = `parameter '${name}' is ${shown}, which is not ${EXPECTED[kind]}`;
      faults.push({ code: 'PARAM_INVALID', step: null, text, detail: { param: name, kind } });
      continue;
    }
    values[name] = value;
    json[name] = paramJson(kind, value);
  }
  return { parsed: { values, json }, faults };
}

/** JSON has no bigint and its numbers no infinities: those travel as text. */
function paramJson(kind: ParamKind, value: unknown): Json {
  if (kind === 'bigint' || (typeof value === 'number' && !Number.isFinite(value))) return String(value);
  return value as Json;
}

/** The value of a kind, or undefined when it is not one. */
const PARSERS: Record<ParamKind, (raw: unknown) => unknown> = {
  bool: (raw) =>
    typeof raw === 'boolean' ? raw : raw === 'true' ? true : raw === 'false' ? false : undefined,
  int8: (raw) => wholeNumber(raw, -128, 127),
  int16: (raw) => wholeNumber(raw, -32_768, 32_767),
  int32: (raw) => wholeNumber(raw, -(2 ** 31), 2 ** 31 - 1),
  uint32: (raw) => wholeNumber(raw, 0, 2 ** 32 - 1),
  int64: (raw) => wholeNumber(raw, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
  bigint: (raw) => {
    const isWhole =
      typeof raw === 'bigint' || Number.isSafeInteger(raw) || (typeof raw === 'string' && WHOLE.test(raw));
    const value = isWhole ? BigInt(raw as bigint | number | string) : undefined;
    return value !== undefined && BigInt.asIntN(64, value) === value ? value : undefined;
  },
  float32: (raw) => roundedFloat(floatOf(raw)),
  float64: floatOf,
  timestamp: (raw) => wholeNumber(raw, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER) ?? isoTime(raw),
  string: (raw) => (typeof raw === 'string' ? raw : undefined),
  category: (raw) => (typeof raw === 'string' ? raw : undefined),
};

const EXPECTED: Record<ParamKind, string> = {
  bool: 'true or false',
  int8: 'a whole number from -128 to 127',
  int16: 'a whole number from -32768 to 32767',
  uint32: 'a whole number from 0 to 4294967295',
  int32: 'a whole number from -2147483648 to 2147483647',
  int64: 'a whole number from -9007199254740991 to 9007199254740991',
  bigint: 'a whole number of 64 bits',
  float32: 'a number',
  float64: 'a number',
  timestamp: 'a time such as 2001-01-31T12:00:00Z, or milliseconds since 1970',
  string: 'text',
  category: 'text',
};

const WHOLE = /^[+-]?\d+$/;

function wholeNumber(raw: unknown, least: number, most: number): number | undefined {
  const value = typeof raw === 'string' && WHOLE.test(raw) ? Number(raw) : raw;
  const fits = Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
  return fits ? (value as number) : undefined;
}

function floatOf(raw: unknown): number | undefined {
  if (typeof raw !== 'string') return typeof raw === 'number' ? raw : undefined;
  const value = Number(raw);
  return raw.trim() === '' || (Number.isNaN(value) && raw !== 'NaN') ? undefined : value;
}

const roundedFloat = (value: number | undefined): number | undefined =>
  value === undefined ? undefined : Math.fround(value);

/** Dates without a zone would depend on the machine's: only whole dates and times with a zone count. */
function isoTime(raw: unknown): number | undefined {
  const isIso = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/;
  const ms = typeof raw === 'string' && isIso.test(raw) ? Date.parse(raw) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}
