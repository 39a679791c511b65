import { resultName } from '../../plan/hidden-key.js';
import type { AggregateSpec, OperatorConfig } from '../../plan/logical-plan.js';
import type { FieldSpec } from '../../records/schema.js';
import { type ChainSpec, inputFields, operatorOf } from '../chain-spec.js';
import type { Bindings, CodeWriter } from './code-writer.js';
import type { HeadCode } from './head-code.js';
import { type Accumulator, accumulatorOf, keyedTableClass, resultFields } from './keyed-table.js';
import { CORE_WORDS, type OperatorCode, type Place } from './operator-code.js';
import { argumentText, ExpressionRow, type Row } from './row.js';

/** Configurations of operators that keep state per key; they head a chain, behind a hash exchange. */
export type KeyedConfig = Extract<
  OperatorConfig,
  { kind: 'window-aggregate' | 'window-reduce' | 'keyed-aggregate' | 'keyed-reduce' }
>;

export function isKeyed(config: OperatorConfig): config is KeyedConfig {
  return /^(window|keyed)-/.test(config.kind) && !/process$/.test(config.kind);
}

/**
 * Generates a keyed operator. Windows keep a table per window (a pane), so that a window that fired is dropped as a
 * whole; other keyed operators keep one table for all time.
 */
export class KeyedCode implements HeadCode {
  readonly #uid: string;
  readonly #config: KeyedConfig;
  readonly #operators: OperatorCode;
  readonly #keys: readonly (FieldSpec | null)[];
  readonly #inputs: readonly (FieldSpec | null)[];
  readonly #accumulators: readonly Accumulator[];
  readonly #output: readonly FieldSpec[] | null;
  readonly #fn: string | null;
  readonly #site: number;

  constructor(spec: ChainSpec, bindings: Bindings, site: number, operators: OperatorCode) {
    const operator = operatorOf(spec, spec.head);
    if (!isKeyed(operator.config)) throw new Error(`${spec.head} keeps no state by key`);
    this.#uid = operator.uid;
    this.#config = operator.config;
    this.#operators = operators;
    this.#site = site;
    this.#output = operator.output.fields;
    const fields = inputFields(spec);
    const find = (name: string): FieldSpec | null => fields?.find((field) => field.name === name) ?? null;
    this.#keys = this.#config.keys.map(find);
    // A field of an undeclared row may be absent in some rows: it counts as null there.
    this.#inputs = aggregatesOf(this.#config).map(({ field }) =>
      field === null ? null : (find(field) ?? { name: field, kind: 'float64', nullable: true }),
    );
    this.#accumulators = isReduce(this.#config)
      ? [REDUCED]
      : aggregatesOf(this.#config).map((each, i) => accumulatorOf(each, i, this.#inputs[i] ?? null));
    const fn = spec.functions.get(operator.uid)?.fn;
    this.#fn = isReduce(this.#config) ? bindings.bind(`fn_${operator.uid}`, fn) : null;
  }

  get keys(): readonly string[] {
    return this.#config.keys;
  }

  declarations(code: CodeWriter): void {
    code.line(keyedTableClass(this.#keys, this.#accumulators));
  }

  row(_input: number, row: Row, hash: string, place: Place): void {
    place.code.as('state', () => this.#update(row, hash, place));
  }

  #update(row: Row, hash: string, place: Place): void {
    const { code } = place;
    if ('window' in this.#config) {
      const { ts } = row;
      const open = `(${ts} >= core.tab.startMs && ${ts} < core.tab.endMs) || core.openPane(${ts})`;
      code.block(`if (${open})`, () => this.#add(row, hash, place));
      code.line('else core.lateRecords++;');
      return;
    }
    this.#add(row, hash, place);
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
        code.line(`${tab}.acc[${slot}] = ${merged};`);
      });
    } else {
      this.#addAggregates(row, tab, slot, code);
    }
    if ('emit' in this.#config && this.#config.emit === 'changes') {
      code.line(`core.emitSlot(${tab}, ${slot}, ${row.ts});`);
      code.line(`if (core.blocked) { ${place.onBlocked} }`);
    }
  }

