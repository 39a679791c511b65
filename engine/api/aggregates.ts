import type { AggregateSpec } from '../plan/logical-plan.js';
import type { FieldKind, FieldSpec } from '../records/schema.js';
import type { FieldWith, NullOf } from './row-types.js';

type AggregateFn = AggregateSpec['fn'];

/** One column of an aggregation, made by `count()`, `sum('x')` and their kin. */
export interface Aggregate<F extends AggregateFn = AggregateFn, K extends string | null = string | null> {
  readonly fn: F;
  readonly field: K;
}

/** Records in the group. An int64. */
export const count = (): Aggregate<'count', null> => ({ fn: 'count', field: null });

/**
 * The sum of a number field: int64 of int32 and int64, bigint of bigint, float64 of float64.
 * Nulls are skipped; of nothing but nulls the sum is null, as in SQL.
 */
export const sum = <const K extends string>(field: K): Aggregate<'sum', K> => ({ fn: 'sum', field });

/** The arithmetic mean of a number field, a float64. Nulls are skipped; of nothing but nulls it is null. */
export const mean = <const K extends string>(field: K): Aggregate<'mean', K> => ({ fn: 'mean', field });

/** The smallest value of a number, timestamp or string field. Nulls are skipped; of nothing but nulls it is null. */
export const min = <const K extends string>(field: K): Aggregate<'min', K> => ({ fn: 'min', field });

/** The largest value of a number, timestamp or string field. Nulls are skipped; of nothing but nulls it is null. */
export const max = <const K extends string>(field: K): Aggregate<'max', K> => ({ fn: 'max', field });

/** The first instant of the window, a timestamp. */
export const windowStart = (): Aggregate<'windowStart', null> => ({ fn: 'windowStart', field: null });

/** The first instant after the window, a timestamp. */
export const windowEnd = (): Aggregate<'windowEnd', null> => ({ fn: 'windowEnd', field: null });

/** The aggregates that rows of type T allow; those of the window only in a window. */
export type AggregateFor<T, InWindow extends boolean> =
  | Aggregate<'count', null>
  | Aggregate<'sum' | 'mean', FieldWith<T, number | bigint>>
  | Aggregate<'min' | 'max', FieldWith<T, number | bigint | string>>
  | (InWindow extends true ? Aggregate<'windowStart' | 'windowEnd', null> : never);

type AggregateValue<T, A> =
  A extends Aggregate<infer F, infer K>
    ? F extends 'min' | 'max'
      ? K extends keyof T
        ? NonNullable<T[K]> | NullOf<T[K]>
        : never
      : F extends 'sum' | 'mean'
        ? K extends keyof T
          ? (F extends 'sum' ? (NonNullable<T[K]> extends bigint ? bigint : number) : number) | NullOf<T[K]>
          : never
        : number
    : never;

/** The columns that a set of aggregates adds to the key columns. */
export type AggregateColumns<T, S> = { [K in keyof S]: AggregateValue<T, S[K]> };

const SMALL: readonly FieldKind[] = ['int8', 'int16', 'int32', 'uint32'];
const NUMBERS: readonly FieldKind[] = [...SMALL, 'int64', 'bigint', 'float32', 'float64'];
const ORDERED: readonly FieldKind[] = [...NUMBERS, 'timestamp', 'string', 'category'];

// biome-ignore format: a table
const FUNCTIONS: Record<AggregateFn, { readonly accepts: readonly FieldKind[] | null; readonly windowOnly: boolean }> = {
  //  function    kinds of field it takes; null: none    only in windows
  count:       { accepts: null,                          windowOnly: false },
  sum:         { accepts: NUMBERS,                       windowOnly: false },
  mean:        { accepts: NUMBERS,                       windowOnly: false },
  min:         { accepts: ORDERED,                       windowOnly: false },
  max:         { accepts: ORDERED,                       windowOnly: false },
  windowStart: { accepts: null,                          windowOnly: true },
  windowEnd:   { accepts: null,                          windowOnly: true },
};

export const acceptedKinds = (fn: AggregateFn): readonly FieldKind[] | null => FUNCTIONS[fn].accepts;
export const isWindowOnly = (fn: AggregateFn): boolean => FUNCTIONS[fn].windowOnly;

export function isAggregate(value: unknown): value is Aggregate {
  if (typeof value !== 'object' || value === null) return false;
  const { fn, field } = value as Partial<Aggregate>;
  return (
    typeof fn === 'string' && Object.hasOwn(FUNCTIONS, fn) && (field === null || typeof field === 'string')
  );
}

/** @param input  the field it is about; null when it needs none, or when rows are undeclared */
export function aggregateSpec(as: string, { fn, field }: Aggregate, input: FieldSpec | null): AggregateSpec {
  const inputKind = input?.kind ?? 'float64';
  const nullable = input?.nullable ?? false;
  switch (fn) {
    case 'count':
      return { as, fn, field, kind: 'int64', nullable: false };
    case 'windowStart':
    case 'windowEnd':
      return { as, fn, field, kind: 'timestamp', nullable: false };
    case 'sum':
      return { as, fn, field, kind: sumKind(inputKind), nullable };
    case 'mean':
      return { as, fn, field, kind: 'float64', nullable };
    case 'min':
    case 'max':
      return { as, fn, field, kind: inputKind, nullable };
  }
}

/** A sum may be larger than what it is a sum of. */
function sumKind(kind: FieldKind): FieldKind {
  if (kind === 'float32') return 'float64';
  return SMALL.includes(kind) ? 'int64' : kind;
}
