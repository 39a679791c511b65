import type { AggregateSpec } from '../../plan/logical-plan.js';
import type { FieldKind, FieldSpec } from '../../records/schema.js';
import { HyperLogLog } from '../aggregates/hyper-log-log.js';
import { QuantileSketch } from '../aggregates/quantile-sketch.js';
import { CollectedValues, DistinctValues, LargestValues } from '../aggregates/value-lists.js';

/** One column of a keyed table. */
export interface Column {
  readonly name: string;
  readonly array: 'Float64Array' | 'Int32Array' | 'Array';
  /** Value of a fresh slot. */
  readonly initial: string;
}

/** A slot of a table in generated code: both are names of locals, or numbers. */
export interface SlotText {
  readonly tab: string;
  readonly s: string;
}

/**
 * How one aggregate is kept and read.
 *
 * What two slots hold can be put together, in whatever groups and order: a window is made of its slices. A fresh slot
 * changes nothing there. No two slots ever share what can change.
 */
export interface Accumulator {
  readonly columns: readonly Column[];
  /** Whether what it keeps grows with the rows. */
  readonly grows?: true;
  /** Statement that adds value `v` of a row of time `ts`; `overflow` is one for a result out of its range. */
  update(slot: SlotText, v: string, overflow: string, ts: string): string;
  /** Statement that adds what a slot of later rows holds. */
  merge(slot: SlotText, from: SlotText, overflow: string): string;
  /** Expression of the result. */
  result(slot: SlotText): string;
}

const NUMERIC: ReadonlySet<FieldKind> = new Set([
  ...(['int8', 'int16', 'int32', 'uint32', 'int64', 'float32', 'float64', 'timestamp'] as const),
]);

export const isNumeric = (kind: FieldKind): boolean => NUMERIC.has(kind);

/** Text of a slot's value in a column. */
export const cell = ({ tab, s }: SlotText, column: string): string => `${tab}.${column}[${s}]`;

/**
 * @param input  the aggregated field; null for aggregates that need none, and for fields of undeclared rows
 * @param bind   gives a value a name that generated code may use
 */
export function accumulatorOf(
  spec: AggregateSpec,
  index: number,
  input: FieldSpec | null,
  bind: (hint: string, value: unknown) => string,
): Accumulator {
  const a = `a${index}`;
  const of: Aggregated = {
    ...{ spec, index },
    skips: input?.nullable ?? false,
    mayLack: (input?.nullable ?? false) || spec.where !== undefined,
  };
  switch (spec.fn) {
    case 'count':
      return {
        columns: [{ name: a, array: 'Float64Array', initial: '0' }],
        update: (slot) => `${cell(slot, a)}++;`,
        merge: (slot, from) => `${cell(slot, a)} += ${cell(from, a)};`,
        result: (slot) => cell(slot, a),
      };
    case 'sum':
      return sum(of);
    case 'mean':
      return mean(of);
    case 'min':
    case 'max':
      return extreme(of);
    case 'variance':
    case 'stddev':
      return variance(of);
    case 'first':
    case 'last':
      return nearest(of);
    case 'countDistinct':
      return { ...objects(of, bind(spec.fn, DistinctValues), '', '0'), grows: true };
    case 'collect':
      return { ...objects(of, bind(spec.fn, CollectedValues), '', '[]'), grows: true };
    case 'approxCountDistinct':
      return objects(of, bind(spec.fn, HyperLogLog), '', '0');
    case 'topN':
      return objects(of, bind(spec.fn, LargestValues), `${spec.argument}`, '[]');
    case 'quantile':
      return objects(of, bind(spec.fn, QuantileSketch), `${spec.argument}`, 'null');
    case 'windowStart':
    case 'windowEnd':
      return {
        columns: [],
        update: () => '',
        merge: () => '',
        result: ({ tab }) => `${tab}.${spec.fn === 'windowStart' ? 'startMs' : 'endMs'}`,
      };
  }
}

