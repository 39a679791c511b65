/**
 * What a task learned from the latency markers that came to it: how long something took, by marker.
 *
 * Runs in: the task's thread writes, the main thread reads, both plainly: metrics/plain.
 */
import { HISTOGRAM_BUCKETS, LatencyHistogram } from '../base/latency-histogram.js';
import { layout, wholeLines } from './layout.js';

// biome-ignore format: a table
const LATENCY = layout('task-latency', 128, {
  //             offset  type   writer  meaning
  newestMs:  [   0,  'f64', 'task', 'when the newest of what was timed began, monotonic ms; 0 before the first'],
  largestMs: [   8,  'f64', 'task', 'the longest time'],
  sumMs:     [  16,  'f64', 'task', 'all times together'],
});

/** Lines of a task by what they time: markers in its exchange, in its chain, and since they were due at each source. */
export const LINE_OF_EXCHANGE = 0;
export const LINE_OF_CHAIN = 1;
export const FIRST_LINE_OF_SOURCE = 2;

/** The counts of the histogram follow the table. */
export const LATENCY_BYTES = wholeLines(LATENCY.BYTES + HISTOGRAM_BUCKETS * 8);

/** One of them. Whoever is not the task only reads. */
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

  /** Something has taken from one time to another. Both in monotonic ms. */
  note(fromMs: number, toMs: number): void {
    const tookMs = Math.max(0, toMs - fromMs);
    const f64 = this.#f64;
    f64[this.#base + LATENCY.newestMs] = Math.max(f64[this.#base + LATENCY.newestMs]!, fromMs);
    f64[this.#base + LATENCY.largestMs] = Math.max(f64[this.#base + LATENCY.largestMs]!, tookMs);
    f64[this.#base + LATENCY.sumMs]! += tookMs;
    this.#histogram.addMs(tookMs);
  }

  get newestMs(): number {
    return this.#f64[this.#base + LATENCY.newestMs]!;
  }

  get sumMs(): number {
    return this.#f64[this.#base + LATENCY.sumMs]!;
  }

  get largestMs(): number {
    return this.#f64[this.#base + LATENCY.largestMs]!;
  }

  /** Markers by the bucket of their microseconds, as of now; see LatencyHistogram. */
  counts(): Float64Array {
    return this.#counts.slice();
  }
}
