/**
 * Sends latency markers through one partition.
 *
 *   latency/in-band   A marker is written where a record would be, behind all that was written before it: it waits for
 *                     credit and in queues as records do. No function sees it.
 *   latency/one-way   Of each marker that comes, one goes on to one subpartition of every output, each in turn, so that
 *                     their number does not multiply. Where records avoid receivers that are behind, markers do too.
 *
 * Source: Apache Flink, LatencyMarker (behaviour, not code).
 *
 * Runs in: the thread of the upstream task.
 */
import { MARKER_BYTES, TAG_LATENCY, writeSignal } from './element.js';
import type { ResultPartition } from './result-partition.js';

export class LatencyEmitter {
  readonly #partition: ResultPartition;
  readonly #view: { readonly i32: Int32Array; readonly f64: Float64Array };
  #next: number;

  /** @param start  the first subpartition; senders that begin together should not all begin with the same */
  constructor(
    partition: ResultPartition,
    view: { readonly i32: Int32Array; readonly f64: Float64Array },
    start: number,
  ) {
    this.#partition = partition;
    this.#view = view;
    this.#next = start % partition.subpartitions.length;
  }

  /**
   * May wait hard.
   *
   * @param source  its number
   * @param dueMs   when the marker was due at its source, monotonic
   * @param sentMs  when this task was ready to send it on: what it waits from here on is time in the exchange
   * @throws SluiceError TASK_CANCELLED
   */
  emit(source: number, dueMs: number, sentMs: number): void {
    const partition = this.#partition;
    const k = this.#choose();
    const sub = partition.subpartitions[k]!;
    // latency/in-band
    const p = sub.pos + MARKER_BYTES > sub.limit ? partition.roll(k, MARKER_BYTES) : sub.pos;
    const sentAt = writeSignal(this.#view.i32, this.#view.f64, p, TAG_LATENCY, source, dueMs);
    this.#view.f64[sentAt >> 3] = sentMs;
    sub.pos = p + MARKER_BYTES;
  }

  #choose(): number {
    const { turn, subpartitions } = this.#partition;
    let k = this.#next;
    for (let left = subpartitions.length; left > 1 && turn.isAdaptive && !turn.has(k); left--)
      k = (k + 1) % subpartitions.length; // latency/one-way
    this.#next = (k + 1) % subpartitions.length;
    return k;
  }
}
