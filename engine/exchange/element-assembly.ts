import { assert } from '../base/assert.js';
import type { Exchange } from '../memory/exchange-arena.js';

/**
 * Puts elements together that came in pieces. Pieces of one channel lie in private memory until the last is there,
 * since elements of several channels may be on their way at once; the whole element then lies in the gate's scratch,
 * within the exchange's region, where generated code can read it.
 *
 * Runs in: the thread of the downstream task.
 */
export class ElementAssembly {
  /** Byte offset in the region of the element finished last. */
  readonly begin: number;
  readonly #exchange: Exchange;
  /** By channel: the pieces so far. Made for the first large element, and kept for the next. */
  readonly #pieces: (Uint8Array | null)[];
  readonly #filled: number[];

  constructor(exchange: Exchange, scratch: number, channels: number) {
    this.begin = scratch;
    this.#exchange = exchange;
    this.#pieces = new Array<Uint8Array | null>(channels).fill(null);
    this.#filled = new Array<number>(channels).fill(0);
  }

  /** Copies a piece at a byte offset of the region. */
  add(channel: number, begin: number, bytes: number): void {
    const filled = this.#filled[channel]!;
    const pieces = (this.#pieces[channel] ??= new Uint8Array(this.#exchange.spec.elementBytesMax));
    if (CHECKED) assert(filled + bytes <= pieces.length, 'pieces come to no more than the largest element');
    pieces.set(this.#exchange.view.u8.subarray(begin, begin + bytes), filled);
    this.#filled[channel] = filled + bytes;
  }

  /** Moves the element whose last piece was added to `begin`. @returns its bytes */
  finish(channel: number): number {
    const bytes = this.#filled[channel]!;
    this.#exchange.view.u8.set(this.#pieces[channel]!.subarray(0, bytes), this.begin);
    this.#filled[channel] = 0;
    return bytes;
  }
}