/** An aggregate and its values. */
interface Aggregated {
  readonly spec: AggregateSpec;
  /** Names its columns. */
  readonly index: number;
  /** Whether values may be null. */
  readonly skips: boolean;
  /** Whether a slot may have no value at all. */
  readonly mayLack: boolean;
}

/** `statement` for values that are there. */
const present = (mayBeNull: boolean, v: string, statement: string): string =>
  mayBeNull ? `if (${v} !== null) { ${statement} }` : statement;

function sum({ spec, index, skips, mayLack }: Aggregated): Accumulator {
  const [a, n] = [`a${index}`, `n${index}`];
  const big = spec.kind === 'bigint';
  // Past the whole numbers that are exact, adding would go wrong unseen, even if the sum came back.
  const add = (slot: SlotText, v: string, overflow: string): string => {
    const added = `${cell(slot, a)} += ${v}`;
    return spec.kind === 'int64' ? `if (!Number.isSafeInteger(${added})) { ${overflow} }` : `${added};`;
  };
  return {
    columns: [
      { name: a, array: big ? 'Array' : 'Float64Array', initial: big ? '0n' : '0' },
      ...(mayLack ? [{ name: n, array: 'Float64Array', initial: '0' } as const] : []),
    ],
    update: (slot, v, overflow) => {
      const counted = mayLack ? ` ${cell(slot, n)}++;` : '';
      return present(skips, v, `${add(slot, v, overflow)}${counted}`);
    },
    merge: (slot, from, overflow) => {
      const counted = mayLack ? ` ${cell(slot, n)} += ${cell(from, n)};` : '';
      return `${add(slot, cell(from, a), overflow)}${counted}`;
    },
    result: (slot) => (mayLack ? `(${cell(slot, n)} === 0 ? null : ${cell(slot, a)})` : cell(slot, a)),
  };
}

function mean({ index, skips, mayLack }: Aggregated): Accumulator {
  const [a, n] = [`a${index}`, `n${index}`];
  return {
    columns: [
      { name: a, array: 'Float64Array', initial: '0' },
      { name: n, array: 'Float64Array', initial: '0' },
    ],
    update: (slot, v) => present(skips, v, `${cell(slot, a)} += Number(${v}); ${cell(slot, n)}++;`),
    merge: (slot, from) => `${cell(slot, a)} += ${cell(from, a)}; ${cell(slot, n)} += ${cell(from, n)};`,
    result: (slot) => {
      const quotient = `${cell(slot, a)} / ${cell(slot, n)}`;
      return mayLack ? `(${cell(slot, n)} === 0 ? null : ${quotient})` : quotient;
    },
  };
}

/** The smallest or largest value; NaN is larger than every other number, as SQL has it. */
function extreme({ spec, index, skips, mayLack }: Aggregated): Accumulator {
  const a = `a${index}`;
  const isMin = spec.fn === 'min';
  const mayBeNaN = spec.kind === 'float32' || spec.kind === 'float64';
  const better = (slot: SlotText, v: string): string => {
    const strictly = `${v} ${isMin ? '<' : '>'} ${cell(slot, a)}`;
    if (!mayBeNaN) return strictly;
    return isMin ? `${strictly} || ${cell(slot, a)} !== ${cell(slot, a)}` : `${strictly} || ${v} !== ${v}`;
  };
  const take = (condition: string, slot: SlotText, v: string): string =>
    `if (${condition}) ${cell(slot, a)} = ${v};`;
  if (isNumeric(spec.kind) && !mayLack) {
    const least = mayBeNaN ? 'NaN' : 'Infinity';
    return {
      columns: [{ name: a, array: 'Float64Array', initial: isMin ? least : '-Infinity' }],
      update: (slot, v) => take(better(slot, v), slot, v),
      merge: (slot, from) => take(better(slot, cell(from, a)), slot, cell(from, a)),
      result: (slot) => cell(slot, a),
    };
  }
  const takeOrFirst = (slot: SlotText, v: string): string =>
    take(`${cell(slot, a)} === null || ${better(slot, v)}`, slot, v);
  return {
    columns: [{ name: a, array: 'Array', initial: 'null' }],
    update: (slot, v) => present(skips, v, takeOrFirst(slot, v)),
    merge: (slot, from) => present(true, cell(from, a), takeOrFirst(slot, cell(from, a))),
    result: (slot) => cell(slot, a),
  };
}

