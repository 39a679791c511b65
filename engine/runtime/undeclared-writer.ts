import { isSluiceError, SluiceError, whatOf } from '../base/errors.js';
import { recordText } from '../base/record-text.js';
import { controlBytes, TAG_SHAPE } from '../exchange/element.js';
import type { ResultPartition } from '../exchange/result-partition.js';
import type { Categories } from '../records/categories.js';
import { compileCodec } from '../records/codec.js';
import { RowCodec, viewBindings } from '../records/codec-gen.js';
import { compile } from '../records/compile.js';
import { HASHER_NAME, type HashedField, hashFragment, KeyHasher } from '../records/key-hash.js';
import {
  declarationText,
  guardStatements,
  inferShape,
  type LearnedField,
  learnedHashKind,
  valueGuards,
  widenShape,
} from '../records/learned-shape.js';
import { type LayoutField, PACKED_FIELD, type RowView, rowLayout } from '../records/row-layout.js';
import { linesText, memberText } from '../records/source-text.js';
import type { InputShape } from './codegen/chain-compiler.js';
import type { CodeScript } from './codegen/code-map.js';
import { objectLiteral } from './codegen/code-writer.js';
import { reachOf, roomText, roomyIn, targetText } from './codegen/room-text.js';
import type { ExchangeOutput } from './exchange-output.js';
import { SampledCost } from './sampled-cost.js';

/** Rows looked at before a shape is chosen; fewer if a flush comes first. */
const SAMPLE_ROWS = 64;

/** Members by position where it is known which are observed, else the row; then its time, then what was chosen. */
type WriteRow = (...membersOrRow: any[]) => void;

/** What became of the shape of an undeclared edge in one subtask, for reports. */
export interface LearnedReport {
  /** The operator that gives the rows, and its place in the job: `map at job.ts:5:8`. */
  readonly from: string;
  /** `learning`, `flat` (rows of fields) or `packed` (MessagePack). */
  readonly state: 'learning' | 'flat' | 'packed';
  readonly fields: readonly LayoutField[];
  /** Times a row did not fit and the shape grew or was given up. */
  readonly changes: number;
  /** Rows written. */
  readonly records: number;
  /** About how long checking and writing them took, from a sample of the rows. */
  readonly writeMs: number;
  /** Source of the record type that would fit, `t.record({ … })`; null where only a nested one would. */
  readonly declaration: string | null;
}

/**
 * Writes rows whose shape nobody declared.
 *
 * The first rows are kept back to learn a shape from; then each row is checked against it by generated code and written
 * as a row of fields. A row that does not fit widens the shape, and where no flat shape fits, rows travel packed. A
 * shape is told to a channel in band, before its first row of it, so rows before and after never meet.
 *
 * Runs in: the producing task.
 */
export class UndeclaredWriter {
  readonly partition: ResultPartition;
  /** Members that somebody observes; null: all. */
  readonly required: readonly string[] | null;
  /**
   * Writes one row; replaced whenever the shape changes. Called as `write(...members, ts)` with the `required` members
   * in order, so that no object is made of them, or as `write(row, ts)` where all members count. What a custom
   * partitioner chose follows at the end.
   */
  write: WriteRow;
  /** How often `write` was replaced. */
  shapesChosen = 0;
  /** Of writing a row. */
  readonly cost = new SampledCost();
  readonly #output: ExchangeOutput;
  readonly #from: string;
  readonly #keys: readonly string[];
  /** Parameters after the row: its time, and what a custom partitioner chose. */
  readonly #rest: readonly string[];
  readonly #isExact: boolean;
  readonly #script: CodeScript;
  readonly #bindings: Record<string, unknown>;
  #samples: { row: object; rest: readonly unknown[] }[] = [];
  /** Null while learning, and for packed rows. */
  #fields: readonly LearnedField[] | null = null;
  #state: LearnedReport['state'] = 'learning';
  #changes = 0;
  #announcement: Uint8Array = new Uint8Array(0);

