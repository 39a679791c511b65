import { compileTaker, isNestedField, type Taker, type ValueReporter } from '../records/nested.js';
import type { FieldSpec, ScalarKind } from '../records/schema.js';

/** How a value does not fit a field. */
export interface Misfit {
  /** Where: the name of the field, or a path into it such as `items[3].price`. */
  readonly path: string;
  /** Words that follow the path: `of 1.5, which is not of kind int32`. */
  readonly what: string;
}

/** What a value is as its field keeps it, with nothing of the giver's in it; or how it does not fit. */
export function takeValue(field: FieldSpec, value: unknown): { readonly kept: unknown } | Misfit {
  const { name, kind, nullable } = field;
  if (value === null || value === undefined) {
    const what = `${value === null ? 'null' : 'missing'}, which is not declared nullable`;
    return nullable ? { kept: null } : { path: name, what };
  }
  if (isNestedField(field)) return takeNested(field, value);
  if (!FITS[kind as ScalarKind](value))
    return { path: name, what: `of ${shown(value)}, which is not of kind ${kind}` };
  return { kept: value instanceof Uint8Array ? new Uint8Array(value) : value };
}

/** The same without what is kept; null when the value fits. */
export function misfit(field: FieldSpec, value: unknown): Misfit | null {
  const taken = takeValue(field, value);
  return 'kept' in taken ? null : taken;
}

const takers = new WeakMap<FieldSpec, Taker>();

function takeNested(field: FieldSpec, value: unknown): { readonly kept: unknown } | Misfit {
  let taker = takers.get(field);
  if (taker === undefined) takers.set(field, (taker = compileTaker(field)));
  try {
    return { kept: taker(value, REPORTER, 0, field.name) };
  } catch (error) {
    if (error instanceof Refused) return error.misfit;
    throw error;
  }
}

class Refused extends Error {
  readonly misfit: Misfit;

  constructor(path: string, what: string) {
    super(what);
    this.misfit = { path, what };
  }
}

const REPORTER: ValueReporter = {
  badField: (_, path, expected, value) => {
    throw new Refused(path, `of ${shown(value)}, which is not ${expected}`);
  },
  badAccess: (_, path, error) => {
    throw new Refused(path, `that cannot be read: ${shown(error)}`);
  },
};

/** Half a surrogate pair has no UTF-8 form. Node.js has known the method since 20, the library of types not yet. */
const isString = (value: unknown): boolean =>
  typeof value === 'string' && (value as string & { isWellFormed(): boolean }).isWellFormed();

// biome-ignore format: a table
const FITS: { readonly [K in ScalarKind]: (value: unknown) => boolean } = {
  bool:      (value) => typeof value === 'boolean',
  int8:      (value) => Number.isInteger(value) && Math.abs((value as number) + 0.5) < 128,
  int16:     (value) => Number.isInteger(value) && Math.abs((value as number) + 0.5) < 32_768,
  int32:     (value) => typeof value === 'number' && value === (value | 0),
  uint32:    (value) => typeof value === 'number' && value === value >>> 0,
  int64:     Number.isSafeInteger,
  bigint:    (value) => typeof value === 'bigint' && value === BigInt.asIntN(64, value),
  float32:   (value) => typeof value === 'number',
  float64:   (value) => typeof value === 'number',
  timestamp: Number.isSafeInteger,
  string:    isString,
  category:  isString,
  bytes:     (value) => value instanceof Uint8Array,
};

const SHOWN_MAX = 40;

function shown(value: unknown): string {
  const text =
    typeof value === 'string'
      ? JSON.stringify(value)
      : typeof value === 'bigint'
        ? `${value}n`
        : String(value);
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text;
}
