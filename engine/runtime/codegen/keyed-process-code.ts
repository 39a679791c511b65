import { KeyedState } from '../../functions/keyed-state.js';
import type { PlanOperator } from '../../plan/logical-plan.js';
import type { FieldSpec } from '../../records/schema.js';
import { type ChainEnvironment, type ChainSpec, inputFields, operatorOf } from '../chain-spec.js';
import { HeapBackend } from '../state/heap-backend.js';
import { keyScopeClass } from '../state/key-scope.js';
import type { KeyedStateBackend } from '../state/keyed-state-backend.js';
import type { Bindings, CodeWriter } from './code-writer.js';
import { guarded } from './failure-code.js';
import type { HeadCode } from './head-code.js';
import { CORE_WORDS, type OperatorCode, type Place } from './operator-code.js';
import { type KeyedProcessConfig, keysOf, type ProcessCode } from './process-code.js';
import type { Row } from './row.js';

/** Timers that fire in one step of the task. */
const TIMERS_PER_STEP = 256;

/**
 * Generates a keyed process function. Its states and timers are those of the current key, which generated code sets
 * around each call.
 *
 * Timers fire one after another, as long as the output has room: those of event time up to the watermark, which goes on
 * when all have fired. A timer that is registered meanwhile for a time that has passed fires in the same pass.
 */
export class KeyedProcessCode implements HeadCode {
  readonly #uid: string;
  readonly #config: KeyedProcessConfig;
  readonly #site: number;
  readonly #bindings: Bindings;
  readonly #operator: PlanOperator;
  readonly #operators: OperatorCode;
  readonly #process: ProcessCode;
  readonly #keys: readonly (FieldSpec | null)[];
  readonly #state: KeyedStateBackend;

  constructor(
    spec: ChainSpec,
    env: ChainEnvironment,
    config: KeyedProcessConfig,
    bindings: Bindings,
    site: number,
    operators: OperatorCode,
    process: ProcessCode,
    shown: string,
  ) {
    this.#operator = operatorOf(spec, spec.head);
    this.#operators = operators;
    const { uid } = this.#operator;
    this.#uid = uid;
    this.#config = config;
    this.#site = site;
    this.#bindings = bindings;
    this.#process = process;
    this.#keys = keysOf(config, 0).map((_, i) => keyField(spec, config, i));
    this.#state = new HeapBackend(new (keyScopeClass(this.#keys))(), {
      maxParallelism: spec.maxParallelism,
      nowMs: () => env.clock.wallMs(),
      operator: { uid, shown },
    });
    const fn = process.functionOf(uid) as Readonly<Record<string, unknown>>;
    for (const state of config.states) {
      const field = fn[state.name];
      if (!(field instanceof KeyedState)) throw new Error(`${shown} has no state ${state.name}`);
      field.cell = this.#state.cell(state);
    }
  }

  get keys(): readonly string[] {
    return this.#config.keys.flat();
  }

  declarations(): void {}

  fields(): readonly string[] {
    return [
      `this.state = ${this.#bindings.bind('state', this.#state)};`,
      'this.dueMs = -Infinity;',
      'this.isPassing = false;',
    ];
  }

  row(input: number, row: Row, hash: string, place: Place): void {
    const { code } = place;
    const { context, keys } = code.as('state', () => {
      const values = keysOf(this.#config, input).map((key, i) => {
        const value = row.value(key, code);
        // Of undeclared rows; a key that is missing and one that is null hash alike, and are one key.
        return this.#keys[i] === null ? code.constant('key', `${value} ?? null`) : value;
      });
      const scope = code.constant('keys', this.#bindings.bind('keys', this.#state.keys));
      if (this.#config.states.some(({ ttl }) => ttl !== null)) code.line('core.state.cleanUp();');
      code.line(`${scope}.enter(${[hash, ...values].join(', ')});`);
      return { context: code.constant('context', `core.context_${this.#site}`), keys: scope };
    });
    code.as(`operator ${this.#uid}`, () => {
      const config = this.#config;
      const [member, observed] =
        config.kind === 'keyed-process'
          ? (['processElement', config.observed] as const)
          : ([`processElement${input + 1}`, config.observed[input]!] as const);
      this.#process.call(this.#uid, member, context, row, observed, place);
    });
    code.as('state', () => code.line(`${keys}.leave();`));
    code.line(`if (core.blocked) { ${place.onBlocked} }`);
  }

  members(code: CodeWriter): void {
    const fn = this.#bindings.bind(`fn_${this.#uid}`, this.#process.functionOf(this.#uid));
    code.line(`get timerMs() { return this.state.processingTimers.firstMs; }
onWatermark(ms) {
  this.watermarkMs = ms;
  this.isPassing = true;
  this.hasPending = true;
  this.resume();
}
onProcessingTime(ms) {
  this.dueMs = ms;
  this.hasPending = true;
  this.resume();
}
resume() {
  const { eventTimers, processingTimers } = this.state;
  for (let left = ${TIMERS_PER_STEP}; ; left--) {
    const isDue = processingTimers.firstMs <= this.dueMs;
    if (!isDue && !(eventTimers.size > 0 && eventTimers.firstMs <= this.watermarkMs)) break;
    if (this.blocked || left === 0) return;
    if (isDue) this.fire(processingTimers, 'processing');
    else this.fire(eventTimers, 'event');
  }
  this.hasPending = false;
  if (!this.isPassing) return;
  this.isPassing = false;
  this.forwardWatermark(this.watermarkMs);
}`);
    code.block('fire(timers, domain)', () => {
      code.line(`const context = this.context_${this.#site};`);
      code.line(`const ms = timers.take();
context.timestamp = ms;
context.rowTime = domain === 'event' ? ms : -Infinity;
context.timeDomain = domain;
context.isCalled = true;
this.at = ${this.#site};`);
      code.line('const core = this, ts = context.rowTime;');
      const place = { code, onBlocked: '', ...CORE_WORDS };
      code.as(`operator ${this.#uid}`, () =>
        guarded(this.#operators, this.#operator, this.#site, null, 'ts', place, () => {
          code.line(`const answer = ${fn}.onTimer(ms, context);`);
          code.line(`if (answer !== undefined) this.refuseAnswer(${this.#site}, answer);`);
        }),
      );
      code.line('this.at = 0;\ncontext.isCalled = false;\nthis.state.keys.leave();');
    });
  }
}

/** A column of the key, which may be null if it may be in one of the inputs; null where rows are undeclared. */
function keyField(spec: ChainSpec, config: KeyedProcessConfig, column: number): FieldSpec | null {
  const inputs = config.kind === 'keyed-process' ? [0] : [0, 1];
  const found = inputs.map((input) => {
    const name = keysOf(config, input)[column];
    return inputFields(spec, input)?.find((field) => field.name === name) ?? null;
  });
  if (found.includes(null)) return null;
  return { ...found[0]!, nullable: found.some((field) => field!.nullable) };
}
