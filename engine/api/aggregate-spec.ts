import type { AggregateFn, AggregateSpec } from '../plan/logical-plan.js';
import { FIELD_KINDS, type FieldKind, type FieldSpec } from '../records/schema.js';
import type { Aggregate } from './aggregates.js';

const SMALL: readonly FieldKind[] = ['int8', 'int16', 'int32', 'uint32'];
const NUMBERS: readonly FieldKind[] = [...SMALL, 'int64', 'bigint', 'float32', 'float64'];
const ORDERED: readonly FieldKind[] = [...NUMBERS, 'timestamp', 'string', 'category'];
const VALUES: readonly FieldKind[] = [...ORDERED, 'bool'];
const ALL = Object.keys(FIELD_KINDS) as FieldKind[];

/** Most values of a topN. */
const TOP_MAX = 10_000;

// biome-ignore format: a table
const FUNCTIONS: Record<AggregateFn, { readonly accepts: readonly FieldKind[] | null; readonly windowOnly: boolean }> = {
  //  function            kinds of field it takes; null: none    only in windows
  count:               { accepts: null,                          windowOnly: false },
  sum:                 { accepts: NUMBERS,                       windowOnly: false },
  mean:                { accepts: NUMBERS,                       windowOnly: false },
  variance:            { accepts: NUMBERS,                       windowOnly: false },
  stddev:              { accepts: NUMBERS,                       windowOnly: false },
  quantile:            { accepts: NUMBERS,                       windowOnly: false },
  min:                 { accepts: ORDERED,                       windowOnly: false },
  max:                 { accepts: ORDERED,                       windowOnly: false },
  topN:                { accepts: ORDERED,                       windowOnly: false },
  countDistinct:       { accepts: VALUES,                        windowOnly: false },
  approxCountDistinct: { accepts: VALUES,                        windowOnly: false },
  first:               { accepts: ALL,                           windowOnly: false },
  last:                { accepts: ALL,                           windowOnly: false },
  collect:             { accepts: ALL,                           windowOnly: false },
  windowStart:         { accepts: null,                          windowOnly: true },
  windowEnd:           { accepts: null,                          windowOnly: true },
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

/** What is wrong with what an aggregate is given beside its field; null: nothing. */
export function argumentFault({ fn, argument }: Aggregate): string | null {
  const given = argument as number;
  if (fn === 'topN' && !(Number.isInteger(given) && given >= 1 && given <= TOP_MAX))
    return `n is ${String(given)}, which is not a whole number from 1 to ${TOP_MAX}`;
  if (fn === 'quantile' && !(typeof given === 'number' && given >= 0 && given <= 1))
    return `the rank is ${String(given)}, which is not a number from 0 to 1`;
  return null;
}

/** @param input  the field it is about; null when it needs none, or when rows are undeclared */
export function aggregateSpec(as: string, aggregate: Aggregate, input: FieldSpec | null): AggregateSpec {
  const { fn, field, argument, where } = aggregate;
  const inputKind = input?.kind ?? 'float64';
  const nullable = (input?.nullable ?? false) || where !== undefined;
  const spec = {
    ...{ as, fn, field },
    ...(argument !== undefined && { argument }),
    ...(where !== undefined && { where }),
  };
  switch (fn) {
    case 'count':
    case 'countDistinct':
    case 'approxCountDistinct':
      return { ...spec, kind: 'int64', nullable: false };
    case 'windowStart':
    case 'windowEnd':
      return { ...spec, kind: 'timestamp', nullable: false };
    case 'sum':
      return { ...spec, kind: sumKind(inputKind), nullable };
    case 'mean':
    case 'quantile':
      return { ...spec, kind: 'float64', nullable };
    case 'variance':
    case 'stddev':
      return { ...spec, kind: 'float64', nullable: true };
    case 'min':
    case 'max':
    case 'first':
    case 'last':
      return { ...spec, kind: inputKind, nullable, ...(input?.parts && { parts: input.parts }) };
    case 'collect':
    case 'topN': {
      // Only fields of records are categories.
      const kind = inputKind === 'category' ? 'string' : inputKind;
      const item = { kind, nullable: false, ...(input?.parts && { parts: input.parts }) };
      return { ...spec, kind: 'list', nullable: false, parts: { item } };
    }
  }
}

/** A sum may be larger than what it is a sum of. */
function sumKind(kind: FieldKind): FieldKind {
  if (kind === 'float32') return 'float64';
  return SMALL.includes(kind) ? 'int64' : kind;
}
