import type { DebloatOptions } from '../base/option-catalogue.js';

/** A change below the threshold is told if it was wanted in so many periods on end, and is at least this share. */
const PATIENCE_PERIODS = 3;
const DRIFT_MIN = 0.05;
/** What a buffer was to be filled with, over what is in it: more than this is no rounding to whole records. */
const SLACK_MAX = 2;

/**
 * Works out how large buffers should be, per channel, so that what is on the way is read within a target time.
 *
 * Throughput is the bytes read of a channel over the time in which its task did not wait for input, averaged over the
 * last periods. What may be on the way is throughput x target. It is shared among the buffers that are on the way, on
 * average over the same periods; and where it is less than all segments that the channel could be lent, fewer are.
 *
 * Source: Flink's BufferDebloater and ThroughputCalculator, but per channel, with a moving average in place of an
 * exponential one (it settles after a known time), with segments that go back to the gate, and with small changes that
 * are told after a while: a threshold alone leaves an error as large as itself.
 */
export class BufferDebloater {
  readonly #options: DebloatOptions;
  readonly #segmentBytes: number;
  /** By channel: what was told to its sender. */
  readonly #bufferBytes: number[];
  /** By channel: periods on end in which a larger size was wanted; below 0: a smaller one. */
  readonly #drift: number[];
  /** By channel: bytes that may be on the way; Infinity before anything is known. */
  readonly #wantedBytes: number[];
  /** The last periods, the oldest first: active time and, by channel, bytes ever read and buffers on the way. */
  readonly #history: {
    readonly activeMs: number;
    readonly bytes: Float64Array;
    readonly buffers: Float64Array;
  }[] = [];

  constructor(options: DebloatOptions, segmentBytes: number, channels: number) {
    this.#options = options;
    this.#segmentBytes = segmentBytes;
    this.#bufferBytes = new Array<number>(channels).fill(segmentBytes);
    this.#drift = new Array<number>(channels).fill(0);
    this.#wantedBytes = new Array<number>(channels).fill(Number.POSITIVE_INFINITY);
  }

  /**
   * Takes the figures at the end of a period.
   *
   * @param activeMs  time ever spent not waiting for input
   * @param bytes     by channel: bytes ever read
   * @param buffers   by channel: buffers on the way now, published and not read
   * @param last      by channel: bytes of the buffer published last
   */
  endPeriod(
    activeMs: number,
    bytes: readonly number[],
    buffers: readonly number[],
    last: readonly number[],
  ): void {
    const history = this.#history;
    history.push({ activeMs, bytes: Float64Array.from(bytes), buffers: Float64Array.from(buffers) });
    if (history.length > this.#options.samples + 1) history.shift();
    const [first, now] = [history[0]!, history.at(-1)!];
    const tookMs = now.activeMs - first.activeMs;
    for (let channel = 0; channel < bytes.length; channel++) {
      const read = now.bytes[channel]! - first.bytes[channel]!;
      if (tookMs <= 0 || read <= 0) continue; // nothing is known of a channel that is silent
      this.#wantedBytes[channel] = (read / tookMs) * this.#options.targetMs;
      this.#bufferBytes[channel] = this.#announced(channel, last[channel]!);
    }
  }

  /** What the sender of a channel shall put into a buffer. */
  bufferBytes(channel: number): number {
    return this.#bufferBytes[channel]!;
  }

  /** Segments that a channel may be lent, rounded up. */
  segments(channel: number): number {
    return Math.ceil(this.#wantedBytes[channel]! / this.#segmentBytes);
  }

  #announced(channel: number, lastBytes: number): number {
    const { threshold, bufferBytesMin } = this.#options;
    const before = this.#bufferBytes[channel]!;
    const periods = this.#history.slice(-this.#options.samples);
    const onTheWay = periods.reduce((sum, { buffers }) => sum + buffers[channel]!, 0) / periods.length;
    // A buffer holds whole records, so less than it was to be filled with.
    const slack = Math.min(Math.max(before / Math.max(1, lastBytes), 1), SLACK_MAX);
    const size = Math.ceil((this.#wantedBytes[channel]! * slack) / Math.max(1, onTheWay) / 8) * 8;
    const wanted = Math.min(Math.max(size, bufferBytesMin), this.#segmentBytes);
    const isLimit = wanted === bufferBytesMin || wanted === this.#segmentBytes;
    if (!isLimit && Math.abs(wanted - before) < before * threshold && !this.#isDrifting(channel, wanted))
      return before;
    this.#drift[channel] = 0;
    return wanted;
  }

  #isDrifting(channel: number, wanted: number): boolean {
    const before = this.#bufferBytes[channel]!;
    const last = this.#drift[channel]!;
    if (Math.abs(wanted - before) < before * DRIFT_MIN) this.#drift[channel] = 0;
    else this.#drift[channel] = wanted > before ? Math.max(last, 0) + 1 : Math.min(last, 0) - 1;
    return Math.abs(this.#drift[channel]!) >= PATIENCE_PERIODS;
  }
}
