/**
 * Writes each record into every subpartition of a partition.
 *
 *   exchange/broadcast-copies  A record is encoded once, and its bytes are copied into the other open buffers: a
 *                              segment has one reader, always. All buffers have room before the first byte is
 *                              written, because making room may wait, and a wait may give away any open buffer.
 *
 * Runs in: the thread of the upstream task.
 */
import type { ResultPartition } from './result-partition.js';

/** Up to here a loop over words is faster than a call. */
const LOOP_BYTES_MAX = 128;

export class BroadcastWriter {
  readonly #partition: ResultPartition;
  readonly #i32: Int32Array;

  constructor(partition: ResultPartition, i32: Int32Array) {
    this.#partition = partition;
    this.#i32 = i32;
  }

  /**
   * Makes room in every open buffer. May wait hard.
   *
   * @param bytes  size of the record, a multiple of 8
   * @returns      byte offset to write it at, of a place of its own if it is larger than a segment; then call `spread`
   * @throws SluiceError RECORD_TOO_LARGE, TASK_CANCELLED
   */
  reserve(bytes: number): number {
    const { subpartitions, segmentBytes } = this.#partition;
    if (bytes > segmentBytes) return this.#partition.roll(0, bytes);
    for (let missing = 1; missing > 0; ) {
      missing = 0;
      for (let k = 0; k < subpartitions.length; k++) {
        const sub = subpartitions[k]!;
        if (sub.pos + bytes <= sub.limit) continue;
        this.#partition.roll(k, bytes);
        missing++; // exchange/broadcast-copies: the wait may have taken the room of another
      }
    }
    return subpartitions[0]!.pos;
  }

  /** Copies the record written where `reserve` said into the other buffers, and moves past it in all. */
  spread(bytes: number): void {
    const { subpartitions, segmentBytes } = this.#partition;
    if (bytes > segmentBytes) {
      this.#spreadPieces(bytes);
      return;
    }
    const i32 = this.#i32;
    const first = subpartitions[0]!;
    const begin = first.pos >> 2;
    const words = bytes >> 2;
    first.pos += bytes;
    for (let k = 1; k < subpartitions.length; k++) {
      const sub = subpartitions[k]!;
      const target = sub.pos >> 2;
      if (bytes > LOOP_BYTES_MAX) i32.copyWithin(target, begin, begin + words);
      else for (let word = 0; word < words; word++) i32[target + word] = i32[begin + word]!;
      sub.pos += bytes; // exchange/broadcast-copies
    }
  }

  /** Sends a record that is in nobody's buffer to one after another. May wait hard. */
  #spreadPieces(bytes: number): void {
    for (let k = 0; k < this.#partition.subpartitions.length; k++) {
      this.#partition.roll(k, bytes); // what is pending goes first
      this.#partition.span(k, bytes);
    }
  }
}
