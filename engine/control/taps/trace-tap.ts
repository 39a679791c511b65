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
  #observer: PerformanceObserver | null = null;

  constructor(ring: TraceWriter, nowMs: () => number) {
    this.#ring = ring;
    this.#nowMs = nowMs;
  }

  /** Garbage collections of this thread too: of one that is the task's own. */
  watchCollections(): void {
    this.#observer = new PerformanceObserver((list) => this.#collected(list.getEntries()));
    this.#observer.observe({ entryTypes: ['gc'] });
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
  }

  closes(): void {
    if (this.#observer === null) return;
    this.#collected(this.#observer.takeRecords());
    this.#observer.disconnect();
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
