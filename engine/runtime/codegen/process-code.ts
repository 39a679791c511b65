import type { Observed, OperatorConfig } from '../../plan/logical-plan.js';
import { type ChainEnvironment, type ChainSpec, operatorOf } from '../chain-spec.js';
import {
  type ContextSetting,
  KeyedRuntimeContext,
  RuntimeContext,
  runningFunction,
  type UserFunction,
} from '../process-context.js';
import type { Bindings, CodeWriter } from './code-writer.js';
import { guarded } from './failure-code.js';
import { CORE_WORDS, type OperatorCode, type Place } from './operator-code.js';
import type { Row } from './row.js';
import { ownObject } from './row-parts.js';

export type KeyedProcessConfig = Extract<OperatorConfig, { kind: 'keyed-process' | 'keyed-co-process' }>;

/** Columns of the key in the rows of an input. */
export function keysOf(config: KeyedProcessConfig, input: number): readonly string[] {
  return config.kind === 'keyed-process' ? config.keys : config.keys[input]!;
}

/**
 * Generates the calls of process functions, and what these call in turn: for each operator a context, and the members
 * of the core that its rows go through. A function may give out many rows at any time of its call, so what follows it
 * cannot be part of the loop body.
 */
export class ProcessCode {
  readonly #spec: ChainSpec;
  readonly #env: ChainEnvironment;
  readonly #bindings: Bindings;
  readonly #siteOf: ReadonlyMap<string, number>;
  readonly #operators: OperatorCode;
  readonly #functions: ReadonlyMap<string, object>;

  constructor(
    spec: ChainSpec,
    env: ChainEnvironment,
    bindings: Bindings,
    siteOf: ReadonlyMap<string, number>,
    operators: OperatorCode,
  ) {
    this.#spec = spec;
    this.#env = env;
    this.#bindings = bindings;
    this.#siteOf = siteOf;
    this.#operators = operators;
    this.#functions = new Map(
      [...spec.operators.values()].flatMap(({ uid, config }) => {
        const process = /process$/.test(config.kind) ? spec.functions.get(uid)!.process : undefined;
        return process === undefined ? [] : [[uid, new process()] as const];
      }),
    );
  }

  /** The function of an operator, as it was made for this subtask. */
  functionOf(uid: string): object {
    return this.#functions.get(uid)!;
  }

  /** Of the context of an operator. */
  settingOf(uid: string): ContextSetting {
    const { subtask, parallelism, clock } = this.#env;
    return { subtask, parallelism, clock, site: this.#siteOf.get(uid)! };
  }

  /** Initial values of members, for the constructor of the core. */
  fields(): readonly string[] {
    return [...this.#functions].flatMap(([uid, fn]) => {
      const setting = this.settingOf(uid);
      const { site } = setting;
      const names = {
        running: this.#bindings.bind(`running_${uid}`, runningFunction(fn as UserFunction, site, setting)),
        setting: this.#bindings.bind(`setting_${uid}`, setting),
      };
      const given = `this, ${names.setting}, (o) => this.emit_${site}(o), (tag, o) => this.output_${site}(tag, o)`;
      const { config } = operatorOf(this.#spec, uid);
      const made =
        config.kind === 'keyed-process' || config.kind === 'keyed-co-process'
          ? `new ${this.#bindings.bind('KeyedContext', KeyedRuntimeContext)}(${given}, this.state, ${JSON.stringify(keysOf(config, 0))}, ${'onTimer' in fn})`
          : `new ${this.#bindings.bind('Context', RuntimeContext)}(${given})`;
      return [`this.functions.push(${names.running});`, `this.context_${site} = ${made};`];
    });
  }

  members(code: CodeWriter): void {
    for (const uid of this.#functions.keys()) {
      code.as(`operator ${uid}`, () => {
        this.#emitMember(uid, code);
        this.#outputMember(uid, code);
      });
    }
  }

  /** A step of a function without a key. */
  step(uid: string, row: Row, place: Place): void {
    const { code } = place;
    const { config } = operatorOf(this.#spec, uid);
    if (config.kind !== 'process') return;
    const context = code.constant('context', `core.context_${this.#siteOf.get(uid)}`);
    this.call(uid, 'processElement', context, row, config.observed, place);
    code.line(`if (core.blocked) { ${place.onBlocked} }`);
  }

  /** Calls `processElement`, or the one of an input, in a loop. */
  call(uid: string, member: string, context: string, row: Row, observed: Observed, place: Place): void {
    const { code } = place;
    const site = this.#siteOf.get(uid)!;
    const fn = this.#bindings.bind(`fn_${uid}`, this.#functions.get(uid));
    guarded(this.#operators, operatorOf(this.#spec, uid), site, row, row.ts, place, () => {
      const argument = ownObject(row.fork(), observed, code);
      code.line(`${context}.timestamp = ${context}.rowTime = ${row.ts}; ${context}.isCalled = true;`);
      const args = `${argument}, ${context}`;
      const answer = this.#operators.call(uid, 'answer', `${fn}.${member}`, args, place);
      code.line(`if (${answer} !== undefined) core.refuseAnswer(${site}, ${answer});`);
    });
    code.line(`${context}.isCalled = false;`);
    // An error below that the function caught is forgotten.
    if (place.at !== CORE_WORDS.at) code.line('core.at = 0;');
  }

  #emitMember(uid: string, code: CodeWriter): void {
    const site = this.#siteOf.get(uid)!;
    code.block(`emit_${site}(o)`, () => {
      const place = this.#begin(site, code);
      this.#operators.emit(uid, this.#operators.checkedRow(uid, 'o', 'ts', place), place);
      code.line(`core.at = ${site};`); // the function goes on
    });
  }

  #outputMember(uid: string, code: CodeWriter): void {
    const site = this.#siteOf.get(uid)!;
    code.block(`output_${site}(tag, o)`, () => {
      const place = this.#begin(site, code);
      code.block('switch (tag.name)', () => {
        for (const [tag, reader] of this.#operators.readersOf(uid)) {
          code.block(`case ${JSON.stringify(tag)}:`, () => {
            this.#operators.emit(reader, this.#operators.checkedRow(reader, 'o', 'ts', place), place);
            code.line('break;');
          });
        }
        code.line('default: core.droppedRecords++;');
      });
      code.line(`core.at = ${site};`);
    });
  }

  #begin(site: number, code: CodeWriter): Place {
    code.line('const core = this;');
    code.line(`const context = core.context_${site};`);
    code.line(`if (!context.isCalled) core.outOfScope(${site}, 'a row');`);
    code.line('const ts = context.rowTime;');
    return { code, onBlocked: '', ...CORE_WORDS };
  }
}
