import type { OperatorConfig, PlanOperator } from '../../plan/logical-plan.js';
import type { FieldSpec } from '../../records/schema.js';
import { AsyncQueue, TAKEN } from '../async-queue.js';
import { type ChainSpec, inputFields, operatorOf } from '../chain-spec.js';
import type { Bindings, CodeWriter } from './code-writer.js';
import { guarded } from './failure-code.js';
import type { HeadCode } from './head-code.js';
import { CORE_WORDS, type OperatorCode, type Place } from './operator-code.js';
import { literalOf, objectRow, type Row } from './row.js';

export type AsyncConfig = Extract<OperatorConfig, { kind: 'async' }>;

/**
 * Generates an operator that calls an async function: rows are handed to a queue of calls, and answers come out of it
 * where rows that are pending do. See async-queue.ts.
 */
export class AsyncCode implements HeadCode {
  readonly keys = [];
  readonly #operator: PlanOperator;
  /** Of its rows; null: undeclared. */
  readonly #fields: readonly FieldSpec[] | null;
  readonly #site: number;
  readonly #config: AsyncConfig;
  readonly #operators: OperatorCode;
  /** Names. */
  readonly #makeQueue: string;

  constructor(
    spec: ChainSpec,
    config: AsyncConfig,
    bindings: Bindings,
    site: number,
    operators: OperatorCode,
  ) {
    this.#operator = operatorOf(spec, spec.head);
    this.#fields = inputFields(spec);
    this.#config = config;
    this.#site = site;
    this.#operators = operators;
    const { uid, onError } = this.#operator;
    const { fn, handlers = {} } = spec.functions.get(uid) ?? {};
    const endures = onError !== undefined;
    const make = (onAnswer: () => void): AsyncQueue =>
      new AsyncQueue(fn!, config.plan, handlers, endures, onAnswer);
    this.#makeQueue = bindings.bind('makeQueue', make);
  }

  declarations(): void {}

  fields(): readonly string[] {
    return [
      `this.queue = ${this.#makeQueue}(() => { this.hasPending = true; this.onAnswer(); });`,
      'this.failedRow = null;',
    ];
  }

  members(code: CodeWriter): void {
    code.line(`onWatermark(ms) {
  this.watermarkMs = ms;
  if (!this.queue.holdWatermark(ms)) this.forwardWatermark(ms);
}
resume() {
  const queue = this.queue;
  if (queue.failure !== null) this.failCall(${this.#site}, queue.failure);
  while (!this.blocked) {
    const taken = queue.take();
    if (taken === ${TAKEN.NOTHING}) break;
    if (taken === ${TAKEN.WATERMARK}) this.forwardWatermark(queue.watermarkMs);
    else this.give(queue.taken, taken === ${TAKEN.FAILURE}, queue.takenRow, queue.takenTs);
  }
  this.calls = queue.size;
  this.isFull = queue.isFull;
  this.hasPending = queue.isReady;
}
close() { this.queue.close(); }`);
    code.block('give(answer, hasFailed, row, ts)', () => {
      code.line('const core = this;\ncore.failedRow = row;');
      const place = { code, onBlocked: '', ...CORE_WORDS };
      const row = objectRow(this.#fields, 'ts', 'row');
      code.as(`operator ${this.#operator.uid}`, () =>
        guarded(this.#operators, this.#operator, this.#site, row, 'ts', place, () => this.#give(place)),
      );
      code.line('core.failedRow = null;');
    });
  }

  #give(place: Place): void {
    const { code } = place;
    const { uid } = this.#operator;
    const give = (object: string): void =>
      this.#operators.emit(uid, this.#operators.checkedRow(uid, object, 'ts', place), place);
    code.line(`if (hasFailed) core.throwOfCall(${this.#site}, answer);`);
    if (!this.#config.many) {
      give('answer');
      return;
    }
    const isNone = "answer === null || answer === undefined || typeof answer[Symbol.iterator] !== 'function'";
    code.line(`if (${isNone}) core.badRows(${this.#site}, answer);`);
    code.block('for (const each of answer)', () => give('each'));
  }

  row(_input: number, row: Row, _hash: string, place: Place): void {
    const { code, at, onBlocked } = place;
    const { uid, onError } = this.#operator;
    code.as(`operator ${uid}`, () => {
      const observed = onError?.kind === 'dead-letter' ? null : this.#config.observed;
      const names = row.fields?.map(({ name }) => name).filter((name) => observed?.includes(name) ?? true);
      const given = names === undefined ? `{ ...${row.whole} }` : literalOf(row, names, code);
      code.line(`${at} = ${this.#site};`);
      code.line(`core.queue.add(${given}, ${row.ts});`);
      code.line(`${at} = 0;\ncore.calls = core.queue.size;`);
      code.block('if (core.queue.isFull)', () => {
        code.line(`core.isFull = core.blocked = true; ${onBlocked}`);
      });
    });
  }
}
