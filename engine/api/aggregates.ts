import type { AggregateFn } from '../plan/logical-plan.js';
import type { FieldOf, FieldWith, NullOf } from './row-types.js';

/** One column of an aggregation, made by `count()`, `sum('x')` and their kin. */
export interface Aggregate<
  F extends AggregateFn = AggregateFn,
  K extends string | null = string | null,
  W extends string = string,
> {
  readonly fn: F;
  readonly field: K;
  readonly argument?: number;
  readonly where?: W;
}

/** Which rows an aggregate is of: those in which a boolean field is true. Without it, all. */
export interface AggregateOptions<W extends string> {
  readonly where?: W;
}

type Where<W extends string> = AggregateOptions<W>;

const aggregate = <F extends AggregateFn, K extends string | null, W extends string>(
  fn: F,
  field: K,
  options: Where<W> | undefined,
  argument?: number,
): Aggregate<F, K, W> => ({
  ...{ fn, field },
  ...(argument !== undefined && { argument }),
  ...(options?.where !== undefined && { where: options.where }),
});

/** Records in the group. An int64. */
export const count = <const W extends string = never>(
  options?: Where<W>,
): Aggregate<'count', null, NoInfer<W>> => aggregate('count', null, options);

/**
 * The sum of a number field: int64 of int32 and int64, bigint of bigint, float64 of float64.
 * Nulls are skipped; of nothing but nulls the sum is null, as in SQL.
 */
export const sum = <const K extends string, const W extends string = never>(
  field: K,
  options?: Where<W>,
): Aggregate<'sum', K, NoInfer<W>> => aggregate('sum', field, options);

/** The arithmetic mean of a number field, a float64. Nulls are skipped; of nothing but nulls it is null. */
export const mean = <const K extends string, const W extends string = never>(
  field: K,
  options?: Where<W>,
): Aggregate<'mean', K, NoInfer<W>> => aggregate('mean', field, options);

/**
 * The smallest value of a number, timestamp or string field. Nulls are skipped; of nothing but nulls it is null. NaN is
 * larger than every other number.
 */
export const min = <const K extends string, const W extends string = never>(
  field: K,
  options?: Where<W>,
): Aggregate<'min', K, NoInfer<W>> => aggregate('min', field, options);

/**
 * The largest value of a number, timestamp or string field. Nulls are skipped; of nothing but nulls it is null. NaN is
 * larger than every other number.
 */
export const max = <const K extends string, const W extends string = never>(
  field: K,
  options?: Where<W>,
): Aggregate<'max', K, NoInfer<W>> => aggregate('max', field, options);

/** The sample variance of a number field, a float64. Nulls are skipped; of fewer than two values it is null. */
export const variance = <const K extends string, const W extends string = never>(
  field: K,
  options?: Where<W>,
): Aggregate<'variance', K, NoInfer<W>> => aggregate('variance', field, options);

/** The square root of the sample variance. */
export const stddev = <const K extends string, const W extends string = never>(
  field: K,
  options?: Where<W>,
): Aggregate<'stddev', K, NoInfer<W>> => aggregate('stddev', field, options);

/**
 * About the value that has the share `rank` of all others before it, rounded down: within 1 % of that value, a float64.
 * Nulls are skipped; of nothing but nulls it is null. NaN is larger than every other number.
 *
 * @param rank  from 0, the smallest, by 0.5, the median, to 1, the largest
 */
export const quantile = <const K extends string, const W extends string = never>(
  field: K,
  rank: number,
  options?: Where<W>,
): Aggregate<'quantile', K, NoInfer<W>> => aggregate('quantile', field, options, rank);

/** How many different values a field has, nulls left out. An int64. Exact: it keeps them all. */
export const countDistinct = <const K extends string, const W extends string = never>(
  field: K,
  options?: Where<W>,
): Aggregate<'countDistinct', K, NoInfer<W>> => aggregate('countDistinct', field, options);

/**
 * About how many different values a field has, nulls left out. An int64, exact up to 100 and from there with a standard
 * error of 1.6 %; takes 4 KiB at most.
 */
