import type { AggregateSpec } from '../../plan/logical-plan.js';
import type { FieldKind, FieldSpec } from '../../records/schema.js';

/**
 * Generates the table behind a keyed operator: key -> slot, and per slot the accumulators, as columns.
 *
 * An open-addressing index over the key hash that every record carries, spread by a multiplication (an int32 key is its
 * own hash); keys and accumulators of numeric kinds lie in typed arrays, so a table of a million keys is a few objects
 * to the garbage collector.
 */

/** One column of accumulators. */
interface Column {
  readonly name: string;
  readonly array: 'Float64Array' | 'Array';
  /** Value of a fresh slot. */
  readonly initial: string;
}

/** How one aggregate is kept and read. */
export interface Accumulator {
  readonly columns: readonly Column[];
  /** Statement that adds value `v` to slot `s` of table `tab`; `overflow` is one for a result out of its range. */
  update(tab: string, s: string, v: string, overflow: string): string;
  /** Expression of the result. */
  result(tab: string, s: string): string;
}

const NUMERIC: ReadonlySet<FieldKind> = new Set([
  ...(['int8', 'int16', 'int32', 'uint32', 'int64', 'float32', 'float64', 'timestamp'] as const),
]);

/** @param input  the aggregated field; null for aggregates that need none, and for fields of undeclared rows */
export function accumulatorOf(spec: AggregateSpec, index: number, input: FieldSpec | null): Accumulator {
  const a = `a${index}`;
  const n = `n${index}`;
  const nullable = input?.nullable ?? false;
  const whenPresent = (v: string, statement: string): string =>
    nullable ? `if (${v} !== null) { ${statement} }` : statement;
  const counter: Column = { name: n, array: 'Float64Array', initial: '0' };
  switch (spec.fn) {
    case 'count':
      return {
        columns: [{ name: a, array: 'Float64Array', initial: '0' }],
        update: (tab, s) => `${tab}.${a}[${s}]++;`,
        result: (tab, s) => `${tab}.${a}[${s}]`,
      };
    case 'sum': {
      const big = spec.kind === 'bigint';
      return {
        columns: [
          { name: a, array: big ? 'Array' : 'Float64Array', initial: big ? '0n' : '0' },
          ...(nullable ? [counter] : []),
        ],
        update: (tab, s, v, overflow) => {
          // Past the whole numbers that are exact, adding would go wrong unseen, even if the sum came back.
          const sum = `${tab}.${a}[${s}] += ${v}`;
          const exact =
            spec.kind === 'int64' ? `if (!Number.isSafeInteger(${sum})) { ${overflow} }` : `${sum};`;
          return whenPresent(v, `${exact}${nullable ? ` ${tab}.${n}[${s}]++;` : ''}`);
        },
        result: (tab, s) =>
          nullable ? `(${tab}.${n}[${s}] === 0 ? null : ${tab}.${a}[${s}])` : `${tab}.${a}[${s}]`,
      };
    }
    case 'mean':
      return {
        columns: [{ name: a, array: 'Float64Array', initial: '0' }, counter],
        update: (tab, s, v) => whenPresent(v, `${tab}.${a}[${s}] += Number(${v}); ${tab}.${n}[${s}]++;`),
        result: (tab, s) => {
          const mean = `${tab}.${a}[${s}] / ${tab}.${n}[${s}]`;
          return nullable ? `(${tab}.${n}[${s}] === 0 ? null : ${mean})` : mean;
        },
      };
    case 'min':
    case 'max':
      return extreme(spec, a, input, whenPresent);
    case 'windowStart':
    case 'windowEnd':
      return {
        columns: [],
        update: () => '',
        result: (tab) => `${tab}.${spec.fn === 'windowStart' ? 'startMs' : 'endMs'}`,
      };
  }
}

function extreme(
  spec: AggregateSpec,
  a: string,
  input: FieldSpec | null,
  whenPresent: (v: string, statement: string) => string,
): Accumulator {
  const better = spec.fn === 'min' ? '<' : '>';
  if (NUMERIC.has(spec.kind) && !(input?.nullable ?? false)) {
    return {
      columns: [{ name: a, array: 'Float64Array', initial: spec.fn === 'min' ? 'Infinity' : '-Infinity' }],
      update: (tab, s, v) => `if (${v} ${better} ${tab}.${a}[${s}]) ${tab}.${a}[${s}] = ${v};`,
      result: (tab, s) => `${tab}.${a}[${s}]`,
    };
  }
  return {
    columns: [{ name: a, array: 'Array', initial: 'null' }],
    update: (tab, s, v) =>
      whenPresent(
        v,
        `if (${tab}.${a}[${s}] === null || ${v} ${better} ${tab}.${a}[${s}]) ${tab}.${a}[${s}] = ${v};`,
      ),
    result: (tab, s) => `${tab}.${a}[${s}]`,
  };
}

