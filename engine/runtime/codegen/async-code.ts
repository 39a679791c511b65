import type { AsyncPlan } from '../../plan/async-plan.js';
import type { OperatorConfig } from '../../plan/logical-plan.js';
import { AsyncQueue, TAKEN } from '../async-queue.js';
import { type ChainSpec, operatorOf } from '../chain-spec.js';
import type { Bindings, CodeWriter } from './code-writer.js';
import type { HeadCode } from './head-code.js';
import { CORE_WORDS, type OperatorCode, type Place } from './operator-code.js';
import { literalOf, type Row } from './row.js';

export type AsyncConfig = Extract<OperatorConfig, { kind: 'async' }>;

/**
 * Generates an operator that calls an async function: rows are handed to a queue of calls, and answers come out of it
 * where rows that are pending do. See async-queue.ts.
 */
export class AsyncCode implements HeadCode {
  readonly keys = [];
  readonly #uid: string;
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
    this.#uid = operatorOf(spec, spec.head).uid;
    this.#config = config;
    this.#site = site;
    this.#operators = operators;
    const { fn, handlers = {} } = spec.functions.get(this.#uid) ?? {};
    const plan: AsyncPlan = config.plan;
    const make = (onAnswer: () => void): AsyncQueue => new AsyncQueue(fn!, plan, handlers, onAnswer);
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
    else this.give(queue.taken, queue.takenTs);
  }
  this.calls = queue.size;
  this.isFull = queue.isFull;
  this.hasPending = queue.isReady;
  if (this.calls === 0 && this.heldIdle !== null) this.onIdle(this.heldIdle);
}
close() { this.queue.close(); }`);
    code.block('give(answer, ts)', () => {
      code.line('const core = this;');
      const place = { code, onBlocked: '', ...CORE_WORDS };
      const give = (object: string): void =>
        this.#operators.emit(this.#uid, this.#operators.checkedRow(this.#uid, object, 'ts', place), place);
      code.line(`this.failedRow = this.queue.takenRow;`);
      code.as(`operator ${this.#uid}`, () => {
        if (!this.#config.many) give('answer');
        else {
          const isMany =
            "answer === null || answer === undefined || typeof answer[Symbol.iterator] !== 'function'";
          code.line(`if (${isMany}) core.badRows(${this.#site}, answer);`);
          code.block('for (const each of answer)', () => give('each'));
        }
      });
      code.line('this.failedRow = null;');
    });
  }

  row(_input: number, row: Row, _hash: string, place: Place): void {
    const { code, at, onBlocked } = place;
    code.as(`operator ${this.#uid}`, () => {
      const { observed } = this.#config;
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
