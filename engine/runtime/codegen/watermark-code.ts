import { type ChainSpec, eventTimeAbove } from '../chain-spec.js';
import type { Bindings, CodeWriter } from './code-writer.js';
import type { EventTime } from './event-time-code.js';

/** How generated members speak to an exchange. */
export interface ExchangeText {
  /** Name of its ResultPartition. */
  readonly partition: string;
  /** Statements that write the rows kept back to learn a shape from; '' where rows are declared. */
  readonly learn: string;
}

/** Times that are added up may be so wrong: who was woken when a time is over finds it over. */
const TIME_ERROR_MS = 1e-3;

/**
 * Generates the members of a core by which time leaves it: the watermark of its input is passed on, and operators that
 * assign event time give out their own.
 */
export class WatermarkCode {
  readonly #spec: ChainSpec;
  readonly #bindings: Bindings;
  readonly #exchange: (output: number) => ExchangeText;
  readonly #eventTimes: readonly EventTime[];
  /** By output: the operator that assigns the event time of its rows, if one of this chain does. */
  readonly #above: readonly (string | null)[];

  constructor(
    spec: ChainSpec,
    bindings: Bindings,
    siteOf: ReadonlyMap<string, number>,
    exchange: (output: number) => ExchangeText,
  ) {
    this.#spec = spec;
    this.#bindings = bindings;
    this.#exchange = exchange;
    this.#eventTimes = [...spec.operators.values()].flatMap(({ uid, config }) =>
      config.kind === 'event-time' ? [{ uid, config, site: siteOf.get(uid)! }] : [],
    );
    this.#above = spec.outputs.map((output) => eventTimeAbove(spec, output.from));
  }

  /** Initial values of the members, for the constructor. */
  fields(): readonly string[] {
    return this.#eventTimes.flatMap(({ uid, config, site }) => {
      const lines = [`this.max_${site} = -Infinity;`, `this.given_${site} = -Infinity;`];
      if (config.idleAfterMs !== undefined)
        lines.push(`this.seen_${site} = false;`, `this.idle_${site} = false;`, `this.quiet_${site} = 0;`);
      if (config.generator !== undefined) {
        const make = this.#bindings.bind(`watermarks_${uid}`, this.#spec.functions.get(uid)!.watermarks);
        lines.push(`this.generator_${site} = ${make}();`);
      }
      return lines;
    });
  }

  members(code: CodeWriter): void {
    code.block('forwardWatermark(ms)', () => {
      code.line('this.watermarkOutMs = ms;');
      this.#above.forEach((eventTime, i) => {
        // Below an operator that assigns event time only the end of time comes from the input.
        const condition = eventTime === null ? '' : 'if (ms === Infinity) ';
        code.line(`${condition}${this.#emit(i, 'ms')}`);
      });
    });
    code.block('onBatchEnd(freeMs)', () => {
      for (const each of this.#eventTimes) {
        this.#endIdle(each, code);
        this.#periodic(each, code);
        this.#beginIdle(each, code);
      }
    });
    this.#quietUntil(code);
    code.block('onIdle(idle)', () => {
      code.line(
        'this.isIdleHeld = idle && (this.hasPending || this.calls > 0);\nif (this.isIdleHeld) return;',
      );
      this.#emitIdle(null, 'idle', code);
    });
    code.block('onFlush()', () => {
      for (const i of this.#above.keys()) {
        const { learn } = this.#exchange(i);
        if (learn !== '') code.line(learn);
      }
    });
    for (const each of this.#eventTimes) if (each.config.generator !== undefined) this.#mark(each, code);
  }

  #periodic({ uid, config, site }: EventTime, code: CodeWriter): void {
    if (config.generator !== undefined) {
      code.block(`if (this.generator_${site}.onPeriodic !== undefined)`, () => {
        code.line(`this.at = ${site};`);
        code.as(`operator ${uid}`, () => code.line(`const mark = this.generator_${site}.onPeriodic();`));
        code.line(`this.at = 0;\nif (mark !== undefined) this.mark_${site}(mark);`);
      });
      return;
    }
    const ms = code.constant('ms', `this.max_${site} - ${config.outOfOrdernessMs} - 1`);
    this.#giveOut(uid, site, ms, code);
  }

  /** What a generator answered is given out. */
  #mark({ uid, site }: EventTime, code: CodeWriter): void {
    code.block(`mark_${site}(ms)`, () => {
      code.line(`if (typeof ms !== 'number' || ms !== ms) this.badMark(${site}, ms);`);
      this.#giveOut(uid, site, 'ms', code);
    });
  }

  #giveOut(uid: string, site: number, ms: string, code: CodeWriter): void {
    code.block(`if (${ms} > this.given_${site})`, () => {
      code.line(`this.given_${site} = this.watermarkOutMs = ${ms};`);
      if (this.#spec.inputs.length === 0) code.line(`this.watermarkMs = ${ms};`);
      this.#above.forEach((eventTime, i) => {
        if (eventTime === uid) code.line(this.#emit(i, ms));
      });
    });
  }

  /** Before the watermarks of the rows that ended it: those of an idle channel are ignored. */
  #endIdle({ uid, config, site }: EventTime, code: CodeWriter): void {
    if (config.idleAfterMs === undefined) return;
    code.block(`if (this.seen_${site})`, () => {
      code.line(`this.seen_${site} = false;\nthis.quiet_${site} = freeMs;`);
      code.block(`if (this.idle_${site})`, () => {
        code.line(`this.idle_${site} = false;`);
        this.#emitIdle(uid, 'false', code);
      });
    });
  }

  #beginIdle({ uid, config, site }: EventTime, code: CodeWriter): void {
    if (config.idleAfterMs === undefined) return;
    const quietMs = config.idleAfterMs - TIME_ERROR_MS;
    code.block(`if (!this.idle_${site} && freeMs - this.quiet_${site} >= ${quietMs})`, () => {
      code.line(`this.idle_${site} = true;`);
      this.#emitIdle(uid, 'true', code);
    });
  }

  /** The free time at which one of them becomes idle if no row comes. */
  #quietUntil(code: CodeWriter): void {
    const each = this.#eventTimes.flatMap(({ config, site }) =>
      config.idleAfterMs === undefined
        ? []
        : [`this.idle_${site} ? Infinity : this.quiet_${site} + ${config.idleAfterMs}`],
    );
    if (each.length > 0) code.line(`get idleAtMs() { return Math.min(${each.join(', ')}); }`);
  }

  /** To the exchanges whose event time an operator assigns; null: to those whose time comes from the input. */
  #emitIdle(eventTime: string | null, idle: string, code: CodeWriter): void {
    this.#above.forEach((above, i) => {
      const { partition, learn } = this.#exchange(i);
      if (above === eventTime) code.line(`{ ${learn} ${partition}.emitIdle(${idle}); }`);
    });
  }

  /** Rows kept back to learn a shape from go before a watermark that follows them. */
  #emit(output: number, ms: string): string {
    const { partition, learn } = this.#exchange(output);
    return `{ ${learn} ${partition}.emitWatermark(${ms}); }`;
  }
}