  /**
   * @param from     for people: the operator that gives the rows, and its place
   * @param isExact  proven: rows are object literals that always have the same members
   * @param script   what its generated code is called, and on which lines it is
   */
  constructor(output: ExchangeOutput, from: string, isExact: boolean, script: CodeScript) {
    const { partition, partitioner } = output;
    this.partition = partition;
    this.required = output.required;
    this.#output = output;
    this.#from = from;
    this.#keys = partitioner.kind === 'hash' ? partitioner.fields : [];
    this.#rest = partitioner.kind === 'custom' ? ['ts', 'chosen'] : ['ts'];
    this.#isExact = isExact;
    this.#script = script;
    this.#bindings = {
      ...viewBindings(output.view),
      [HASHER_NAME]: new KeyHasher(),
      partition,
      subpartitions: partition.subpartitions,
      ...{ prng: output.prng, broadcast: output.broadcast },
    };
    this.write = this.#sample;
  }

  get report(): LearnedReport {
    const fields = this.#state === 'packed' ? [PACKED_FIELD] : (this.#fields ?? []);
    const declaration = this.#fields === null ? null : declarationText(this.#fields);
    const { records, totalMs: writeMs } = this.cost;
    const [from, state, changes] = [this.#from, this.#state, this.#changes];
    return { from, state, fields, changes, records, writeMs, declaration };
  }

  /**
   * Chooses a shape from the rows there are; called before a flush, so that they do not wait for more. All that can be
   * sent are, also behind a bad one: a function may catch what is thrown for that, and go on.
   */
  learnNow(): void {
    if (this.#samples.length === 0) return;
    const samples = this.#samples;
    this.#samples = [];
    this.#choose(inferShape(samples.map(({ row }) => row)));
    const failures: unknown[] = [];
    for (const { row, rest } of samples) {
      try {
        this.#writeRow(row, rest);
      } catch (error) {
        failures.push(inRow(error, row));
      }
    }
    if (failures.length > 0) throw withOthers(failures[0], failures.length - 1);
  }

  readonly #sample: WriteRow = (...given) => {
    const rest = given.splice(this.#parameters().length);
    // The user may go on to use the object; a copy is what it is now.
    const row = this.required === null ? copyOf(given[0]) : this.#rowOf(given);
    this.#samples.push({ row, rest });
    // What a row without flat shape holds may change while it is kept back, and there is nothing to learn from others.
    if (this.#samples.length >= SAMPLE_ROWS || inferShape([row]) === null) this.learnNow();
  };

  #writeRow(row: object, rest: readonly unknown[]): void {
    if (this.required === null) this.write(row, ...rest);
    else this.write(...this.required.map((name) => (row as Record<string, unknown>)[name]), ...rest);
  }

  #rowOf(members: readonly unknown[]): object {
    return Object.fromEntries(this.required!.map((name, i) => [name, members[i]] as const));
  }

  #choose(fields: readonly LearnedField[] | null): void {
    this.shapesChosen++;
    this.#fields = fields;
    this.#state = fields === null ? 'packed' : 'flat';
    const shape: InputShape = { fields: fields ?? [PACKED_FIELD], isPacked: fields === null };
    this.#announcement = Buffer.from(JSON.stringify(shape));
    const announced = new Uint8Array(this.partition.subpartitions.length);
    const announce = (k: number): void => {
      const isForAll = this.#output.partitioner.kind === 'broadcast';
      for (let each = isForAll ? 0 : k; each < (isForAll ? announced.length : k + 1); each++) {
        announced[each] = 1;
        this.partition.writeControl(each, TAG_SHAPE, this.#announcement);
      }
    };
    const values = {
      ...this.#bindings,
      ...{ announced, announce },
      announceInTurn: (k: number, bytes: number) => this.#announceInTurn(k, bytes, announced, announce),
      miss: (row: object, ...rest: readonly unknown[]) => this.#miss(row, rest),
    };
    const source = fields === null ? this.#packedSource() : this.#flatSource(fields);
    const { name, firstLine } = this.#script;
    this.write = compile(name, source, Object.keys(values), Object.values(values), firstLine);
  }

  #miss(row: object, rest: readonly unknown[]): void {
    this.#changes++;
    this.#choose(widenShape(this.#fields!, row));
    this.#writeRow(row, rest);
  }

  /** A subpartition in an adaptive turn that was told the shape, for a row that did not just fit the one at turn. */
  #announceInTurn(k: number, bytes: number, announced: Uint8Array, announce: (k: number) => void): number {
    const { partition } = this;
    const most = Math.max(bytes, controlBytes(this.#announcement.byteLength));
    for (let target = k; ; ) {
      target = partition.yieldTurn(target, announced[target] === 1 ? bytes : most);
      if (announced[target] === 1) return target;
      announce(target);
    }
  }

  /** Names of the parameters before `ts`. */
  #parameters(): readonly string[] {
    return this.required === null ? ['o'] : this.required.map((_, i) => `m${i}`);
  }

  /** The row as an object, in generated code. */
  #object(): string {
    if (this.required === null) return 'o';
    return objectLiteral(this.required.map((name, i) => [name, `m${i}`] as const));
  }

  #flatSource(fields: readonly LearnedField[]): string {
    const { required } = this;
    const value = ({ name }: { name: string }): string =>
      required === null ? `v${fields.findIndex((each) => each.name === name)}` : `m${required.indexOf(name)}`;
    const hashed = this.#keys.map((name): HashedField => {
      const field = fields.find((each) => each.name === name);
      // A key that no row has is undefined, and hashes as null.
      if (field === undefined) return { kind: 'value', nullable: true, value: 'null' };
      return { kind: learnedHashKind(field), nullable: field.nullable, value: value(field) };
    });
    const guard =
      required === null
        ? guardStatements(fields, 'o', value, 'break fits;', this.#isExact)
        : valueGuards(fields, value, 'break fits;');
    return linesText([
      `return function write(${[...this.#parameters(), ...this.#rest].join(', ')}) {`,
      'fits: {',
      guard,
      this.#rowSource(fields, hashed, value),
      'return;',
      '}',
      `miss(${[this.#object(), ...this.#rest].join(', ')});`,
      '};',
    ]);
  }

  #packedSource(): string {
    const keys = this.#keys.map((name, i) => ({
      local: `key${i}`,
      text: this.required === null ? memberText('o', name) : `m${this.required.indexOf(name)}`,
    }));
    const hashed = keys.map(({ local }): HashedField => ({ kind: 'value', nullable: true, value: local }));
    return linesText([
      `return function write(${[...this.#parameters(), ...this.#rest].join(', ')}) {`,
      ...keys.map(({ local, text }) => `const ${local} = ${text} ?? null;`),
      this.required === null ? '' : `const o = ${this.#object()};`,
      this.#rowSource([PACKED_FIELD], hashed, () => 'o'),
      '};',
    ]);
  }

  #rowSource(
    fields: readonly LayoutField[],
    keys: readonly HashedField[],
    value: (field: { name: string }) => string,
  ): string {
    const codec = new RowCodec(rowLayout(fields));
    const hash = keys.length === 0 ? { statements: '', expression: '0' } : hashFragment(keys, 'key');
    const { partitioner, maxParallelism, partition } = this.#output;
    const { segmentBytes } = partition;
    const count = partition.subpartitions.length;
    const target = targetText(partitioner, count, maxParallelism, NAMES, 'to');
    const room = roomText(
      reachOf(partitioner, partition),
      target.expression,
      NAMES,
      codec,
      segmentBytes,
      '',
      true,
    );
    const size = codec.sizeStatements(value, roomyIn(segmentBytes));
    return linesText([
      hash.statements,
      `const hash = ${hash.expression};`,
      target.statements,
      size.statements,
      `let length = ${size.expression};`,
      room.before,
      codec.writeStatements('q', value, { length: 'length', hash: 'hash', ts: 'ts' }),
      room.after,
    ]);
  }
}

