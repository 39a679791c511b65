import { RowCodec } from '../../records/codec-gen.js';
import { compile } from '../../records/compile.js';
import { rowFault } from '../../records/row-check.js';
import { type LayoutField, rowLayout } from '../../records/row-layout.js';
import type { FieldSpec } from '../../records/schema.js';
import { type BatchProcess, ChainCore, type ChainSite, type GateProcess } from '../chain-core.js';
import {
  type ChainEnvironment,
  type ChainSpec,
  inputFields,
  isExactOutput,
  operatorOf,
  requiredFields,
} from '../chain-spec.js';
import { type ExchangeOutput, exchangeOutputs } from '../exchange-output.js';
import { SampledCost, sampledText } from '../sampled-cost.js';
import { UndeclaredWriter } from '../undeclared-writer.js';
import { CodeMap } from './code-map.js';
import { Bindings, CodeWriter, NameSupply } from './code-writer.js';
import {
  bindCategories,
  bindView,
  inputPrefix,
  outputPrefix,
  writeDeclared,
  writeUndeclared,
} from './exchange-code.js';
import { type HeadCode, headCode } from './head-code.js';
import { OperatorCode, type Place } from './operator-code.js';
import { ProcessCode } from './process-code.js';
import { argumentText, ExpressionRow, objectRow, ownText, type Row } from './row.js';
import { type ExchangeText, WatermarkCode } from './watermark-code.js';

/** The shape of rows in a channel: of declared fields, or whole objects packed into one field. */
export interface InputShape {
  readonly fields: readonly LayoutField[];
  readonly isPacked: boolean;
}

/** A chain ready to run in one subtask. */
export interface CompiledChain {
  readonly core: ChainCore;
  /** For a chain headed by a source. */
  readonly batch: BatchProcess | null;
  /** For a chain behind gates: the loop over rows of one shape that come through one of them, by its number. */
  gate(gate: number, shape: InputShape): GateProcess;
  readonly undeclared: readonly UndeclaredWriter[];
  /** Of unpacking a row that has no flat shape. */
  readonly unpacking: SampledCost;
  readonly codeMap: CodeMap;
}

/**
 * Compiles a chain for one subtask: one generated class for its state and results, and one generated loop per gate
 * and shape of its rows with all operators fused into it.
 *
 * @param sites  where each operator was written in the user's source, by uid
 * @throws SluiceError CODEGEN_FORBIDDEN
 * Cost: some milliseconds.
 */
export function compileChain(
  spec: ChainSpec,
  env: ChainEnvironment,
  sites: ReadonlyMap<string, string>,
): CompiledChain {
  return new ChainCompiler(spec, env, sites).compile();
}

class ChainCompiler {
  readonly #spec: ChainSpec;
  readonly #env: ChainEnvironment;
  readonly #codeMap: CodeMap;
  readonly #names = new NameSupply();
  readonly #bindings = new Bindings(this.#names);
  readonly #siteOf = new Map<string, number>();
  readonly #sites: ChainSite[] = [{ uid: '', name: 'the engine', shown: 'the engine' }];
  readonly #outputs: readonly ExchangeOutput[];
  readonly #undeclared = new Map<number, UndeclaredWriter>();
  readonly #unpacking = new SampledCost();
  readonly #operators: OperatorCode;
  readonly #process: ProcessCode;
  readonly #head: HeadCode;

