/**
 * Who has which segment, one byte each, in checked builds: for post-mortems and for the conservation check, never for
 * recovery.
 *
 *   segment/ledger  The owner of a segment writes its byte at every step, and finds there what the step before must
 *                   have left.
 *
 * Runs in: whichever thread owns the segment.
 */
import { assert } from '../base/assert.js';

/** What a segment's byte says. The order is that of a segment's life. */
export const SENDER_FREE = 0;
export const OPEN = 1;
export const PUBLISHED = 2;
export const READING = 3;
export const GATE_FREE = 4;
export const LENT = 5;
export const LEDGER_STATES = ['sender-free', 'open', 'published', 'reading', 'gate-free', 'lent'] as const;

export class Ledger {
  readonly #bytes: Uint8Array;

  /** @param bytes  one byte per segment */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Moves a segment on. Call it as `if (CHECKED) ledger.move(…)`. */
  move(segment: number, from: number, to: number): void {
    const found = this.#bytes[segment];
    assert(
      found === from,
      () => `segment ${segment} is ${nameOf(from)} before it is ${nameOf(to)}, not ${nameOf(found)}`,
    );
    this.#bytes[segment] = to; // segment/ledger: plain, handed over with the index word that covers the segment
  }

  set(segment: number, state: number): void {
    this.#bytes[segment] = state;
  }

  /** Segments per state, in the order of LEDGER_STATES. Exact only when no thread moves any. */
  counts(): number[] {
    const counts = LEDGER_STATES.map(() => 0);
    for (const state of this.#bytes) counts[state]!++;
    return counts;
  }
}

function nameOf(state: number | undefined): string {
  return LEDGER_STATES[state ?? -1] ?? `unknown (${state})`;
}
