/**
 * State by key in the table that the engine generates for a keyed aggregate: a count and a sum. Hashing a string is in the
 * time, although in a job the sender does it; an int is its own hash.
 */
import { t } from '../../engine/index.js';
import type { AggregateSpec } from '../../engine/plan/logical-plan.js';
import { compile } from '../../engine/records/compile.js';
import { KeyHasher } from '../../engine/records/key-hash.js';
import type { FieldSpec } from '../../engine/records/schema.js';
import { accumulatorOf } from '../../engine/runtime/codegen/accumulators.js';
import { keyedTableClass } from '../../engine/runtime/codegen/keyed-table.js';
import { type KeyedCounts, runState } from '../baselines/state-work.js';

interface Table {
  readonly size: number;
  readonly a0: Float64Array;
  readonly a1: Float64Array;
}

const nothing = (): string => '';

type Add = (table: Table, hash: number, key: number | string, amount: number) => void;

/** The amounts are of float64. */
function tableOf(key: FieldSpec): readonly [new (startMs: number, endMs: number) => Table, Add] {
  const amount = t.record({ amount: t.float64 }).fields[0]!;
  const count: AggregateSpec = { fn: 'count', as: 'n', field: null, kind: 'int64', nullable: false };
  const sum: AggregateSpec = { fn: 'sum', as: 'sum', field: 'amount', kind: 'float64', nullable: false };
  const accumulators = [accumulatorOf(count, 0, null, nothing), accumulatorOf(sum, 1, amount, nothing)];
  const updates = accumulators.map((each) => each.update({ tab: 'tab', s: 's' }, 'amount', '', ''));
  const columns = accumulators.flatMap((each) => each.columns);
  const source = `${keyedTableClass([key], columns)}
return [Table, (tab, hash, key, amount) => { const s = tab.slot(hash, key); ${updates.join(' ')} }];`;
  return compile('state', source, [], []);
}

/** One table, made for the kind of key that comes. */
class TableCounts implements KeyedCounts {
  readonly #hasher = new KeyHasher();
  readonly #add: Add;
  readonly #table: Table;

  constructor(key: FieldSpec) {
    const [TableClass, add] = tableOf(key);
    this.#add = add;
    this.#table = new TableClass(0, 0);
  }

  addInt(key: number, amount: number): void {
    this.#add(this.#table, key, key, amount);
  }

  addString(key: string, amount: number): void {
    this.#add(this.#table, this.#hasher.hashString(key), key, amount);
  }

  get keys(): number {
    return this.#table.size;
  }

  get count(): number {
    return this.#total(this.#table.a0);
  }

  get sum(): number {
    return this.#total(this.#table.a1);
  }

  #total(column: Float64Array): number {
    let total = 0;
    for (let s = 0; s < this.#table.size; s++) total += column[s]!;
    return total;
  }
}

const kind = process.argv[2] === 'string' ? t.string : t.int32;
await runState(new TableCounts(t.record({ key: kind }).fields[0]!));