/** By B. P. Welford; two are put together by T. Chan. Sums of squares would lose all digits of large values. */
function variance({ spec, index, skips }: Aggregated): Accumulator {
  const [n, m, d] = [`n${index}`, `a${index}`, `d${index}`]; // how many, their mean, their squared distances from it
  return {
    columns: [n, m, d].map((name) => ({ name, array: 'Float64Array', initial: '0' })),
    update: (slot, v) => {
      const added = `const x = Number(${v}), d = x - ${cell(slot, m)}; ${cell(slot, m)} += d / ++${cell(slot, n)};`;
      return present(skips, v, `{ ${added} ${cell(slot, d)} += d * (x - ${cell(slot, m)}); }`);
    },
    merge: (slot, from) => {
      const [mine, theirs] = [cell(slot, n), cell(from, n)];
      const between = `const d = ${cell(from, m)} - ${cell(slot, m)}, share = ${theirs} / (${mine} + ${theirs});`;
      const apart = `${cell(slot, d)} += ${cell(from, d)} + d * d * ${mine} * share;`;
      return `if (${theirs} > 0) { ${between} ${apart} ${cell(slot, m)} += d * share; ${mine} += ${theirs}; }`;
    },
    result: (slot) => {
      const quotient = `${cell(slot, d)} / (${cell(slot, n)} - 1)`;
      return `(${cell(slot, n)} < 2 ? null : ${spec.fn === 'stddev' ? `Math.sqrt(${quotient})` : quotient})`;
    },
  };
}

/** The first or last value by event time; rows that came before are in the slot. */
function nearest({ spec, index, skips }: Aggregated): Accumulator {
  const [a, at] = [`a${index}`, `t${index}`];
  const isFirst = spec.fn === 'first';
  // Of a row without a time, the first that comes is the first and the last is the last.
  const take = (slot: SlotText, v: string, ts: string): string =>
    `if (${ts} ${isFirst ? '<' : '>='} ${cell(slot, at)}) { ${cell(slot, a)} = ${v}; ${cell(slot, at)} = ${ts}; }`;
  return {
    columns: [
      { name: a, array: 'Array', initial: 'null' },
      { name: at, array: 'Float64Array', initial: isFirst ? 'Infinity' : '-Infinity' },
    ],
    update: (slot, v, _overflow, ts) => present(skips, v, take(slot, v, ts)),
    merge: (slot, from) => present(true, cell(from, a), take(slot, cell(from, a), cell(from, at))),
    result: (slot) => cell(slot, a),
  };
}

/**
 * A ValueAccumulator per slot, made with its first value.
 *
 * @param made   name of its class
 * @param given  text of what that is given
 * @param empty  text of the result without values
 */
function objects({ index, skips }: Aggregated, made: string, given: string, empty: string): Accumulator {
  const a = `a${index}`;
  const own = (slot: SlotText): string => `(${cell(slot, a)} ??= new ${made}(${given}))`;
  return {
    columns: [{ name: a, array: 'Array', initial: 'null' }],
    update: (slot, v) => present(skips, v, `${own(slot)}.add(${v});`),
    merge: (slot, from) => present(true, cell(from, a), `${own(slot)}.absorb(${cell(from, a)});`),
    result: (slot) => `(${cell(slot, a)} === null ? ${empty} : ${cell(slot, a)}.result())`,
  };
}