  #addAggregates(row: Row, tab: string, slot: string, code: CodeWriter): void {
    aggregatesOf(this.#config).forEach(({ as, field }, i) => {
      const accumulator = this.#accumulators[i]!;
      if (field === null) {
        code.line(accumulator.update(tab, slot, '', ''));
        return;
      }
      let value = row.value(field, code);
      if (row.fields === null || this.#isUndeclared(field)) {
        value = code.constant('v', `${value} ?? null`);
        const bad = `core.badField(${this.#site}, ${JSON.stringify(field)}, 'a number', ${value});`;
        code.line(`if (${value} !== null && typeof ${value} !== 'number') ${bad}`);
      }
      const sum = accumulator.result(tab, slot);
      const overflow = `core.badField(${this.#site}, ${JSON.stringify(as)}, 'a safe integer', ${sum});`;
      code.line(accumulator.update(tab, slot, value, overflow));
    });
  }

  #isUndeclared(field: string): boolean {
    const keyed = this.#keys.every((key) => key === null);
    return keyed && this.#inputs.some((input) => input?.name === field && input.nullable);
  }

  members(code: CodeWriter): void {
    if ('window' in this.#config) this.#paneMembers(code);
    else this.#foreverMembers(code);
    code.block('emitSlot(tab, s, ts)', () => {
      code.line('const core = this;');
      this.#emitSlot({ code, onBlocked: '', ...CORE_WORDS });
    });
  }

  fields(): readonly string[] {
    return 'window' in this.#config
      ? [
          'this.panes = new Map();',
          'this.none = new Table(0, 0);',
          'this.tab = this.none;',
          'this.firing = null;',
          'this.next = 0;',
        ]
      : ['this.tab = new Table(-Infinity, Infinity);', 'this.next = 0;'];
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

  #paneMembers(code: CodeWriter): void {
    if (!('window' in this.#config)) return;
    const { sizeMs, offsetMs } = this.#config.window;
    code.line(`openPane(ts) {
  const startMs = Math.floor((ts - ${offsetMs}) / ${sizeMs}) * ${sizeMs} + ${offsetMs};
  if (startMs + ${sizeMs - 1} <= this.watermarkMs) return false;
  let pane = this.panes.get(startMs);
  if (pane === undefined) this.panes.set(startMs, pane = new Table(startMs, startMs + ${sizeMs}));
  this.tab = pane;
  return true;
}
onWatermark(watermarkMs) {
  this.watermarkMs = watermarkMs;
  this.hasPending = true;
  this.resume();
}
/** The earliest pane whose window the watermark has passed. */
due() {
  let first = null;
  for (const pane of this.panes.values()) {
    if (pane.endMs - 1 <= this.watermarkMs && (first === null || pane.startMs < first.startMs)) first = pane;
  }
  return first;
}
resume() {
  for (;;) {
    if (this.firing === null) {
      this.firing = this.due();
      if (this.firing === null) break;
      this.panes.delete(this.firing.startMs);
      if (this.tab === this.firing) this.tab = this.none;
      this.next = 0;
    }
    const pane = this.firing;
    while (this.next < pane.size) {
      if (this.blocked) return;
      this.emitSlot(pane, this.next++, pane.endMs - 1);
    }
    this.firing = null;
  }
  this.hasPending = false;
  this.forwardWatermark(this.watermarkMs);
}`);
  }

  #foreverMembers(code: CodeWriter): void {
    const final = 'emit' in this.#config && this.#config.emit === 'final';
    code.line(`onWatermark(watermarkMs) {
  this.watermarkMs = watermarkMs;
  this.hasPending = ${final} && watermarkMs === Infinity;
  if (this.hasPending) this.resume();
  else this.forwardWatermark(watermarkMs);
}
resume() {
  while (this.next < this.tab.size) {
    if (this.blocked) return;
    this.emitSlot(this.tab, this.next++, -Infinity);
  }
  this.hasPending = false;
  this.forwardWatermark(this.watermarkMs);
}`);
  }
}

const REDUCED: Accumulator = {
  columns: [{ name: 'acc', array: 'Array', initial: 'null' }],
  update: () => '',
  result: (tab, s) => `${tab}.acc[${s}]`,
};

function isReduce(config: KeyedConfig): boolean {
  return config.kind === 'window-reduce' || config.kind === 'keyed-reduce';
}

function aggregatesOf(config: KeyedConfig): readonly AggregateSpec[] {
  return 'aggregates' in config ? config.aggregates : [];
}
