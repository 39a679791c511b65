import { HIDDEN_KEY, resultName } from '../../plan/hidden-key.js';
import type { AggregateFn, AggregateSpec, OperatorConfig } from '../../plan/logical-plan.js';
import type { FieldSpec } from '../../records/schema.js';
import { type ChainSpec, inputFields, operatorOf } from '../chain-spec.js';
import { type Accumulator, accumulatorOf, cell, type SlotText } from './accumulators.js';
import type { Bindings, CodeWriter } from './code-writer.js';
import type { HeadCode } from './head-code.js';
import { keyedTableClass, resultFields } from './keyed-table.js';
import { CORE_WORDS, type OperatorCode, type Place } from './operator-code.js';
import { ForeverTime, type ResultTime } from './result-time.js';
import { argumentText, DerivedRow, ExpressionRow, literalOf, objectRow, type Row } from './row.js';
import { SlidingTime } from './sliding-time.js';
import { TumblingTime } from './tumbling-time.js';

/** Configurations of operators that keep state per key; they head a chain, behind a hash exchange. */
export type KeyedConfig = Extract<
  OperatorConfig,
  { kind: 'window-aggregate' | 'window-reduce' | 'keyed-aggregate' | 'keyed-reduce' }
>;

export function isKeyed(config: OperatorConfig): config is KeyedConfig {
  return /^(window|keyed)-/.test(config.kind) && !/process$/.test(config.kind);
}

/** Generates a keyed operator: how rows are added to its tables, and what is given out of them. When is another's. */
export class KeyedCode implements HeadCode {
  readonly #spec: ChainSpec;
  readonly #uid: string;
  readonly #config: KeyedConfig;
  readonly #operators: OperatorCode;
  readonly #keys: readonly (FieldSpec | null)[];
  readonly #inputs: readonly (FieldSpec | null)[];
  readonly #accumulators: readonly Accumulator[];
  readonly #output: readonly FieldSpec[] | null;
  readonly #fn: string | null;
  readonly #site: number;
  readonly #time: ResultTime;
  readonly #isUndeclared: boolean;

  constructor(spec: ChainSpec, bindings: Bindings, site: number, operators: OperatorCode) {
    const operator = operatorOf(spec, spec.head);
    if (!isKeyed(operator.config)) throw new Error(`${spec.head} keeps no state by key`);
    this.#spec = spec;
    this.#uid = operator.uid;
    this.#config = operator.config;
    this.#operators = operators;
    this.#site = site;
    this.#output = operator.output.fields;
    const fields = inputFields(spec);
    this.#isUndeclared = fields === null;
    const find = (name: string): FieldSpec | null => fields?.find((field) => field.name === name) ?? null;
    this.#keys = this.#config.keys.map(find);
    // A field of an undeclared row may be absent in some rows: it counts as null there.
    this.#inputs = aggregatesOf(this.#config).map(({ field }) =>
      field === null ? null : (find(field) ?? { name: field, kind: 'float64', nullable: true }),
    );
    this.#accumulators = isReduce(this.#config)
      ? [REDUCED]
      : aggregatesOf(this.#config).map((each, i) =>
          accumulatorOf(each, i, this.#inputs[i] ?? null, (hint, value) => bindings.bind(hint, value)),
        );
    const fn = spec.functions.get(operator.uid)?.fn;
    this.#fn = isReduce(this.#config) ? bindings.bind(`fn_${operator.uid}`, fn) : null;
    this.#time = resultTime(this.#config, site, growsWithRows(this.#accumulators));
  }

  get keys(): readonly string[] {
    return this.#config.keys;
  }