const NAMES = {
  ...{ partition: 'partition', subpartitions: 'subpartitions', broadcast: 'broadcast', prng: 'prng' },
  ...{ k: 'k', sub: 'sub', q: 'q', length: 'length', hash: 'hash', chosen: 'chosen' },
};

/** A row that was kept back is no more the record that the task is at: what is wrong with it says which it was. */
function inRow(error: unknown, row: object): unknown {
  if (!isSluiceError(error) || !/^RECORD_/.test(error.code)) return error;
  const { code, detail, cause } = error;
  return new SluiceError(code, `${whatOf(error)}, in ${recordText(row)}`, { detail, cause });
}

/** One error can be thrown for several rows; how many more are lost with it, it says. */
function withOthers(error: unknown, others: number): unknown {
  if (others === 0 || !isSluiceError(error)) return error;
  const { code, detail, cause } = error;
  const what = `${whatOf(error)}; ${others} more of the rows that were kept back cannot be sent`;
  return new SluiceError(code, what, { detail: { ...detail, others }, cause });
}

/** A row may be an instance of a class or no plain object at all: then it is kept as it is, to be refused later. */
function copyOf(row: object): object {
  return Object.getPrototypeOf(row) === Object.prototype ? { ...row } : row;
}

/** The shape that `TAG_SHAPE` carries. */
export function readShape(text: string): InputShape {
  return JSON.parse(text) as InputShape;
}

/** The row at a position as an object, for a message. */
export function rowAt(view: RowView, shape: InputShape, categories: Categories | null, p: number): object {
  const row = compileCodec(rowLayout(shape.fields), view, categories).decode(p);
  return shape.isPacked ? (row[PACKED_FIELD.name] as object) : row;
}
