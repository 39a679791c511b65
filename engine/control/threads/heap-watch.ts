import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type { TaskLine } from '../../memory/task-line.js';

/**
 * Tells the line of a task what its thread's heap holds, and how long garbage collections held the thread up.
 *
 * Runs in: a worker.
 */
export class HeapWatch {
  readonly #line: TaskLine;
  readonly #observer: PerformanceObserver;
  #collections = 0;
  #heldUpMs = 0;

  constructor(line: TaskLine) {
    this.#line = line;
    this.#observer = new PerformanceObserver((list) => this.#count(list.getEntries()));
    this.#observer.observe({ entryTypes: ['gc'] });
  }

  /** After a turn of the event loop, which is when collections are told. Cost: 2 us. */
  look(): void {
    this.#line.set('heapBytes', getHeapStatistics().used_heap_size);
  }

  /** Counts those that no turn has told yet, and looks no more. */
  close(): void {
    this.#count(this.#observer.takeRecords());
    this.#observer.disconnect();
    this.look();
  }

  #count(collections: readonly { readonly duration: number }[]): void {
    for (const { duration } of collections) this.#heldUpMs += duration;
    this.#collections += collections.length;
    this.#line.set('gcCount', this.#collections);
    this.#line.set('gcMs', this.#heldUpMs);
  }
}
