import type { AggregateSpec } from '../../plan/logical-plan.js';
import type { FieldKind, FieldSpec } from '../../records/schema.js';

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
  /** Statement that adds value `v`; `overflow` is one for a result out of its range. */
  update(slot: SlotText, v: string, overflow: string): string;
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

/** @param input  the aggregated field; null for aggregates that need none, and for fields of undeclared rows */
export function accumulatorOf(spec: AggregateSpec, index: number, input: FieldSpec | null): Accumulator {
  const a = `a${index}`;
  const nullable = input?.nullable ?? false;
  switch (spec.fn) {
    case 'count':
      return {
        columns: [{ name: a, array: 'Float64Array', initial: '0' }],
        update: (slot) => `${cell(slot, a)}++;`,
        merge: (slot, from) => `${cell(slot, a)} += ${cell(from, a)};`,
        result: (slot) => cell(slot, a),
      };
    case 'sum':
      return sum(spec, index, nullable);
    case 'mean':
      return mean(index, nullable);
    case 'min':
    case 'max':
      return extreme(spec, a, input);
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

/** `statement` for values that are there. */
const present = (nullable: boolean, v: string, statement: string): string =>
  nullable ? `if (${v} !== null) { ${statement} }` : statement;

function sum(spec: AggregateSpec, index: number, nullable: boolean): Accumulator {
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
      ...(nullable ? [{ name: n, array: 'Float64Array', initial: '0' } as const] : []),
    ],
    update: (slot, v, overflow) => {
      const counted = nullable ? ` ${cell(slot, n)}++;` : '';
      return present(nullable, v, `${add(slot, v, overflow)}${counted}`);
    },
    merge: (slot, from, overflow) => {
      const counted = nullable ? ` ${cell(slot, n)} += ${cell(from, n)};` : '';
      return `${add(slot, cell(from, a), overflow)}${counted}`;
    },
    result: (slot) => (nullable ? `(${cell(slot, n)} === 0 ? null : ${cell(slot, a)})` : cell(slot, a)),
  };
}

function mean(index: number, nullable: boolean): Accumulator {
  const [a, n] = [`a${index}`, `n${index}`];
  return {
    columns: [
      { name: a, array: 'Float64Array', initial: '0' },
      { name: n, array: 'Float64Array', initial: '0' },
    ],
    update: (slot, v) => present(nullable, v, `${cell(slot, a)} += Number(${v}); ${cell(slot, n)}++;`),
    merge: (slot, from) => `${cell(slot, a)} += ${cell(from, a)}; ${cell(slot, n)} += ${cell(from, n)};`,
    result: (slot) => {
      const quotient = `${cell(slot, a)} / ${cell(slot, n)}`;
      return nullable ? `(${cell(slot, n)} === 0 ? null : ${quotient})` : quotient;
    },
  };
}

/** The smallest or largest value; NaN is larger than every other number, as SQL has it. */
function extreme(spec: AggregateSpec, a: string, input: FieldSpec | null): Accumulator {
  const isMin = spec.fn === 'min';
  const mayBeNaN = spec.kind === 'float32' || spec.kind === 'float64';
  const better = (slot: SlotText, v: string): string => {
    const strictly = `${v} ${isMin ? '<' : '>'} ${cell(slot, a)}`;
    if (!mayBeNaN) return strictly;
    return isMin ? `${strictly} || ${cell(slot, a)} !== ${cell(slot, a)}` : `${strictly} || ${v} !== ${v}`;
  };
  const take = (condition: string, slot: SlotText, v: string): string =>
    `if (${condition}) ${cell(slot, a)} = ${v};`;
  if (isNumeric(spec.kind) && !(input?.nullable ?? false)) {
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
    update: (slot, v) => present(input?.nullable ?? false, v, takeOrFirst(slot, v)),
    merge: (slot, from) => present(true, cell(from, a), takeOrFirst(slot, cell(from, a))),
    result: (slot) => cell(slot, a),
  };
}