  declarations(code: CodeWriter): void {
    const columns = [...this.#accumulators.flatMap((each) => each.columns), ...this.#time.columns];
    code.line(keyedTableClass(this.#keys, columns, this.#time.merges));
  }

  row(_input: number, row: Row, hash: string, place: Place): void {
    place.code.as('state', () => this.#update(row, hash, place));
  }

  #update(row: Row, hash: string, place: Place): void {
    const { code } = place;
    const takes = this.#time.takes(row.ts);
    if (takes === null) {
      this.#add(row, hash, place);
      return;
    }
    code.block(`if (${takes})`, () => this.#add(row.fork(), hash, place));
    const late = 'late' in this.#config ? this.#config.late : undefined;
    const reader = late === undefined ? null : this.#operators.readerOf(this.#uid, late);
    if (reader === null) code.line('else core.lateRecords++;');
    else
      code.block('else', () => this.#operators.emit(reader, this.#lateRow(reader, row.fork(), code), place));
  }

  /** A row as it came, for the side output of late rows. */
  #lateRow(reader: string, row: Row, code: CodeWriter): Row {
    const declared = operatorOf(this.#spec, reader).output.fields;
    const kept = (row.fields ?? []).filter(({ name }) => name !== HIDDEN_KEY);
    if (declared !== null) {
      const meant = kept.filter(({ name }) => declared.some((field) => field.name === name));
      return new DerivedRow(row, meant, new Map());
    }
    if (row.fields !== null) {
      const object = literalOf(
        row,
        kept.map(({ name }) => name),
        code,
      );
      return objectRow(null, row.ts, code.constant('o', object));
    }
    const rest = code.fresh('o');
    code.line(`const { ${JSON.stringify(HIDDEN_KEY)}: ${code.fresh('key')}, ...${rest} } = ${row.whole};`);
    return objectRow(null, row.ts, rest);
  }

  #add(row: Row, hash: string, place: Place): void {
    const { code } = place;
    const keys = this.#config.keys.map((key, i) => {
      const value = row.value(key, code);
      // Of undeclared rows; a key that is missing and one that is null hash alike, and are one key.
      return this.#keys[i] === null ? code.constant('key', `${value} ?? null`) : value;
    });
    const tab = code.constant('tab', 'core.tab');
    const slot = code.constant('s', `${tab}.slot(${[hash, ...keys].join(', ')})`);
    if (this.#fn !== null) {
      const next = code.constant('next', argumentText(row, null, code));
      code.block(`if (${tab}.acc[${slot}] === null) ${tab}.acc[${slot}] = ${next}; else`, () => {
        const both = `${tab}.acc[${slot}], ${next}`;
        const merged = code.as(`operator ${this.#uid}`, () =>
          this.#operators.call(this.#uid, 'merged', this.#fn!, both, place),
        );
        code.line(this.#refuseNoRow(merged));
        code.line(`${tab}.acc[${slot}] = ${merged};`);
      });
    } else {
      this.#addAggregates(row, { tab, s: slot }, code);
    }
    const added = this.#time.added(tab, slot, row.ts, place.onBlocked);
    if (added !== '') code.line(added);
  }

  /** A slot that holds null has no row yet: what was reduced so far would be lost. */
  #refuseNoRow(object: string): string {
    return `if (typeof ${object} !== 'object' || ${object} === null) core.badRow(${this.#site}, ${object});`;
  }

  #addAggregates(row: Row, slot: SlotText, code: CodeWriter): void {
    aggregatesOf(this.#config).forEach((spec, i) => {
      const { as, field, where } = spec;
      const accumulator = this.#accumulators[i]!;
      const add = (): void => {
        const value = this.#value(row, spec, code);
        const overflow = value === '' ? '' : this.#overflow(as, accumulator, slot);
        code.line(accumulator.update(slot, value, overflow, row.ts));
      };
      if (field !== null) row.value(field, code); // loaded where later aggregates see it too
      if (where === undefined) add();
      else code.block(`if (${this.#condition(row, where, code)} === true)`, add);
    });
  }

  /** What of the row is aggregated, checked where rows are undeclared; '' where nothing is. */
  #value(row: Row, { field, fn }: AggregateSpec, code: CodeWriter): string {
    if (field === null) return '';
    const value = row.value(field, code);
    const expected = EXPECTED[fn];
    if (!this.#isUndeclared) return value;
    const given = code.constant('v', `${value} ?? null`);
    if (expected !== undefined) {
      const bad = `core.badField(${this.#site}, ${JSON.stringify(field)}, '${expected.words}', ${given});`;
      code.line(`if (${given} !== null && ${expected.isOther(given)}) ${bad}`);
    }
    return given;
  }

  #condition(row: Row, where: string, code: CodeWriter): string {
    const value = row.value(where, code);
    if (!this.#isUndeclared) return value;
    const given = code.constant('w', `${value} ?? null`);
    const bad = `core.badField(${this.#site}, ${JSON.stringify(where)}, 'a boolean', ${given});`;
    code.line(`if (${given} !== null && typeof ${given} !== 'boolean') ${bad}`);
    return given;
  }

