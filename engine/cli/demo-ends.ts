import { setTimeout as sleep } from 'node:timers/promises';
import type { LiveInput } from '../control/live/live-input.js';

/** Records a second that the source gives while it is not paused. */
export const SOURCE_PER_SECOND = 10_000;
/** What the sink can be set to take in a second. */
export const SINK_SPEEDS = [0, 500, 1_000, 2_500, 5_000, 7_500, 15_000, 30_000] as const;

/** Between two looks at what is due. */
const TICK_MS = 10;
/** What was held back is caught up with for so long at most. */
const CATCH_UP_MS = 50;

export interface Order {
  readonly id: number;
  readonly price: number;
  readonly note: string;
}

/** Both ends of the demo's job in the hands of a program: it pushes at a rate, and reads at one that can be changed. */
export class DemoEnds {
  readonly #input: LiveInput<Order>;
  readonly #output: AsyncIterator<object>;
  #step: number = SINK_SPEEDS.length - 1;
  #given = 0;

  constructor(input: LiveInput<Order>, output: AsyncIterable<object>) {
    this.#input = input;
    this.#output = output[Symbol.asyncIterator]();
  }

  /** Records a second that the sink takes at most. */
  get sinkPerSecond(): number {
    return SINK_SPEEDS[this.#step]!;
  }

  /** Which of the speeds that is, from the slowest. */
  get step(): number {
    return this.#step;
  }

  get input(): LiveInput<Order> {
    return this.#input;
  }

  /** @param steps  1: the next faster speed; -1: the next slower one */
  change(steps: number): void {
    this.#step = Math.min(SINK_SPEEDS.length - 1, Math.max(0, this.#step + steps));
  }

  /** Both at work until they are told to leave, or the run fails, which says so itself. */
  begin(signal: AbortSignal): void {
    const isOver = (): void => {};
    paced(
      () => SOURCE_PER_SECOND,
      () => this.#give(),
      signal,
    ).catch(isOver);
    paced(
      () => this.sinkPerSecond,
      () => this.#output.next(),
      signal,
    ).catch(isOver);
  }

  /** Resolves when the input is not paused: the job sets the pace. */
  #give(): Promise<void> {
    const id = this.#given++;
    return this.#input.push({ id: id | 0, price: (id % 1_000) / 10, note: `order ${id % 100_000}` });
  }
}

/** Does something so often, one after another, until the signal. */
async function paced(
  perSecond: () => number,
  act: () => Promise<unknown>,
  signal: AbortSignal,
): Promise<void> {
  for (let doneMs = performance.now(); !signal.aborted; await sleep(TICK_MS)) {
    const rate = perSecond();
    const nowMs = performance.now();
    doneMs = Math.max(doneMs, nowMs - CATCH_UP_MS);
    const due = Math.floor(((nowMs - doneMs) * rate) / 1_000);
    if (rate === 0) doneMs = nowMs;
    else doneMs += (due * 1_000) / rate;
    for (let count = 0; count < due && !signal.aborted; count++) await act();
  }
}
