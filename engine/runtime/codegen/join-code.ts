import { HIDDEN_KEY } from '../../plan/hidden-key.js';
import type { Observed, OperatorConfig } from '../../plan/logical-plan.js';
import { isMutableKind } from '../../records/field-values.js';
import type { FieldSpec } from '../../records/schema.js';
import { type ChainSpec, inputFields, operatorOf } from '../chain-spec.js';
import type { Column } from './accumulators.js';
import type { Bindings, CodeWriter } from './code-writer.js';
import type { HeadCode } from './head-code.js';
import { keyedTableClass } from './keyed-table.js';
import { CORE_WORDS, type OperatorCode, type Place } from './operator-code.js';
import { argumentText, literalOf, objectRow, type Row } from './row.js';

type JoinConfig = Extract<OperatorConfig, { kind: 'join' }>;

/**
 * Generates an inner join of two keyed inputs over all time: a table holds the rows that came so far, by key and input,
 * and each row that comes meets those of the other input. Rows that meet many are given out in pieces.
 */
export class JoinCode implements HeadCode {
  readonly #uid: string;
  readonly #config: JoinConfig;
  readonly #operators: OperatorCode;
  readonly #fn: string;
  /** By input. */
  readonly #fields: readonly [readonly FieldSpec[] | null, readonly FieldSpec[] | null];

  constructor(spec: ChainSpec, bindings: Bindings, operators: OperatorCode) {
    const { uid, config } = operatorOf(spec, spec.head);
    if (config.kind !== 'join') throw new Error(`${spec.head} joins nothing`);
    this.#uid = uid;
    this.#config = config;
    this.#operators = operators;
    this.#fn = bindings.bind(`fn_${uid}`, spec.functions.get(uid)?.fn);
    this.#fields = [inputFields(spec, 0), inputFields(spec, 1)];
  }

  get keys(): readonly string[] {
    return this.#config.keys.flat();
  }

  declarations(code: CodeWriter): void {
    const find = (name: string) => this.#fields[0]?.find((field) => field.name === name) ?? null;
    code.line(keyedTableClass(this.#config.keys[0].map(find), ROWS));
  }

  fields(): readonly string[] {
    const none = ['mine', 'others', 'times'].map((name) => `this.${name} = null;`);
    return [
      'this.tab = new Table(-Infinity, Infinity);',
      ...none,
      'this.mineTs = -Infinity; this.isSecond = false; this.next = 0;',
    ];
  }

  row(input: number, row: Row, hash: string, place: Place): void {
    place.code.as('state', () => this.#meet(input, row, hash, place));
  }

  #meet(input: number, row: Row, hash: string, place: Place): void {
    const { code } = place;
    const fields = this.#fields[input]!;
    const names = this.#config.keys[input]!;
    const keys = names.map((name) => row.value(name, code));
    const mayBeNull = keys.filter(
      (_, i) => fields?.find(({ name }) => name === names[i])?.nullable !== false,
    );
    const meets = mayBeNull.map((key) => `${key} !== null && ${key} !== undefined`).join(' && ');
    code.block(meets === '' ? '' : `if (${meets})`, () => {
      const tab = code.constant('tab', 'core.tab');
      const slot = code.constant('s', `${tab}.slot(${[hash, ...keys].join(', ')})`);
      const mine = code.constant('mine', this.#keptText(row, this.#config.observed[input]!, code));
      const [own, other] = input === 0 ? ['0', '1'] : ['1', '0'];
      code.line(`(${tab}.rows${own}[${slot}] ??= []).push(${mine});`);
      code.line(`(${tab}.times${own}[${slot}] ??= []).push(${row.ts});`);
      code.block(`if (${tab}.rows${other}[${slot}] !== null)`, () => {
        const others = `${tab}.rows${other}[${slot}], ${tab}.times${other}[${slot}]`;
        code.line(`core.join(${mine}, ${row.ts}, ${others}, ${input === 1});`);
        code.line(`if (core.blocked) { ${place.onBlocked} }`);
      });
    });
  }

  /** What is kept of a row: an object of its own, with what the function can observe. */
  #keptText(row: Row, observed: Observed, code: CodeWriter): string {
    return observed === null || row.fields === null
      ? argumentText(row, observed, code)
      : literalOf(row, observed, code);
  }

  /** What the function gets of a row that is kept: a copy, if it could change it. */
  #givenText(input: number, object: string, code: CodeWriter): string {
    const observed = this.#config.observed[input]!;
    const all = this.#fields[input]!;
    if (all === null) return observed === null ? `{ ...${object} }` : object;
    const fields = all.filter(({ name }) => name !== HIDDEN_KEY && (observed?.includes(name) ?? true));
    if (observed !== null && !fields.some(({ kind }) => isMutableKind(kind))) return object;
    const names = fields.map(({ name }) => name);
    return literalOf(objectRow(fields, 'ts', object), names, code);
  }

  members(code: CodeWriter): void {
    code.line(`onWatermark(ms) { this.watermarkMs = ms; this.forwardWatermark(ms); }
/** A row that came has equal keys with others; \`times\` are theirs. */
join(mine, mineTs, others, times, isSecond) {
  this.mine = mine;
  this.mineTs = mineTs;
  this.others = others;
  this.times = times;
  this.isSecond = isSecond;
  this.next = 0;
  this.hasPending = true;
  this.resume();
}
resume() {
  const { mine, others, times, isSecond } = this;
  while (this.next < others.length) {
    if (this.blocked) return;
    const other = others[this.next], ts = Math.max(this.mineTs, times[this.next]);
    this.next++;
    if (isSecond) this.pair(other, mine, ts);
    else this.pair(mine, other, ts);
  }
  this.hasPending = false;
  this.mine = this.others = this.times = null;
}`);
    code.block('pair(first, second, ts)', () => {
      code.line('const core = this;');
      const place = { code, onBlocked: '', ...CORE_WORDS };
      code.as(`operator ${this.#uid}`, () => {
        const given = [this.#givenText(0, 'first', code), this.#givenText(1, 'second', code)].join(', ');
        const result = this.#operators.call(this.#uid, 'o', this.#fn, given, place);
        const row = this.#operators.checkedRow(this.#uid, result, 'ts', place);
        this.#operators.emit(this.#uid, row, place);
      });
    });
  }
}

/** The rows of each input, and their times. */
const ROWS: readonly Column[] = ['rows0', 'times0', 'rows1', 'times1'].map((name) => {
  return { name, array: 'Array', initial: 'null' };
});
