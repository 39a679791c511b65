import { PerformanceObserver } from 'node:perf_hooks';
import type { TraceWriter } from '../../memory/trace-ring.js';
import type { ChannelPlace, FlowTap } from './flow-tap.js';
import { NOT_ALIVE } from './tapped-clock.js';
import { CHANNELS_MAX, COLLECTED, READ, SENT } from './trace-entries.js';

/**
 * Puts what happens to a task into its trace ring.
 *
 * Runs in: the thread of the task.
 */
export class TraceTap implements FlowTap {
  readonly #ring: TraceWriter;
  readonly #nowMs: () => number;
  readonly #isAlone: boolean;
  #observer: PerformanceObserver | null = null;

  /** @param isAlone  the thread is the task's own: garbage collections are too, while it lives */
  constructor(ring: TraceWriter, nowMs: () => number, isAlone: boolean) {
    this.#ring = ring;
    this.#nowMs = nowMs;
    this.#isAlone = isAlone;
  }

  opens(): void {}

  takes(): void {}

  grants(): void {}

  keeps(): void {}

  progresses(): void {}

  publishes({ exchange, channel }: ChannelPlace, buffer: number): void {
    this.#ring.put(SENT, this.#nowMs(), exchange * CHANNELS_MAX + channel, buffer);
  }

  reads({ exchange, channel }: ChannelPlace, buffer: number): void {
    this.#ring.put(READ, this.#nowMs(), exchange * CHANNELS_MAX + channel, buffer);
  }

  changes(state: number, sinceMs: number, _next: number, nowMs: number): void {
    if (state !== NOT_ALIVE) this.#ring.put(state, sinceMs, nowMs, 0);
    else if (this.#isAlone) this.#watchCollections();
  }

  closes(): void {
    if (this.#observer === null) return;
    this.#collected(this.#observer.takeRecords());
    this.#observer.disconnect();
  }

  #watchCollections(): void {
    this.#observer = new PerformanceObserver((list) => this.#collected(list.getEntries()));
    this.#observer.observe({ entryTypes: ['gc'] });
  }

  #collected(entries: readonly Entry[]): void {
    const originMs = this.#nowMs() - performance.now(); // clock/one-base: of this thread, in the time of all
    for (const { startTime, duration, detail } of entries) {
      const beganMs = originMs + startTime;
      this.#ring.put(COLLECTED, beganMs, beganMs + duration, detail?.kind ?? 0);
    }
  }
}

/** What Node.js tells of a garbage collection; its types lack the last. */
interface Entry {
  readonly startTime: number;
  readonly duration: number;
  readonly detail?: { readonly kind?: number };
}
