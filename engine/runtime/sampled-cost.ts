import { type Clock, SYSTEM_CLOCK } from '../base/clock.js';

/** One of so many records is timed. */
export const SAMPLE_EVERY = 1_024;
/** The latest so many times count. */
const TIMES_MAX = 15;

/**
 * What something costs that is done for every record, from a sample: two looks at the clock for 1,024 records.
 *
 * The cost of a record is the median of the latest times, less what the clock itself takes, so neither a wait inside a
 * record counts, nor that another thread had the core, nor a full buffer.
 *
 * In generated code: `if (--cost.left > 0) what(); else { const t = cost.begin(); what(); cost.end(t); }`
 */
export class SampledCost {
  /** Records until the next that is timed. */
  left = SAMPLE_EVERY;
  readonly #clock: Clock;
  readonly #clockMs: number;
  readonly #times = new Float64Array(TIMES_MAX);
  #timed = 0;
  #medianMs = 0;

  constructor(clock: Clock = SYSTEM_CLOCK) {
    this.#clock = clock;
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < TIMES_MAX; i++) {
      const began = clock.monotonicMs();
      least = Math.min(least, clock.monotonicMs() - began);
    }
    this.#clockMs = least;
  }

  begin(): number {
    return this.#clock.monotonicMs();
  }

  /** @param beganMs  what `begin` gave */
  end(beganMs: number): void {
    const ms = this.#clock.monotonicMs() - beganMs - this.#clockMs;
    this.#times[this.#timed % TIMES_MAX] = Math.max(0, ms);
    this.#timed++;
    this.left = SAMPLE_EVERY;
    const times = this.#times.slice(0, Math.min(this.#timed, TIMES_MAX)).sort();
    this.#medianMs = times[times.length >> 1]!;
  }

  /** Records so far. */
  get records(): number {
    return this.#timed * SAMPLE_EVERY + (SAMPLE_EVERY - this.left);
  }

  /** What they took, in milliseconds; 0 before the first was timed. */
  get totalMs(): number {
    return this.records * this.#medianMs;
  }
}

/** Text of statements that do something and have it timed now and then. */
export function sampledText(cost: string, statement: string, local: string): string {
  const timed = `const ${local} = ${cost}.begin(); ${statement} ${cost}.end(${local});`;
  return `if (--${cost}.left > 0) { ${statement} } else { ${timed} }`;
}
