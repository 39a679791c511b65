import { valueText } from '../base/record-text.js';
import { compileTaker, type Taker, type ValueReporter } from '../records/nested.js';
import type { FieldSpec } from '../records/schema.js';

/** How a value does not fit a field. */
export interface Misfit {
  /** Where: the name of the field, or a path into it such as `items[3].price`. */
  readonly path: string;
  /** Words that follow the path: `of 1.5, which is not a whole number …`. */
  readonly what: string;
}

/** What a value is as its field keeps it, with nothing of the giver's in it; or how it does not fit. */
export function takeValue(field: FieldSpec, value: unknown): { readonly kept: unknown } | Misfit {
  const { name, nullable } = field;
  if (value === null || value === undefined) {
    const what = `${value === null ? 'null' : 'missing'}, which is not declared nullable`;
    return nullable ? { kept: null } : { path: name, what };
  }
  let taker = takers.get(field);
  if (taker === undefined) takers.set(field, (taker = compileTaker(field)));
  try {
    return { kept: taker(value, REPORTER, 0, name) };
  } catch (error) {
    if (error instanceof Refused) return error.misfit;
    throw error;
  }
}

/** The same without what is kept; null when the value fits. */
export function misfit(field: FieldSpec, value: unknown): Misfit | null {
  const taken = takeValue(field, value);
  return 'kept' in taken ? null : taken;
}

const takers = new WeakMap<FieldSpec, Taker>();

class Refused extends Error {
  readonly misfit: Misfit;

  constructor(path: string, what: string) {
    super(what);
    this.misfit = { path, what };
  }
}

/** Characters of a value in a message. */
const SHOWN_MAX = 40;

const REPORTER: ValueReporter = {
  badField: (_, path, expected, value) => {
    throw new Refused(path, `of ${valueText(value, SHOWN_MAX)}, which is not ${expected}`);
  },
  badAccess: (_, path, error) => {
    throw new Refused(path, `that cannot be read: ${valueText(error, SHOWN_MAX)}`);
  },
};