  #overflow(as: string, accumulator: Accumulator, slot: SlotText): string {
    const sum = accumulator.result(slot);
    return `core.badField(${this.#site}, ${JSON.stringify(as)}, 'a safe integer', ${sum});`;
  }

  members(code: CodeWriter): void {
    this.#time.members(code);
    code.block('emitSlot(tab, s, ts)', () => {
      code.line('const core = this;');
      this.#emitSlot({ code, onBlocked: '', ...CORE_WORDS });
    });
    if (!this.#time.merges) return;
    this.#mergeMember('mergeSlot', () => true, code);
    if (!growsWithRows(this.#accumulators)) return;
    this.#mergeMember('carrySlot', ({ grows }) => grows !== true, code);
    this.#mergeMember('gatherSlot', ({ grows }) => grows === true, code);
  }

  /** Writes the member that adds what a slot of another table holds of some of the aggregates. */
  #mergeMember(name: string, isMeant: (accumulator: Accumulator) => boolean, code: CodeWriter): void {
    code.block(`${name}(tab, s, from, f)`, () => {
      code.line('const core = this;');
      this.#mergeSlot(isMeant, { code, onBlocked: '', ...CORE_WORDS });
    });
  }

  fields(): readonly string[] {
    return this.#time.fields();
  }

  #mergeSlot(isMeant: (accumulator: Accumulator) => boolean, place: Place): void {
    const { code } = place;
    const [slot, from] = [
      { tab: 'tab', s: 's' },
      { tab: 'from', s: 'f' },
    ];
    if (this.#fn === null) {
      aggregatesOf(this.#config).forEach(({ as }, i) => {
        const accumulator = this.#accumulators[i]!;
        if (!isMeant(accumulator)) return;
        const merge = accumulator.merge(slot, from, this.#overflow(as, accumulator, slot));
        if (merge !== '') code.line(merge);
      });
      return;
    }
    // The function may change and keep its first argument, which is then in one slot only.
    const [own, theirs] = [cell(slot, 'acc'), `{ ...${cell(from, 'acc')} }`];
    code.line(`if (${cell(from, 'acc')} === null) return;`);
    code.block(`if (${own} === null) ${own} = ${theirs}; else`, () => {
      const merged = this.#operators.call(this.#uid, 'merged', this.#fn!, `${own}, ${theirs}`, place);
      code.line(this.#refuseNoRow(merged));
      code.line(`${own} = ${merged};`);
    });
  }

  #emitSlot(place: Place): void {
    if (this.#fn !== null) {
      const object = place.code.constant('o', 'tab.acc[s]');
      this.#operators.emit(this.#uid, this.#operators.checkedRow(this.#uid, object, 'ts', place), place);
      return;
    }
    const aggregates = aggregatesOf(this.#config);
    const keys = this.#config.keys.map(resultName);
    const load = resultFields(keys, aggregates, this.#accumulators);
    const row = new ExpressionRow(this.#output, 'ts', load);
    if (this.#output === null) {
      const names = [...keys, ...aggregates.map((each) => each.as)];
      const entries = names.map((name) => `${JSON.stringify(name)}: ${row.value(name, place.code)}`);
      const object = place.code.constant('o', `{ ${entries.join(', ')} }`);
      this.#operators.emit(this.#uid, new ExpressionRow(null, 'ts', load, { whole: object }), place);
      return;
    }
    for (const { as, fn, kind } of aggregates) {
      if (fn !== 'sum' || kind !== 'bigint') continue;
      const value = row.value(as, place.code);
      const bad = `core.badField(${this.#site}, ${JSON.stringify(as)}, 'a bigint of 64 bits', ${value});`;
      place.code.line(`if (${value} !== null && BigInt.asIntN(64, ${value}) !== ${value}) ${bad}`);
    }
    this.#operators.emit(this.#uid, row, place);
  }
}

interface Expected {
  readonly words: string;
  isOther(value: string): string;
}

const A_NUMBER: Expected = { words: 'a number', isOther: (value) => `typeof ${value} !== 'number'` };
const A_SCALAR: Expected = {
  words: 'a boolean, a number, a bigint or a string',
  isOther: (value) => `(typeof ${value} === 'object' || typeof ${value} === 'function')`,
};

/** What aggregates take of undeclared rows; absent: anything. */
const EXPECTED: { readonly [F in AggregateFn]?: Expected } = {
  ...{ sum: A_NUMBER, mean: A_NUMBER, variance: A_NUMBER, stddev: A_NUMBER, quantile: A_NUMBER },
  ...{ min: A_NUMBER, max: A_NUMBER, topN: A_NUMBER },
  ...{ countDistinct: A_SCALAR, approxCountDistinct: A_SCALAR },
};

const REDUCED: Accumulator = {
  columns: [{ name: 'acc', array: 'Array', initial: 'null' }],
  update: () => '',
  merge: () => '', // by the user's function
  result: (slot) => cell(slot, 'acc'),
};

function growsWithRows(accumulators: readonly Accumulator[]): boolean {
  return accumulators.some(({ grows }) => grows === true);
}

function resultTime(config: KeyedConfig, site: number, grows: boolean): ResultTime {
  if (!('window' in config)) return new ForeverTime(config.emit);
  const { window, latenessMs = 0 } = config;
  return window.kind === 'tumbling'
    ? new TumblingTime(window, latenessMs, site)
    : new SlidingTime(window, latenessMs, site, grows);
}

function isReduce(config: KeyedConfig): boolean {
  return config.kind === 'window-reduce' || config.kind === 'keyed-reduce';
}

function aggregatesOf(config: KeyedConfig): readonly AggregateSpec[] {
  return 'aggregates' in config ? config.aggregates : [];
}
