/**
 * What a task with sinks learned from the latency markers that came to it: how long each was on its way.
 *
 * Runs in: the task's thread writes, the main thread reads, both plainly: metrics/plain.
 */
import { HISTOGRAM_BUCKETS, LatencyHistogram } from '../base/latency-histogram.js';
import { layout, wholeLines } from './layout.js';

// biome-ignore format: a table
const LATENCY = layout('task-latency', 128, {
  //             offset  type   writer  meaning
  newestDueMs: [   0,  'f64', 'task', 'when the newest marker that came was due, monotonic ms; 0 before the first'],
  largestMs:   [   8,  'f64', 'task', 'longest time a marker was on its way'],
});

/** The counts of the histogram follow the table. */
export const LATENCY_BYTES = wholeLines(LATENCY.BYTES + HISTOGRAM_BUCKETS * 8);

/** One task's latencies. Whoever is not the task only reads. */
export class LatencyLine {
  readonly #f64: Float64Array;
  readonly #counts: Float64Array;
  readonly #histogram: LatencyHistogram;
  readonly #base: number;

  /** @param byteOffset  where the LATENCY structure begins */
  constructor(f64: Float64Array, byteOffset: number) {
    this.#f64 = f64;
    this.#base = byteOffset >> 3;
    const begin = (byteOffset + LATENCY.BYTES) >> 3;
    this.#counts = f64.subarray(begin, begin + HISTOGRAM_BUCKETS);
    this.#histogram = new LatencyHistogram(this.#counts);
  }

  /** A marker came. Both in monotonic ms. */
  note(dueMs: number, nowMs: number): void {
    const tookMs = Math.max(0, nowMs - dueMs);
    const f64 = this.#f64;
    f64[this.#base + LATENCY.newestDueMs] = Math.max(f64[this.#base + LATENCY.newestDueMs]!, dueMs);
    f64[this.#base + LATENCY.largestMs] = Math.max(f64[this.#base + LATENCY.largestMs]!, tookMs);
    this.#histogram.addMs(tookMs);
  }

  get newestDueMs(): number {
    return this.#f64[this.#base + LATENCY.newestDueMs]!;
  }

  get largestMs(): number {
    return this.#f64[this.#base + LATENCY.largestMs]!;
  }

  /** Markers by the bucket of their microseconds, as of now; see LatencyHistogram. */
  counts(): Float64Array {
    return this.#counts.slice();
  }
}
