/**
 * Merges the watermarks of a task's input channels into one.
 *
 * The output is the minimum over the channels that take part: a channel takes part while it is active and its own
 * watermark has caught up with what was already given out; the output never goes back. When every channel is idle the
 * task is idle. A channel at the end of time holds nobody back, and time ends with the last of them: while others are
 * idle their rows may still come, so the task is idle then.
 *
 * Source: Apache Flink, StatusWatermarkValve (behaviour, not code), in which an end beside idle channels ends time.
 *
 * Runs in: the consuming task.
 */
export class WatermarkValve {
  readonly #watermarks: Float64Array;
  readonly #isIdle: Uint8Array;
  /** 1 while the channel's watermark has caught up with the output since it last became active. */
  readonly #isAligned: Uint8Array;
  #output = Number.NEGATIVE_INFINITY;
  #outputIdle = false;

  constructor(channelCount: number) {
    this.#watermarks = new Float64Array(channelCount).fill(Number.NEGATIVE_INFINITY);
    this.#isIdle = new Uint8Array(channelCount);
    this.#isAligned = new Uint8Array(channelCount).fill(1);
  }

  /** The merged watermark, milliseconds; -Infinity before the first, Infinity at the end. */
  get watermarkMs(): number {
    return this.#output;
  }

  get isIdle(): boolean {
    return this.#outputIdle;
  }

  /** Takes a channel's watermark; those of idle channels and those that go back are ignored. */
  onWatermark(channel: number, watermarkMs: number): void {
    if (this.#isIdle[channel] === 1 || watermarkMs <= this.#watermarks[channel]!) return;
    this.#watermarks[channel] = watermarkMs;
    if (watermarkMs >= this.#output) this.#isAligned[channel] = 1;
    this.#settle();
  }

  onIdle(channel: number, idle: boolean): void {
    if ((this.#isIdle[channel] === 1) === idle) return;
    this.#isIdle[channel] = idle ? 1 : 0;
    if (idle) {
      this.#isAligned[channel] = 0;
    } else {
      this.#isAligned[channel] = this.#watermarks[channel]! >= this.#output ? 1 : 0;
    }
    this.#settle();
  }

  onEnd(channel: number): void {
    this.#isIdle[channel] = 0;
    this.#watermarks[channel] = Number.POSITIVE_INFINITY;
    this.#isAligned[channel] = 1;
    this.#settle();
  }

  #settle(): void {
    let least = Number.POSITIVE_INFINITY;
    let furthest = Number.NEGATIVE_INFINITY;
    let [idle, ended] = [0, 0];
    for (const [channel, watermarkMs] of this.#watermarks.entries()) {
      if (watermarkMs === Number.POSITIVE_INFINITY) ended++;
      else if (this.#isIdle[channel] === 1) idle++;
      else if (this.#isAligned[channel] === 1) least = Math.min(least, watermarkMs);
      if (watermarkMs < Number.POSITIVE_INFINITY) furthest = Math.max(furthest, watermarkMs);
    }
    const isEnd = ended === this.#watermarks.length;
    this.#outputIdle = !isEnd && idle + ended === this.#watermarks.length;
    // Of idle channels nobody holds the others back any more: what the furthest reached is safe to give out.
    if (this.#outputIdle) this.#output = Math.max(this.#output, furthest);
    else if (isEnd || least < Number.POSITIVE_INFINITY) this.#output = Math.max(this.#output, least);
  }
}
