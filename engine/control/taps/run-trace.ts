import { closeSync, openSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';
import { SYSTEM_CLOCK } from '../../base/clock.js';
import { SluiceError } from '../../base/errors.js';
import { shownPath } from '../../base/user-frame.js';
import type { ControlArena } from '../../memory/control-arena.js';
import { ExchangeReader } from '../../memory/exchange-reader.js';
import type { SharedMemory } from '../../memory/region.js';
import { TASK_TIMES } from '../../memory/task-clock.js';
import { createTraceRing, TraceReader } from '../../memory/trace-ring.js';
import { poolMetrics } from '../metrics/pool-metrics.js';
import { TraceEvents } from './trace-events.js';

/** Entries of a task between two looks, and how often it is looked: 160,000 a second find room. */
const RING_ENTRIES = 8_192;
const LOOK_MS = 50;

/** What became of a trace. */
export interface TraceSummary {
  /** Absolute. */
  readonly path: string;
  /** What is not in it, for people; null: nothing is missing. */
  readonly leftOut: string | null;
}

/**
 * Writes what happens to the tasks of a run into a file that https://ui.perfetto.dev opens. The file can be opened
 * while it grows, and if the process dies: the end of the list may be missing.
 *
 * Runs in: the main thread.
 */
export class RunTrace {
  readonly #path: string;
  readonly #events: TraceEvents;
  readonly #rings: readonly SharedMemory[];
  readonly #readers: readonly TraceReader[];
  #file: number | null;
  #control: ControlArena | null = null;
  #exchanges: readonly ExchangeReader[] = [];
  #timer: NodeJS.Timeout | undefined;
  #summary: TraceSummary | null = null;
  #failure: string | null = null;

  /**
   * @param names  of all tasks
   * @throws SluiceError OUTPUT_UNWRITABLE  the file cannot be made
   */
  constructor(path: string, job: string, names: readonly string[], startedMs: number, attempt: number) {
    this.#path = resolve(path);
    try {
      this.#file = openSync(this.#path, 'w');
    } catch (error) {
      const what = `the trace cannot be written to ${shownPath(this.#path)}: ${(error as Error).message}`;
      throw new SluiceError('OUTPUT_UNWRITABLE', what, { cause: error });
    }
    this.#events = new TraceEvents(job, names, startedMs);
    this.#rings = names.map((_, task) => createTraceRing(RING_ENTRIES, attempt, task));
    this.#readers = this.#rings.map((ring, task) => new TraceReader(ring, attempt, task));
  }

  /** Where a task puts its entries. */
  ring(task: number): SharedMemory {
    return this.#rings[task]!;
  }

  begin(control: ControlArena, exchanges: readonly SharedMemory[]): void {
    this.#control = control;
    this.#exchanges = exchanges.map((memory) => new ExchangeReader(memory));
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref();
  }

  /** Ends the file, when nobody writes to the rings any more; the same answer when called again. */
  end(): TraceSummary {
    if (this.#summary !== null) return this.#summary;
    clearInterval(this.#timer);
    this.#look();
    const atMs = SYSTEM_CLOCK.monotonicMs();
    this.#endStates(atMs);
    const dropped = this.#readers.reduce((sum, reader) => sum + reader.dropped, 0);
    const leftOut = this.#events.end(atMs, dropped);
    this.#write(this.#events.take() + TraceEvents.END);
    if (this.#file !== null) closeSync(this.#file);
    this.#summary = { path: this.#path, leftOut: this.#failure ?? leftOut };
    return this.#summary;
  }

  #look(): void {
    for (const [task, reader] of this.#readers.entries())
      reader.drain((kind, a, b, c) => this.#events.add(task, kind, a, b, c));
    if (this.#control !== null)
      this.#events.sample(SYSTEM_CLOCK.monotonicMs(), poolMetrics(this.#exchanges, this.#readers.length));
    this.#write(this.#events.take());
  }

  /** A task whose thread was terminated has told nothing of what it did last. */
  #endStates(atMs: number): void {
    if (this.#control === null) return;
    for (const task of this.#readers.keys()) {
      const { state, sinceMs } = this.#control.clockReader(task).read(atMs);
      if (state !== null) this.#events.add(task, TASK_TIMES.indexOf(state) + 1, sinceMs, atMs, 0);
    }
  }

  /** A run goes on whatever becomes of its trace. */
  #write(text: string): void {
    if (this.#file === null) return;
    try {
      for (let bytes = Buffer.from(text); bytes.length > 0; )
        bytes = bytes.subarray(writeSync(this.#file, bytes));
    } catch (error) {
      this.#failure = `all that came after it could not be written: ${(error as Error).message}`;
      closeSync(this.#file);
      this.#file = null;
    }
  }
}
