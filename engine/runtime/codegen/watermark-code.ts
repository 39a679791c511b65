import { type ChainSpec, eventTimeAbove, operatorOf } from '../chain-spec.js';
import type { CodeWriter } from './code-writer.js';

/** How generated members speak to an exchange. */
export interface ExchangeText {
  /** Name of its ResultPartition. */
  readonly partition: string;
  /** Statements that write the rows kept back to learn a shape from; '' where rows are declared. */
  readonly learn: string;
}

/**
 * Generates the members of a core by which time leaves it: the watermark of its input is passed on, and operators that
 * assign event time give out their own.
 */
export class WatermarkCode {
  readonly #spec: ChainSpec;
  readonly #siteOf: ReadonlyMap<string, number>;
  readonly #exchange: (output: number) => ExchangeText;
  readonly #eventTimes: readonly string[];
  /** By output: the operator that assigns the event time of its rows, if one of this chain does. */
  readonly #above: readonly (string | null)[];

  constructor(
    spec: ChainSpec,
    siteOf: ReadonlyMap<string, number>,
    exchange: (output: number) => ExchangeText,
  ) {
    this.#spec = spec;
    this.#siteOf = siteOf;
    this.#exchange = exchange;
    this.#eventTimes = [...spec.operators.values()].flatMap(({ uid, config }) =>
      config.kind === 'event-time' ? [uid] : [],
    );
    this.#above = spec.outputs.map((output) => eventTimeAbove(spec, output.from));
  }

  /** Initial values of the members, for the constructor. */
  fields(): readonly string[] {
    return this.#eventTimes.flatMap((uid) => {
      const site = this.#siteOf.get(uid);
      return [`this.max_${site} = -Infinity;`, `this.given_${site} = -Infinity;`];
    });
  }

  members(code: CodeWriter): void {
    code.block('forwardWatermark(ms)', () => {
      this.#above.forEach((eventTime, i) => {
        // Below an operator that assigns event time only the end of time comes from the input.
        const condition = eventTime === null ? '' : 'if (ms === Infinity) ';
        code.line(`${condition}${this.#emit(i, 'ms')}`);
      });
    });
    code.block('onBatchEnd()', () => {
      for (const uid of this.#eventTimes) this.#giveOut(uid, code);
    });
    code.block('onIdle(idle)', () => {
      for (const i of this.#above.keys()) code.line(`${this.#exchange(i).partition}.emitIdle(idle);`);
    });
    code.block('onFlush()', () => {
      for (const i of this.#above.keys()) {
        const { learn } = this.#exchange(i);
        if (learn !== '') code.line(learn);
      }
    });
  }

  #giveOut(uid: string, code: CodeWriter): void {
    const { config } = operatorOf(this.#spec, uid);
    if (config.kind !== 'event-time') return;
    const site = this.#siteOf.get(uid);
    const ms = code.constant('ms', `this.max_${site} - ${config.outOfOrdernessMs} - 1`);
    code.block(`if (${ms} > this.given_${site})`, () => {
      code.line(`this.given_${site} = ${ms};`);
      if (this.#spec.inputs.length === 0) code.line(`this.watermarkMs = ${ms};`);
      this.#above.forEach((eventTime, i) => {
        if (eventTime === uid) code.line(this.#emit(i, ms));
      });
    });
  }

  /** Rows kept back to learn a shape from go before a watermark that follows them. */
  #emit(output: number, ms: string): string {
    const { partition, learn } = this.#exchange(output);
    return `{ ${learn} ${partition}.emitWatermark(${ms}); }`;
  }
}