  constructor(spec: ChainSpec, env: ChainEnvironment, sites: ReadonlyMap<string, string>) {
    this.#spec = spec;
    this.#env = env;
    this.#codeMap = new CodeMap(spec, env);
    for (const [uid, { name }] of spec.operators) this.#addSite(uid, uid, name, sites.get(uid));
    for (const [i, view] of env.inputViews.entries()) bindView(this.#bindings, inputPrefix(i), view);
    bindCategories(this.#bindings, env.categories);
    this.#outputs = exchangeOutputs(spec, env);
    this.#outputs.forEach((output, i) => {
      bindView(this.#bindings, outputPrefix(i), output.view);
      if (output.shape.fields === null) {
        const { shown } = this.#sites[this.#giverOf(i)]!;
        const isExact = isExactOutput(spec, spec.outputs[i]!.from);
        const script = this.#codeMap.add(
          `${spec.name} undeclared`,
          [[1, `output ${i}`]],
          UNDECLARED_LINES_MAX,
        );
        this.#undeclared.set(i, new UndeclaredWriter(output, shown, isExact, script));
      }
      if (output.partitioner.kind === 'custom') this.#addCustomSite(i, sites);
    });
    const write = (output: number, row: Row, place: Place): void => this.#write(output, row, place);
    this.#operators = new OperatorCode(spec, this.#bindings, this.#siteOf, write);
    this.#operators.writerOf = (uid) => env.writers.get(uid)!;
    this.#process = new ProcessCode(spec, env, this.#bindings, this.#siteOf, this.#operators);
    this.#operators.stepOfProcess = (uid, row, place) => this.#process.step(uid, row, place);
    const number = this.#siteOf.get(spec.head)!;
    const site = { number, shown: this.#sites[number]!.shown };
    this.#head = headCode(spec, env, this.#bindings, site, this.#operators, this.#process);
  }

  compile(): CompiledChain {
    const core = this.#core();
    this.#bindings.values['core'] = core;
    return {
      core,
      batch: this.#spec.inputs.length === 0 ? this.#renewed(() => this.#batchProcess()) : null,
      gate: (gate, shape) => this.#renewed(() => this.#gateProcess(gate, shape)),
      undeclared: [...this.#undeclared.values()],
      unpacking: this.#unpacking,
      codeMap: this.#codeMap,
    };
  }

  /**
   * A loop that is compiled again when a shape was learned. It has called the writer that keeps rows back, and a call
   * that has met two functions is never inlined by V8; in new code it has met one.
   */
  #renewed<A, B, C, R>(compileLoop: () => (a: A, b: B, c: C) => R): (a: A, b: B, c: C) => R {
    const writers = [...this.#undeclared.values()];
    if (writers.length === 0) return compileLoop();
    const learned = (): number => writers.reduce((sum, { shapesChosen }) => sum + shapesChosen, 0);
    let [loop, compiledAt] = [compileLoop(), learned()];
    return (a, b, c) => {
      if (learned() !== compiledAt) [loop, compiledAt] = [compileLoop(), learned()];
      return loop(a, b, c);
    };
  }

  /** A custom partitioner is user code too, with a place of its own. */
  #addCustomSite(index: number, sites: ReadonlyMap<string, string>): void {
    const { edge, from } = this.#spec.outputs[index]!;
    const name = `partitionCustom after ${operatorOf(this.#spec, from).name}`;
    this.#addSite(edge, from, name, sites.get(edge));
  }

  #addSite(id: string, uid: string, name: string, place: string | undefined): void {
    this.#siteOf.set(id, this.#sites.length);
    this.#sites.push({ uid, name, shown: place === undefined ? name : `${name} at ${place}` });
  }

