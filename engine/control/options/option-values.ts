import type { ErrorCode } from '../../base/error-catalogue.js';
import { SluiceError } from '../../base/errors.js';
import { type OptionKey, type OptionValue, optionRow } from '../../base/option-catalogue.js';

/**
 * How values of options are written and read: Flink's syntax.
 *
 *   count     4
 *   switch    true, false
 *   ratio     0.1
 *   size      32 kb, 2g, 64MiB, 1048576, infinite; units are powers of 1024
 *   duration  100 ms, 1 s, 2 min, 1 h, 100 (milliseconds)
 *   choice    one of some words
 *   text      as it is
 *
 * Source: the units of Flink's MemorySize and TimeUtils.
 */

/**
 * @param value   text as above, or a number or boolean; sizes in bytes, durations in milliseconds
 * @param origin  where it was written, for the message
 * @returns       the value in bytes, milliseconds or as is; null where it stands for "work it out"
 * @throws SluiceError OPTION_INVALID, PARALLELISM_INVALID
 */
export function parseOption(key: OptionKey, value: unknown, origin: string): OptionValue {
  const { type, autoValue, choices } = optionRow(key);
  const text = typeof value === 'string' ? value.trim() : value;
  const parsed = PARSERS[type](text);
  if (parsed === undefined) throw invalid(key, value, origin);
  if (typeof parsed === 'boolean') return parsed;
  if (typeof parsed === 'string') {
    if (type === 'choice' && !choices!.includes(parsed)) throw invalid(key, value, origin);
    return parsed;
  }
  if (parsed === autoValue) return null;
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY, multipleOf = 1 } = optionRow(key);
  const fits =
    parsed >= min &&
    parsed <= max &&
    (type === 'ratio' || !Number.isFinite(parsed) || parsed % multipleOf === 0);
  if (!fits) throw invalid(key, value, origin);
  return parsed;
}

/** The shortest exact way to write a value. */
export function formatOption(key: OptionKey, value: number | boolean | string): string {
  const { type } = optionRow(key);
  if (typeof value !== 'number') return String(value);
  if (type === 'size') return formatSize(value);
  if (type === 'duration') return `${value} ms`;
  return String(value);
}

/** `32 kb`: exact, in the largest unit that divides it. */
export function formatSize(bytes: number): string {
  if (!Number.isFinite(bytes)) return 'infinite';
  const unit = SIZE_STEPS.find(([, size]) => bytes !== 0 && bytes % size === 0) ?? SIZE_STEPS.at(-1)!;
  return `${bytes / unit[1]} ${unit[0]}`;
}

/** The same, exact where that is short, else to a tenth of the largest unit: for people. */
export function formatSizeShort(bytes: number): string {
  const exact = formatSize(bytes);
  if (exact.length <= SHORT_COLUMNS) return exact;
  const [unit, size] = SIZE_STEPS.find((step) => bytes >= step[1])!;
  return `${(bytes / size).toFixed(1)} ${unit}`;
}

const SHORT_COLUMNS = 8;

/** What is accepted for an option, as a phrase. */
export function acceptedValues(key: OptionKey): string {
  const { type, min, max, multipleOf, autoValue, auto, choices } = optionRow(key);
  if (choices !== undefined) return `one of ${choices.join(', ')}`;
  const show = (value: number) => formatOption(key, value);
  const range =
    min === undefined
      ? ''
      : max === undefined
        ? ` of at least ${show(min)}`
        : ` from ${show(min)} to ${show(max)}`;
  const multiple = multipleOf === undefined ? '' : `, a multiple of ${multipleOf} bytes`;
  const special = autoValue === undefined ? '' : `, or ${autoValue} for: ${auto}`;
  return `${KIND_OF_VALUE[type]}${range}${multiple}${special}`;
}

const KIND_OF_VALUE = {
  count: 'a whole number',
  switch: 'true or false',
  ratio: 'a number',
  size: 'a size such as 64 mb',
  duration: 'a duration such as 100 ms',
  choice: 'a word',
  text: 'text that is not empty',
} as const;

const SIZE_STEPS = [
  ['tb', 1024 ** 4],
  ['gb', 1024 ** 3],
  ['mb', 1024 ** 2],
  ['kb', 1024],
  ['bytes', 1],
] as const;

// biome-ignore format: a table
const SIZE_UNITS: Readonly<Record<string, number>> = {
  '': 1, b: 1, bytes: 1,
  k: 1024, kb: 1024, kib: 1024, kibibytes: 1024,
  m: 1024 ** 2, mb: 1024 ** 2, mib: 1024 ** 2, mebibytes: 1024 ** 2,
  g: 1024 ** 3, gb: 1024 ** 3, gib: 1024 ** 3, gibibytes: 1024 ** 3,
  t: 1024 ** 4, tb: 1024 ** 4, tib: 1024 ** 4, tebibytes: 1024 ** 4,
};

// biome-ignore format: a table
const DURATION_UNITS: Readonly<Record<string, number>> = {
  '': 1, ms: 1, milli: 1, millis: 1, millisecond: 1, milliseconds: 1,
  s: 1000, sec: 1000, secs: 1000, second: 1000, seconds: 1000,
  m: 60_000, min: 60_000, minute: 60_000, minutes: 60_000,
  h: 3_600_000, hour: 3_600_000, hours: 3_600_000,
  d: 86_400_000, day: 86_400_000, days: 86_400_000,
};

/** Undefined: it cannot be read. */
const PARSERS = {
  count: (value: unknown) => wholeNumber(value),
  switch: (value: unknown) => {
    if (typeof value === 'boolean') return value;
    const word = typeof value === 'string' ? value.toLowerCase() : '';
    return word === 'true' ? true : word === 'false' ? false : undefined;
  },
  ratio: (value: unknown) => {
    const number = typeof value === 'string' && value !== '' ? Number(value) : value;
    return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
  },
  size: (value: unknown) => {
    if (typeof value === 'string' && /^infinite$/i.test(value)) return Number.POSITIVE_INFINITY;
    return withUnit(value, SIZE_UNITS);
  },
  duration: (value: unknown) => withUnit(value, DURATION_UNITS),
  choice: (value: unknown) => (typeof value === 'string' ? value.toLowerCase() : undefined),
  text: (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined),
} satisfies Record<string, (value: unknown) => number | boolean | string | undefined>;

function wholeNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^[+-]?\d+$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) ? number : undefined;
}

function withUnit(value: unknown, units: Readonly<Record<string, number>>): number | undefined {
  if (typeof value === 'number') return wholeNumber(value);
  const match = typeof value === 'string' ? /^(\d+)\s*([a-z]*)$/i.exec(value) : null;
  if (match === null) return undefined;
  const unit = match[2]!.toLowerCase();
  if (!Object.hasOwn(units, unit)) return undefined;
  return wholeNumber(Number(match[1]) * units[unit]!);
}

function invalid(key: OptionKey, value: unknown, origin: string): SluiceError {
  const code: ErrorCode =
    key === 'parallelism.default' || key === 'pipeline.max-parallelism'
      ? 'PARALLELISM_INVALID'
      : 'OPTION_INVALID';
  const shown = typeof value === 'string' ? `'${value}'` : String(value);
  const name = origin === '--parallelism' || origin === '--memory' ? origin : `${origin}: ${key}`;
  return new SluiceError(code, `${name} is ${acceptedValues(key)}, not ${shown}`, {
    detail: { option: key, value: String(value), origin },
  });
}
