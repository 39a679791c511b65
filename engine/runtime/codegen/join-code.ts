import { HIDDEN_KEY } from '../../plan/hidden-key.js';
import type { Observed, OperatorConfig, TimeBounds } from '../../plan/logical-plan.js';
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
 * Generates an inner join of two keyed inputs: a table holds the rows that came so far, by key and input, and each row
 * that comes meets those of the other input. Rows that meet many are given out in pieces.
 *
 * Where rows meet only if they are near in time there is a table for each slice of it, as long as the bounds are apart,
 * so a row looks into two or three of them, and one is dropped as a whole when the watermark has left it behind.
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
      this.#config.between === null
        ? 'this.tab = new Table(-Infinity, Infinity);'
        : 'this.slices = new Map();',
      ...none,
      'this.mineTs = -Infinity; this.isSecond = false; this.next = 0;',
    ];
  }

  row(input: number, row: Row, hash: string, place: Place): void {
    place.code.as('state', () => this.#meet(input, row, hash, place));
  }

  #meet(input: number, row: Row, hash: string, place: Place): void {
    const { code } = place;
    const names = this.#config.keys[input]!;
    const keys = names.map((name) => row.value(name, code));
    const isNullable = (name: string): boolean =>
      this.#fields[input]?.find((field) => field.name === name)?.nullable !== false;
    const meets = keys.flatMap((key, i) =>
      isNullable(names[i]!) ? `${key} !== null && ${key} !== undefined` : [],
    );
    const keyed = (): void => this.#keep(input, row, [hash, ...keys].join(', '), place);
    const body = (): void => {
      if (meets.length === 0) keyed();
      else code.block(`if (${meets.join(' && ')})`, keyed);
    };
    if (this.#config.between === null) code.block('', body);
    else code.block(`if (${row.ts} <= core.watermarkMs) core.lateRecords++; else`, body);
  }

  #keep(input: number, row: Row, hashed: string, { code, onBlocked }: Place): void {
    const { between, observed } = this.#config;
    const tab = code.constant('tab', between === null ? 'core.tab' : `core.sliceAt(${row.ts})`);
    const slot = code.constant('s', `${tab}.slot(${hashed})`);
    const mine = code.constant('mine', this.#keptText(row, observed[input]!, code));
    code.line(`(${tab}.rows${input}[${slot}] ??= []).push(${mine});`);
    code.line(`(${tab}.times${input}[${slot}] ??= []).push(${row.ts});`);
    const other = 1 - input;
    if (between !== null) code.line(`core.meet${input}(${mine}, ${row.ts}, ${hashed});`);
    else {
      const others = `${tab}.rows${other}[${slot}], ${tab}.times${other}[${slot}]`;
      const join = `core.join(${mine}, ${row.ts}, ${others}, ${input === 1});`;
      code.line(`if (${tab}.rows${other}[${slot}] !== null) ${join}`);
    }
    code.line(`if (core.blocked) { ${onBlocked} }`);
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
    const { between } = this.#config;
    if (between === null) code.line('onWatermark(ms) { this.watermarkMs = ms; this.forwardWatermark(ms); }');
    else this.#sliceMembers(between, code);
    code.line(`/** A row that came has equal keys with others; \`times\` are theirs. */
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
    this.#pairMember(code);
  }

  #sliceMembers(bounds: TimeBounds, code: CodeWriter): void {
    const { lowerMs, upperMs } = bounds;
    const width = Math.max(upperMs - lowerMs, SLICE_MS_MIN);
    code.line(`onWatermark(ms) {
  this.watermarkMs = ms;
  // A row is done with when no row of the other input that it may meet can come any more.
  for (const [n, slice] of this.slices) if (slice.endMs + ${Math.max(upperMs, -lowerMs, 0)} <= ms) this.slices.delete(n);
  this.forwardWatermark(ms);
}
sliceAt(ts) {
  const n = Math.floor(ts / ${width});
  let slice = this.slices.get(n);
  if (slice === undefined) this.slices.set(n, slice = new Table(n * ${width}, (n + 1) * ${width}));
  return slice;
}`);
    this.#meetMember(0, `ts + ${lowerMs}`, `ts + ${upperMs}`, 'at - ts', bounds, code);
    this.#meetMember(1, `ts - ${upperMs}`, `ts - ${lowerMs}`, 'ts - at', bounds, code);
  }

  /** Looks for the rows of the other input that a row of this one meets; `at` is the time of one of them. */
  #meetMember(
    input: number,
    fromMs: string,
    toMs: string,
    apart: string,
    { lowerMs, upperMs, lowerExclusive, upperExclusive }: TimeBounds,
    code: CodeWriter,
  ): void {
    const width = Math.max(upperMs - lowerMs, SLICE_MS_MIN);
    const keys = this.#config.keys[0].map((_, i) => `k${i}`).join(', ');
    const [above, below] = [lowerExclusive ? '>' : '>=', upperExclusive ? '<' : '<='];
    code.line(`meet${input}(mine, ts, hash, ${keys}) {
  const rows = [], times = [];
  const last = Math.floor((${toMs}) / ${width});
  for (let n = Math.floor((${fromMs}) / ${width}); n <= last; n++) {
    const slice = this.slices.get(n);
    if (slice === undefined) continue;
    const s = slice.slot(hash, ${keys});
    const others = slice.rows${1 - input}[s], ats = slice.times${1 - input}[s];
    if (others === null) continue;
    for (let i = 0; i < others.length; i++) {
      const at = ats[i], apart = ${apart};
      if (apart ${above} ${lowerMs} && apart ${below} ${upperMs}) { rows.push(others[i]); times.push(at); }
    }
  }
  if (rows.length > 0) this.join(mine, ts, rows, times, ${input === 1});
}`);
  }

  #pairMember(code: CodeWriter): void {
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

/** Narrower slices would be many. */
const SLICE_MS_MIN = 100;

/** The rows of each input, and their times. */
const ROWS: readonly Column[] = ['rows0', 'times0', 'rows1', 'times1'].map((name) => {
  return { name, array: 'Array', initial: 'null' };
});