export const approxCountDistinct = <const K extends string, const W extends string = never>(
  field: K,
  options?: Where<W>,
): Aggregate<'approxCountDistinct', K, NoInfer<W>> => aggregate('approxCountDistinct', field, options);

/**
 * The value of the earliest row by event time, of several the first that came. Nulls are skipped; of nothing but nulls
 * it is null.
 */
export const first = <const K extends string, const W extends string = never>(
  field: K,
  options?: Where<W>,
): Aggregate<'first', K, NoInfer<W>> => aggregate('first', field, options);

/**
 * The value of the latest row by event time, of several the last that came. Nulls are skipped; of nothing but nulls it
 * is null.
 */
export const last = <const K extends string, const W extends string = never>(
  field: K,
  options?: Where<W>,
): Aggregate<'last', K, NoInfer<W>> => aggregate('last', field, options);

/** A list of all values of a field, nulls left out, in no order that can be relied on. It keeps them all. */
export const collect = <const K extends string, const W extends string = never>(
  field: K,
  options?: Where<W>,
): Aggregate<'collect', K, NoInfer<W>> => aggregate('collect', field, options);

/**
 * A list of the largest values of a number, timestamp or string field, the largest first; a value that came twice is
 * in it twice. Nulls are skipped; NaN is larger than every other number.
 *
 * @param n  how many; from 1 to 10,000
 */
export const topN = <const K extends string, const W extends string = never>(
  field: K,
  n: number,
  options?: Where<W>,
): Aggregate<'topN', K, NoInfer<W>> => aggregate('topN', field, options, n);

/** The first instant of the window, a timestamp. */
export const windowStart = (): Aggregate<'windowStart', null, never> => ({ fn: 'windowStart', field: null });

/** The first instant after the window, a timestamp. */
export const windowEnd = (): Aggregate<'windowEnd', null, never> => ({ fn: 'windowEnd', field: null });

type OfNumbers = 'sum' | 'mean' | 'variance' | 'stddev' | 'quantile';
type OfOrdered = 'min' | 'max' | 'topN';
type OfScalars = 'countDistinct' | 'approxCountDistinct';
type OfAll = 'first' | 'last' | 'collect';

/** The aggregates that rows of type T allow; those of the window only in a window. */
export type AggregateFor<T, InWindow extends boolean> =
  | Aggregate<'count', null, FieldWith<T, boolean>>
  | Aggregate<OfNumbers, FieldWith<T, number | bigint>, FieldWith<T, boolean>>
  | Aggregate<OfOrdered, FieldWith<T, number | bigint | string>, FieldWith<T, boolean>>
  | Aggregate<OfScalars, FieldWith<T, number | bigint | string | boolean>, FieldWith<T, boolean>>
  | Aggregate<OfAll, FieldOf<T>, FieldWith<T, boolean>>
  | (InWindow extends true ? Aggregate<'windowStart' | 'windowEnd', null, never> : never);

/** Of a condition that no row may fulfil nothing may be left. */
type NullIf<W> = [W] extends [never] ? never : null;

type AggregateValue<T, A> =
  A extends Aggregate<infer F, infer K, infer W>
    ? K extends keyof T
      ? FieldAggregate<F, T[K], W>
      : number
    : never;

type FieldAggregate<F, V, W> = F extends 'min' | 'max' | 'first' | 'last'
  ? NonNullable<V> | NullOf<V> | NullIf<W>
  : F extends 'sum'
    ? (NonNullable<V> extends bigint ? bigint : number) | NullOf<V> | NullIf<W>
    : F extends 'mean' | 'quantile'
      ? number | NullOf<V> | NullIf<W>
      : F extends 'variance' | 'stddev'
        ? number | null
        : F extends 'collect' | 'topN'
          ? NonNullable<V>[]
          : number;

/** The columns that a set of aggregates adds to the key columns. */
export type AggregateColumns<T, S> = { [K in keyof S]: AggregateValue<T, S[K]> };