  /** The site of the operator whose rows go to an output. */
  #giverOf(output: number): number {
    return this.#siteOf.get(this.#spec.outputs[output]!.from)!;
  }

  #write(index: number, row: Row, place: Place): void {
    place.code.as(`output ${index}`, () => this.#writeOutput(index, row, place));
  }

  #writeOutput(index: number, row: Row, place: Place): void {
    const output = this.#outputs[index]!;
    const { fields } = output.shape;
    const isCustom = output.partitioner.kind === 'custom';
    const chosen = isCustom ? this.#customTarget(index, row, place) : null;
    const bindings = this.#bindings;
    const writer = this.#undeclared.get(index);
    if (fields === null) writeUndeclared(index, writer!, this.#giverOf(index), chosen, bindings, row, place);
    else writeDeclared(index, output, fields, chosen ?? '', bindings, row, place);
  }

  /** Asks a custom partitioner; returns the local that holds a number which is good. */
  #customTarget(index: number, row: Row, place: Place): string {
    const { partitioner, partition } = this.#outputs[index]!;
    if (partitioner.kind !== 'custom') throw new Error('only a custom partitioner is asked');
    const id = this.#spec.outputs[index]!.edge;
    const { fn, select } = this.#spec.functions.get(id)!;
    const call = (hint: string, user: unknown, args: string): string =>
      this.#operators.call(id, hint, this.#bindings.bind(`${hint}${index}`, user), args, place);
    const key =
      partitioner.field === null
        ? call('key', select, argumentText(row, partitioner.observed, place.code))
        : ownText(row, partitioner.field, place.code);
    const receivers = partition.subpartitions.length;
    const target = call('target', fn, `${key}, ${receivers}`);
    const isGood = `Number.isInteger(${target}) && ${target} >= 0 && ${target} < ${receivers}`;
    place.code.line(`if (!(${isGood})) core.badTarget(${this.#siteOf.get(id)}, ${target}, ${receivers});`);
    return target;
  }

  #evaluate(hint: string, code: CodeWriter): unknown {
    const { name, firstLine } = this.#codeMap.add(`${this.#spec.name} ${hint}`, code.owners, code.lineCount);
    const { values } = this.#bindings;
    return compile(name, code.toString(), Object.keys(values), Object.values(values), firstLine);
  }

  /** The generated subclass of ChainCore, made. */
  #core(): ChainCore {
    const code = new CodeWriter(this.#names);
    const watermarks = new WatermarkCode(this.#spec, this.#bindings, this.#siteOf, (i) =>
      this.#exchangeText(i),
    );
    code.as('state', () => this.#head.declarations(code));
    code.block('class Chain extends Base', () => {
      code.block('constructor()', () => {
        code.line(`super();\nthis.sites = sites;\nthis.subtask = ${this.#env.subtask};`);
        for (const part of [this.#head, watermarks, this.#operators, this.#process]) {
          for (const line of part.fields()) code.line(line);
        }
      });
      code.as('state', () => this.#head.members(code));
      this.#operators.members(code);
      this.#process.members(code);
      watermarks.members(code);
    });
    code.line('return new Chain();');
    this.#bindings.values['Base'] = ChainCore;
    this.#bindings.values['sites'] = this.#sites;
    return this.#evaluate('state', code) as ChainCore;
  }

  #exchangeText(index: number): ExchangeText {
    const partition = this.#bindings.bind(`partition${index}`, this.#env.partitions[index]);
    const undeclared = this.#undeclared.get(index);
    if (undeclared === undefined) return { partition, learn: '' };
    // Rows kept back are written; what is wrong with one is the fault of who gave it.
    const writer = this.#bindings.bind(`undeclared${index}`, undeclared);
    return { partition, learn: `this.at = ${this.#giverOf(index)}; ${writer}.learnNow(); this.at = 0;` };
  }

  /** The loop over a source's batch. */
  #batchProcess(): BatchProcess {
    const { head } = this.#spec;
    const source = this.#spec.functions.get(head)?.source ?? PUSHED_ROWS;
    const code = new CodeWriter(this.#names);
    code.block('return function process(batch, begin, end)', () => {
      const fields = requiredFields(this.#spec, head);
      code.line('let i = begin, at = 0, out = 0;\nconst ts = -Infinity;');
      const columns = (fields ?? []).map((_, k) => `column_${k}`);
      if (source.batchKind === 'columns') {
        for (const [k, column] of columns.entries()) code.line(`const ${column} = batch.columns[${k}];`);
      } else if (source.batchKind === 'rows') code.line('const rows = batch.rows;');
      else code.line('const first = batch.begin, stride = batch.stride;');
      code.block('try', () => {
        code.block('for (; i < end; i++)', () => {
          const place = { code, onBlocked: 'end = 0;', at: 'at', out: 'out' };
          const row = code.as(`operator ${head}`, () => this.#sourceRow(source, fields, columns, place));
          this.#operators.emit(head, row, place);
        });
      });
      this.#loopEnd('i', 'i - begin', code);
    });
    return this.#evaluate('loop', code) as BatchProcess;
  }

  /** Behind the `try` around a loop: its locals go where the task looks. */
  #loopEnd(position: string, taken: string, code: CodeWriter): void {
    code.block('catch (error)', () => {
      code.line(`core.failedAt = ${position}; core.recordsOut += out;`);
      code.line('if (core.at === 0) core.at = at; // else a member that the loop called has failed');
      code.line('throw error;');
    });
    code.line(`core.recordsIn += ${taken};\ncore.recordsOut += out;\nreturn ${position};`);
  }

  #sourceRow(
    source: { batchKind: string; make?: unknown },
    fields: readonly FieldSpec[] | null,
    columns: readonly string[],
    place: Place,
  ): Row {
    const { head } = this.#spec;
    if (source.batchKind === 'columns') {
      const known = fields ?? [];
      return new ExpressionRow(
        known,
        'ts',
        (field) => `${columns[known.findIndex((each) => each.name === field)]}[i]`,
        { owner: 'reading' },
      );
    }
    let object: string;
    if (source.batchKind === 'rows') object = place.code.constant('o', 'rows[i]');
    else {
      const make = this.#bindings.bind('make', source.make);
      object = this.#operators.call(head, 'o', make, 'first + i * stride', place);
    }
    return this.#operators.checkedRow(head, object, 'ts', place);
  }

  /** The loop over the rows of a buffer. Stops at a control element, when blocked, or when the budget is used up. */
  #gateProcess(gate: number, shape: InputShape): GateProcess {
    const code = new CodeWriter(this.#names);
    code.block('return function process(begin, end, budget)', () => {
      code.line(`let p = begin, left = budget, at = 0, out = 0;${CHECKED ? ' const limit = end;' : ''}`);
      code.block('try', () => {
        code.block('while (p < end && left > 0)', () => {
          const place = { code, onBlocked: 'end = 0;', at: 'at', out: 'out' };
          const row = code.as('reading', () => {
            const view = inputPrefix(gate);
            code.line(`const size = ${view}i32[p >> 2];\nif (size < 0) break;\nleft--;`);
            code.line(`const hash = ${view}i32[(p >> 2) + 1], ts = ${view}f64[(p >> 3) + 1];`);
            if (CHECKED) code.line(this.#rowCheck(gate, shape));
            return this.#gateRow(gate, shape, code);
          });
          this.#head.row(this.#spec.inputs[gate]!.input, row, 'hash', place);
          code.line('p += size;');
        });
      });
      this.#loopEnd('p', 'budget - left', code);
    });
    return this.#evaluate('loop', code) as GateProcess;
  }

  #rowCheck(gate: number, { fields }: InputShape): string {
    const layout = rowLayout(fields);
    const view = this.#env.inputViews[gate]!;
    const categories = this.#env.categories?.known.store.values ?? 0;
    const fault = (p: number, end: number): string | null => rowFault(layout, view, p, end, categories);
    const check = `{ const fault = ${this.#bindings.bind('rowFault', fault)}(p, limit);`;
    return `${check} if (fault !== null) core.corruptRow(fault); }`;
  }

  #gateRow(gate: number, shape: InputShape, code: CodeWriter): Row {
    const hasIds = this.#env.categories !== null;
    const codec = new RowCodec(rowLayout(shape.fields), { view: inputPrefix(gate), hasIds });
    Object.assign(this.#bindings.values, codec.nestedBindings(this.#env.inputViews[gate]!));
    if (shape.isPacked) {
      const object = code.fresh('o');
      const cost = this.#bindings.bind('unpacking', this.#unpacking);
      const read = `${object} = ${codec.readExpr(codec.layout.fields[0]!, 'p')};`;
      code.line(`let ${object};\n${sampledText(cost, read, code.fresh('began'))}`);
      return objectRow(null, 'ts', object);
    }
    const { keys } = this.#head;
    const declared = inputFields(this.#spec, this.#spec.inputs[gate]!.input);
    const fields = declared ?? (shape.fields as readonly FieldSpec[]);
    // Of undeclared rows a field may be observed that no row of this shape has.
    const load = (name: string): string => {
      const isKnown = fields.some((field) => field.name === name);
      return isKnown ? codec.readExpr(codec.field(name), 'p', keys.includes(name)) : 'undefined';
    };
    return new ExpressionRow(fields, 'ts', load, { inPlace: { codec, at: 'p' }, owner: 'reading' });
  }
}

/** Of the code that writes undeclared rows; every shape has another. */
const UNDECLARED_LINES_MAX = 5_000;

/** What an application pushes; see push-input.ts. */
const PUSHED_ROWS = { batchKind: 'rows' } as const;
