import type { AggregateSpec } from '../../plan/logical-plan.js';
import type { FieldSpec } from '../../records/schema.js';
import { type Accumulator, type Column, isNumeric } from './accumulators.js';

/**
 * Generates the table behind a keyed operator: key -> slot, and per slot the accumulators, as columns.
 *
 * An open-addressing index over the key hash that every record carries, spread by a multiplication (an int32 key is its
 * own hash); keys and accumulators of numeric kinds lie in typed arrays, so a table of a million keys is a few objects
 * to the garbage collector.
 */

/** The array that holds the keys of one field; of undeclared rows the values themselves. */
export function keyArray(field: FieldSpec | null): string {
  if (field === null || field.nullable) return 'Array';
  if (field.kind === 'int32' || field.kind === 'int16' || field.kind === 'int8') return 'Int32Array';
  return isNumeric(field.kind) ? 'Float64Array' : 'Array';
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
 * @param keys     the key fields; null for fields of undeclared rows
 * @param columns  beside those of the keys
 * @param byKeyOf  whether it is asked for keys that lie in another table: `slotOf(table, slot)` puts them in, `find`
 *                 answers -1 where they are not, and `begin` has them alone
 */
export function keyedTableClass(
  keys: readonly (FieldSpec | null)[],
  others: readonly Column[],
  byKeyOf = false,
): string {
  const columns: Column[] = [
    ...keys.map((field, i) => ({ name: `k${i}`, array: keyArray(field), initial: '' }) as Column),
    ...others,
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
    this.size = 0;${byKeyOf ? '\n    this.id = -1;' : ''}
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
  }${byKeyOf ? byKeyMembers(keys, others) : ''}
}`;
}

/** Members by which tables of the same keys are put together. */
function byKeyMembers(keys: readonly (FieldSpec | null)[], others: readonly Column[]): string {
  const theirs = keys.map((_, i) => `from.k${i}[f]`);
  const same = keys.map((field, i) => keyEquals(field, `this.k${i}[s]`, `from.k${i}[f]`));
  const fresh = [
    ...keys.map((_, i) => `this.k${i}[0] = from.k${i}[f];`),
    ...others.map((c) => `this.${c.name}[0] = ${c.initial};`),
  ];
  return `
  slotOf(from, f) {
    return this.slot(${['from.hashes[f]', ...theirs].join(', ')});
  }
  find(from, f) {
    const index = this.index, mask = this.mask, h = from.hashes[f];
    let b = Math.imul(h, -1640531527) >>> this.shift;
    for (;;) {
      const s = index[b] - 1;
      if (s < 0) return -1;
      if (${['this.hashes[s] === h', ...same].join(' && ')}) return s;
      b = (b + 1) & mask;
    }
  }
  begin(from, f) {
    ${fresh.join('\n    ')}
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
    return accumulators[index]!.result({ tab: 'tab', s: 's' });
  };
}
