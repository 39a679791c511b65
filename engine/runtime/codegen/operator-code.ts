import type { Observed, OperatorConfig, PlanOperator } from '../../plan/logical-plan.js';
import { RowCodec } from '../../records/codec-gen.js';
import { keptText } from '../../records/field-values.js';
import { compileTaker, isNestedField, takerName } from '../../records/nested.js';
import { RecordView } from '../../records/record-view.js';
import { rowLayout } from '../../records/row-layout.js';
import { takenText } from '../../records/scalar-code.js';
import type { FieldSpec } from '../../records/schema.js';
import { memberText } from '../../records/source-text.js';
import { type ChainSpec, operatorOf, requiredFields } from '../chain-spec.js';
import type { Bindings, CodeWriter } from './code-writer.js';
import { eventTimeStep } from './event-time-code.js';
import { guarded } from './failure-code.js';
import { argumentText, DerivedRow, literalOf, objectRow, type Row } from './row.js';
import { hasField, pickRow, wholeOf } from './row-parts.js';
import { type Handed, handView } from './view-code.js';

/** Where generated code stands: what it must do when an output is full, and how it counts. */
export interface Place {
  readonly code: CodeWriter;
  /** Statement run when no further row should be taken. `core.blocked` is set besides. */
  readonly onBlocked: string;
  /** Where it keeps which user function is being called, and how many rows it gave out. */
  readonly at: string;
  readonly out: string;
}

/** The words of generated members; a loop has locals for them, which cost nothing in a register. */
export const CORE_WORDS = { at: 'core.at', out: 'core.recordsOut' };

type SplitBranch = Extract<OperatorConfig, { kind: 'split' }>['branches'][number];

/** What a function is to get of its rows. */
interface Asked {
  readonly observed: Observed;
  readonly view?: true | undefined;
}

/** Writes a row to the consumer of an exchange; see exchange-code.ts. */
export type WriteOutput = (output: number, row: Row, place: Place) => void;

/**
 * Generates the fused code of the operators in a chain: each operator's step is written where its input row exists,
 * so a chain is one loop body in which fields are local constants and user functions are called directly.
 *
 * In scope of all code written here is `core`, the chain's ChainCore.
 */
export class OperatorCode {
  readonly #spec: ChainSpec;
  readonly #bindings: Bindings;
  readonly #writeOutput: WriteOutput;
  readonly #siteOf: ReadonlyMap<string, number>;

  constructor(
    spec: ChainSpec,
    bindings: Bindings,
    siteOf: ReadonlyMap<string, number>,
    writeOutput: WriteOutput,
  ) {
    this.#spec = spec;
    this.#bindings = bindings;
    this.#siteOf = siteOf;
    this.#writeOutput = writeOutput;
    const made = [...spec.operators.values()].flatMap(({ config, output }) => [
      ...(output.fields ?? []),
      ...(config.kind === 'with' ? config.columns : []),
    ]);
    for (const field of [...made, ...spec.inputs.flatMap(({ shape }) => shape.fields ?? [])]) {
      if (isNestedField(field)) bindings.values[takerName(field)] ??= compileTaker(field);
    }
  }

