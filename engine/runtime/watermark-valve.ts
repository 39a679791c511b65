/**
 * Merges the watermarks of a task's input channels into one.
 *
 * The output is the minimum over the channels that take part: a channel takes part while it is active and its own
 * watermark has caught up with what was already given out; the output never goes back. A channel that has ended
 * counts as having reached the end of time. When every channel is idle the task is idle.
 *
 * Source: Apache Flink, StatusWatermarkValve (behaviour, not code).
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
    this.#advance();
  }

  onIdle(channel: number, idle: boolean): void {
    if ((this.#isIdle[channel] === 1) === idle) return;
    this.#isIdle[channel] = idle ? 1 : 0;
    if (idle) {
      this.#isAligned[channel] = 0;
    } else {
      this.#isAligned[channel] = this.#watermarks[channel]! >= this.#output ? 1 : 0;
    }
    this.#outputIdle = this.#isIdle.every((each) => each === 1);
    if (this.#outputIdle) {
      // Nobody holds the others back any more: what the furthest channel reached is safe to give out.
      this.#output = this.#watermarks.reduce((a, b) => Math.max(a, b), this.#output);
    } else {
      this.#advance();
    }
  }

  onEnd(channel: number): void {
    this.#isIdle[channel] = 0;
    this.#watermarks[channel] = Number.POSITIVE_INFINITY;
    this.#isAligned[channel] = 1;
    this.#outputIdle = false;
    this.#advance();
  }

  #advance(): void {
    let least = Number.POSITIVE_INFINITY;
    let any = false;
    for (let channel = 0; channel < this.#watermarks.length; channel++) {
      if (this.#isIdle[channel] === 1 || this.#isAligned[channel] === 0) continue;
      any = true;
      least = Math.min(least, this.#watermarks[channel]!);
    }
    if (any && least > this.#output) this.#output = least;
  }
}