/** The array that holds the keys of one field; of undeclared rows the values themselves. */
export function keyArray(field: FieldSpec | null): string {
  if (field === null || field.nullable) return 'Array';
  if (field.kind === 'int32' || field.kind === 'int16' || field.kind === 'int8') return 'Int32Array';
  return NUMERIC.has(field.kind) ? 'Float64Array' : 'Array';
}

/** Keys are equal if they are the same value, or the same bytes; NaN equals NaN and -0 equals 0, as their hashes do. */
export function keyEquals(field: FieldSpec | null, stored: string, key: string): string {
  if (field?.kind === 'bytes') {
    const same = `Buffer.compare(${stored}, ${key}) === 0`;
    if (!field.nullable) return same;
    return `(${stored} === ${key} || (${stored} !== null && ${key} !== null && ${same}))`;
  }
  const mayBeNaN = field === null || field.kind === 'float32' || field.kind === 'float64';
  return mayBeNaN
    ? `(${stored} === ${key} || (${stored} !== ${stored} && ${key} !== ${key}))`
    : `${stored} === ${key}`;
}

/**
 * Text of a class with `slot(hash, k0, k1, …): number`, `size`, the key columns `k0…` and the given columns.
 *
 * @param keys  the key fields; null for fields of undeclared rows
 */
export function keyedTableClass(
  keys: readonly (FieldSpec | null)[],
  accumulators: readonly Accumulator[],
): string {
  const columns: Column[] = [
    ...keys.map((field, i) => ({ name: `k${i}`, array: keyArray(field), initial: '' }) as Column),
    ...accumulators.flatMap((each) => each.columns),
  ];
  const k = keys.map((_, i) => `k${i}`);
  const make = (array: string, length: string): string =>
    array === 'Array' ? '[]' : `new ${array}(${length})`;
  const grow = (c: Column): string =>
    c.array === 'Array'
      ? ''
      : `{ const old = this.${c.name}; this.${c.name} = new ${c.array}(cap); this.${c.name}.set(old); }`;
  const fresh = columns.map((c) => `this.${c.name}[s] = ${c.initial === '' ? c.name : c.initial};`);
  return `class Table {
  constructor(startMs, endMs) {
    this.startMs = startMs;
    this.endMs = endMs;
    this.size = 0;
    this.cap = 48;
    this.mask = 63;
    this.shift = 26;
    this.index = new Int32Array(64);
    this.hashes = new Int32Array(48);
    ${columns.map((c) => `this.${c.name} = ${make(c.array, '48')};`).join('\n    ')}
  }
  slot(${['h', ...k].join(', ')}) {
    const index = this.index, mask = this.mask;
    let b = Math.imul(h, -1640531527) >>> this.shift;
    for (;;) {
      const s = index[b] - 1;
      if (s < 0) return this.insert(${['h', ...k].join(', ')});
      if (${['this.hashes[s] === h', ...keys.map((field, i) => keyEquals(field, `this.k${i}[s]`, `k${i}`))].join(' && ')}) return s;
      b = (b + 1) & mask;
    }
  }
  insert(${['h', ...k].join(', ')}) {
    if (this.size === this.cap) this.grow();
    const s = this.size++;
    this.hashes[s] = h;
    ${fresh.join('\n    ')}
    this.place(h, s);
    return s;
  }
  place(h, s) {
    const index = this.index, mask = this.mask;
    let b = Math.imul(h, -1640531527) >>> this.shift;
    while (index[b] !== 0) b = (b + 1) & mask;
    index[b] = s + 1;
  }
  grow() {
    const cap = this.cap = this.cap * 2;
    this.mask = this.mask * 2 + 1;
    this.shift--;
    { const old = this.hashes; this.hashes = new Int32Array(cap); this.hashes.set(old); }
    ${columns.map(grow).join('\n    ')}
    this.index = new Int32Array(this.mask + 1);
    for (let s = 0; s < this.size; s++) this.place(this.hashes[s], s);
  }
}`;
}

/** Fields of a result row: the keys under their names, then the aggregates. */
export function resultFields(
  keys: readonly string[],
  aggregates: readonly AggregateSpec[],
  accumulators: readonly Accumulator[],
): (field: string) => string {
  return (field) => {
    const key = keys.indexOf(field);
    if (key >= 0) return `tab.k${key}[s]`;
    const index = aggregates.findIndex((each) => each.as === field);
    return accumulators[index]!.result('tab', 's');
  };
}