  /** Everything that happens to a row that operator `uid` gives out. */
  emit(uid: string, row: Row, place: Place): void {
    const outputs = this.#spec.outputs.flatMap((output, index) => (output.from === uid ? [index] : []));
    const children = (this.#spec.children.get(uid) ?? []).filter((child) => this.#tagOf(child) === null);
    const single = outputs.length + children.length === 1;
    const branch = (write: (row: Row) => void): void => {
      if (single) write(row);
      else place.code.block('', () => write(row.fork()));
    };
    for (const output of outputs) branch((own) => this.#writeOutput(output, own, place));
    for (const child of children) branch((own) => this.operator(child, own, place));
  }

  /** Everything that happens to a row that operator `uid` gives to a tag. */
  emitSide(uid: string, tag: string, row: Row, place: Place): void {
    const reader = this.readerOf(uid, tag);
    if (reader === null) place.code.line('core.droppedRecords++;');
    else this.emit(reader, row, place);
  }

  /** The side output that reads a tag of operator `uid`; null: nobody does. */
  readerOf(uid: string, tag: string): string | null {
    return this.readersOf(uid).find(([read]) => read === tag)?.[1] ?? null;
  }

  /** Tags of operator `uid` that somebody reads, and the side outputs that do. */
  readersOf(uid: string): readonly (readonly [tag: string, reader: string])[] {
    return (this.#spec.children.get(uid) ?? []).flatMap((child) => {
      const tag = this.#tagOf(child);
      return tag === null ? [] : [[tag, child] as const];
    });
  }

  #tagOf(uid: string): string | null {
    const { config } = operatorOf(this.#spec, uid);
    return config.kind === 'side-output' ? config.tag : null;
  }

  /**
   * What operator `uid` does with a row that it receives.
   *
   * @param input  1 for the second input of an operator that has two
   */
  operator(uid: string, row: Row, place: Place, input = 0): void {
    const operator = operatorOf(this.#spec, uid);
    const step = (): void => this.#step(uid, row, place, input);
    place.code.as(`operator ${uid}`, () => {
      if (operator.config.kind === 'process') step();
      else guarded(this, operator, this.#siteOf.get(uid)!, row, row.ts, place, step);
    });
  }

  #step(uid: string, row: Row, place: Place, input: number): void {
    const operator = operatorOf(this.#spec, uid);
    const { config } = operator;
    switch (config.kind) {
      case 'filter': {
        const { text, after } = this.#handed(uid, config, row, place);
        const keep = this.call(uid, 'keep', this.#fn(uid), text, place, after);
        const site = this.#siteOf.get(uid);
        place.code.line(`if (typeof ${keep} === 'object') core.refusePromise(${site}, ${keep});`);
        place.code.block(`if (${keep})`, () => this.emit(uid, row, place));
        return;
      }
      case 'map': {
        const { text, after } = this.#handed(uid, config, row, place);
        const result = this.call(uid, 'o', this.#fn(uid), text, place, after);
        this.emit(uid, this.checkedRow(uid, result, row.ts, place), place);
        return;
      }
      case 'flat-map':
        this.#flatMap(uid, this.#fn(uid), this.#handed(uid, config, row, place), row, place);
        return;
      case 'split':
        this.#split(uid, config.branches, row, place);
        return;
      case 'process':
        this.stepOfProcess(uid, row, place);
        return;
      case 'co-map': {
        const { text } = this.#handed(uid, { observed: config.observed[input]! }, row, place);
        const result = this.call(uid, 'o', this.#fn(uid, input), text, place);
        this.emit(uid, this.checkedRow(uid, result, row.ts, place), place);
        return;
      }
      case 'co-flat-map': {
        const handed = this.#handed(uid, { observed: config.observed[input]! }, row, place);
        this.#flatMap(uid, this.#fn(uid, input), handed, row, place);
        return;
      }
      case 'pick':
        this.emit(uid, pickRow(row, config.fields, place.code), place);
        return;
      case 'with':
        this.#withColumns(operator, row, place);
        return;
      case 'event-time':
        eventTimeStep({ uid, site: this.#siteOf.get(uid)!, config }, row, place, this);
        return;
      case 'sink':
      case 'output':
        this.#sink(uid, row, place);
        return;
      default:
        throw new Error(`${config.kind} ${uid} cannot stand inside a chain`);
    }
  }

  /** Initial values of the members, for the constructor of the core. */
  fields(): readonly string[] {
    return this.#flatMaps().flatMap((uid) => {
      const name = `flat_${this.#siteOf.get(uid)}`;
      return [`this.${name}_ts = -Infinity;`, `this.${name}_emit = (o) => this.${name}(o);`];
    });
  }

  /** Members of the core that steps call. */
  members(code: CodeWriter): void {
    for (const uid of this.#flatMaps()) this.#flatMapMember(uid, code);
  }

  #flatMaps(): readonly string[] {
    return [...this.#spec.operators.values()].flatMap(({ uid, config }) =>
      config.kind === 'flat-map' || config.kind === 'co-flat-map' ? [uid] : [],
    );
  }

  /**
   * The method of the core that a flat-map operator calls for each row it emits; the operator may emit many, so what
   * follows it cannot be part of the loop body.
   */
  #flatMapMember(uid: string, code: CodeWriter): void {
    const site = this.#siteOf.get(uid)!;
    code.block(`flat_${site}(o)`, () => {
      code.line('const core = this;');
      code.line(`const ts = this.flat_${site}_ts;`);
      const place = { code, onBlocked: '', ...CORE_WORDS };
      code.as(`operator ${uid}`, () => this.emit(uid, this.checkedRow(uid, 'o', 'ts', place), place));
      code.line(`core.at = ${site};`); // the function goes on
    });
  }

  /**
   * Calls a user function; what it throws is attributed to the operator. Returns the local that holds the result.
   *
   * @param after  a statement to run behind the call
   */
  call(uid: string, hint: string, fn: string, args: string, place: Place, after = ''): string {
    place.code.line(`${place.at} = ${this.#siteOf.get(uid)};`);
    const result = place.code.constant(hint, `${fn}(${args})`);
    place.code.line(`${place.at} = 0;`);
    if (after !== '') place.code.line(after);
    return result;
  }

  /** The argument of a user function over rows: a view where that was asked for, else a plain object. */
  #handed(uid: string, config: Asked, row: Row, { code }: Place): Handed {
    const { observed, view } = config;
    if (view !== true) return { text: argumentText(row, observed, code), after: '' };
    return handView(row, this.#siteOf.get(uid)!, observed, this.#bindings, code);
  }

  /** The row in an object that a user function gave back, checked against the operator's declared fields. */
  checkedRow(uid: string, object: string, ts: string, place: Place): Row {
    const fields = requiredFields(this.#spec, uid);
    const site = this.#siteOf.get(uid)!;
    const { config } = operatorOf(this.#spec, uid);
    if ('view' in config) {
      const base = this.#bindings.bind('RecordView', RecordView);
      place.code.line(`if (${object} instanceof ${base}) core.returnedView(${site});`);
    }
    place.code.line(`${place.at} = ${site};`); // a member may be a getter, or bytes that cannot be read
    place.code.line(
      `if (typeof ${object} !== 'object' || ${object} === null) core.badRow(${site}, ${object});`,
    );
    if (fields === null) {
      place.code.line(
        `if (typeof ${object}.then === 'function' || Array.isArray(${object})) core.badRow(${site}, ${object});\n${place.at} = 0;`,
      );
      return objectRow(null, ts, object);
    }
    const loaded = new Map<string, string>();
    for (const field of fields) {
      const absent = field.nullable ? ' ?? null' : '';
      loaded.set(
        field.name,
        place.code.constant(`v_${field.name}`, `${memberText(object, field.name)}${absent}`),
      );
    }
    this.#check(site, fields, loaded, place);
    place.code.line(`${place.at} = 0;`);
    return new DerivedRow(objectRow(fields, ts, object), fields, loaded);
  }

  /** Verifies values made by user code against the kinds of their fields; `values` then names them as they are kept. */
  #check(site: number, fields: readonly FieldSpec[], values: Map<string, string>, { code }: Place): void {
    const statements = new RowCodec(rowLayout(fields)).checkStatements(
      (field) => values.get(field.name)!,
      ({ name, kind }) => {
        const expected = kind === 'packed' ? '' : takenText(kind);
        return `core.badField(${site}, ${JSON.stringify(name)}, ${JSON.stringify(expected)}, ${values.get(name)});`;
      },
    );
    if (statements !== '') code.line(statements);
    for (const field of fields) {
      const value = values.get(field.name)!;
      const kept = keptText(field, value, `core, ${site}`);
      if (kept !== value) values.set(field.name, code.constant(`v_${field.name}`, kept));
    }
  }

  #fn(uid: string, input = 0): string {
    const { fn, second } = this.#spec.functions.get(uid) ?? {};
    return this.#bindings.bind(`fn_${uid}`, input === 0 ? fn : second);
  }

  #flatMap(uid: string, fn: string, handed: Handed, row: Row, place: Place): void {
    const name = `flat_${this.#siteOf.get(uid)}`;
    const { code } = place;
    code.line(`core.${name}_ts = ${row.ts};`);
    const many = this.call(uid, 'many', fn, `${handed.text}, core.${name}_emit`, place);
    code.block(`if (${many} !== undefined && ${many} !== null)`, () => {
      code.line(`${place.at} = ${this.#siteOf.get(uid)};`);
      code.line(
        `if (typeof ${many}[Symbol.iterator] !== 'function') core.badRows(${this.#siteOf.get(uid)}, ${many});`,
      );
      code.line(`for (const each of ${many}) core.${name}(each);`);
      code.line(`${place.at} = 0;`);
    });
    // An error below that the function caught is forgotten.
    if (place.at !== CORE_WORDS.at) code.line('core.at = 0;');
    if (handed.after !== '') code.line(handed.after); // a generator reads the row while it is asked for more
    code.line(`if (core.blocked) { ${place.onBlocked} }`);
  }

  #split(uid: string, branches: readonly SplitBranch[], row: Row, place: Place): void {
    const [branch, ...others] = branches;
    if (branch === undefined) {
      this.emit(uid, row, place);
      return;
    }
    const { code } = place;
    const fn = this.#bindings.bind(
      `fn_${uid}_${branch.name}`,
      this.#spec.functions.get(uid)?.columns?.[branch.name],
    );
    const keep = this.call(uid, 'keep', fn, argumentText(row, branch.observed, code), place);
    code.line(`if (typeof ${keep} === 'object') core.refusePromise(${this.#siteOf.get(uid)}, ${keep});`);
    code.block(`if (${keep})`, () => this.emitSide(uid, branch.name, row.fork(), place));
    code.block('else', () => this.#split(uid, others, row, place));
  }

  #withColumns(operator: PlanOperator, row: Row, place: Place): void {
    if (operator.config.kind !== 'with') return;
    const { uid } = operator;
    const { columns, view } = operator.config;
    const own = new Map<string, string>();
    for (const column of columns) {
      const fn = this.#bindings.bind(
        `fn_${uid}_${column.name}`,
        this.#spec.functions.get(uid)?.columns?.[column.name],
      );
      const { text, after } = this.#handed(uid, { observed: column.observed, view }, row, place);
      const value = this.call(uid, `v_${column.name}`, fn, text, place, after);
      const kept = column.nullable ? place.code.constant(`v_${column.name}`, `${value} ?? null`) : value;
      own.set(column.name, kept);
      this.#check(this.#siteOf.get(uid)!, [column], own, place);
    }
    if (operator.output.fields !== null) {
      const fields = operator.output.fields.filter(
        (field) => own.has(field.name) || hasField(row, field.name),
      );
      this.emit(uid, new DerivedRow(row, fields, own), place);
      return;
    }
    const added = [...own].map(([field, value]) => `${JSON.stringify(field)}: ${value}`).join(', ');
    const object = place.code.constant('o', `{ ...${wholeOf(row, place.code)}, ${added} }`);
    this.emit(uid, objectRow(null, row.ts, object), place);
  }

  #sink(uid: string, row: Row, place: Place): void {
    const { code, at, out } = place;
    const writer = this.#bindings.bind(`writer_${uid}`, this.writerOf(uid));
    const fields = row.fields;
    const record =
      fields === null
        ? `{ ...${row.whole} }`
        : literalOf(
            row,
            fields.map(({ name }) => name),
            code,
          );
    code.line(`${at} = ${this.#siteOf.get(uid)};`);
    code.line(`${writer}.write(${record});`);
    code.line(`${at} = 0;`);
    code.line(`${out}++;`);
    if ('notBeforeMs' in this.writerOf(uid)) {
      code.block(`if (${writer}.notBeforeMs > core.notBeforeMs)`, () => {
        code.line(`core.notBeforeMs = ${writer}.notBeforeMs;`);
        code.line(`core.blocked = true; ${place.onBlocked}`);
      });
    }
  }

  /** Set by the compiler before code is generated; see process-code.ts. */
  stepOfProcess: (uid: string, row: Row, place: Place) => void = () => {
    throw new Error('nobody calls process functions');
  };

  /** Set by the compiler before code is generated. */
  writerOf: (uid: string) => object = () => {
    throw new Error('no writers were given');
  };
}
