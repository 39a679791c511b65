/** Bids packed by hand into buffers of their own, 24 bytes each, for programs that transfer buffers. */
import type { BidCounts } from './shuffle-records.js';

const RECORD_BYTES = 24;

/** Fills one buffer after the other. */
export class BidPacker {
  readonly #bytes: number;
  #f64 = new Float64Array();
  #i32 = new Int32Array();
  #at = 0;

  /** @param records  in a buffer */
  constructor(records: number) {
    this.#bytes = records * RECORD_BYTES;
    this.#fresh();
  }

  get isFull(): boolean {
    return this.#at === this.#bytes;
  }

  add(ts: number, price: number, key: number, bidder: number): void {
    const p = this.#at;
    this.#f64[p >> 3] = ts;
    this.#f64[(p >> 3) + 1] = price;
    this.#i32[(p >> 2) + 4] = key;
    this.#i32[(p >> 2) + 5] = bidder;
    this.#at = p + RECORD_BYTES;
  }

  /** The buffer so far, which is the caller's from now on. */
  take(): PackedBids {
    const taken = { buffer: this.#f64.buffer as ArrayBuffer, bytes: this.#at };
    this.#fresh();
    return taken;
  }

  #fresh(): void {
    const buffer = new ArrayBuffer(this.#bytes);
    this.#f64 = new Float64Array(buffer);
    this.#i32 = new Int32Array(buffer);
    this.#at = 0;
  }
}

export interface PackedBids {
  readonly buffer: ArrayBuffer;
  /** That are filled. */
  readonly bytes: number;
}

export function countPacked({ buffer, bytes }: PackedBids, counts: BidCounts): void {
  const f64 = new Float64Array(buffer);
  const i32 = new Int32Array(buffer);
  for (let p = 0; p < bytes; p += RECORD_BYTES) counts.add(i32[(p >> 2) + 4]!, f64[(p >> 3) + 1]!);
}
