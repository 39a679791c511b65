/**
 * What happens to one task, as numbers, on its way to whoever writes it down.
 *
 *   trace/publish  An entry is written before `tail` passes it, and read only below `tail`.
 *   trace/reuse    An entry is read before `head` passes it, and written again only then.
 *   trace/drop     The task never waits for the reader: what finds no room is counted and forgotten. Each entry stands
 *                  for itself, so what is kept is true without it.
 *
 * Positions count as those of channels do: ring/wrap.
 *
 * Runs in: the main thread creates and reads, the task's thread writes.
 */
import { assert } from '../base/assert.js';
import { POSITION_START } from './channel.js';
import { layout } from './layout.js';
import { checkRegion, REGION, type SharedMemory, stampRegion, TRACE_MAGIC } from './region.js';

// biome-ignore format: a table
export const TRACE = layout('trace-ring', 256, {
  //          offset  type   writer    meaning
  tail:     [   0,  'i32', 'task',   'entries ever written'],
  dropped:  [   4,  'i32', 'task',   'entries that found no room'],
  head:     [ 128,  'i32', 'reader', 'entries ever read'],
});

/** Numbers of an entry. */
export const TRACE_NUMBERS = 4;
const HEADER_BYTES = REGION.BYTES + TRACE.BYTES;

/** @param entries  room for so many, a power of two */
export function createTraceRing(entries: number, attempt: number, task: number): SharedMemory {
  assert((entries & (entries - 1)) === 0, 'the room of a ring is a power of two');
  const memory = new SharedArrayBuffer(HEADER_BYTES + entries * TRACE_NUMBERS * 8);
  stampRegion(memory, TRACE_MAGIC, attempt, task);
  const words = new Int32Array(memory, REGION.BYTES);
  words[TRACE.tail] = POSITION_START;
  words[TRACE.head] = POSITION_START; // ring/wrap
  return memory;
}

/** The parts of a ring, for either end. @throws SluiceError ARENA_INVALID */
function attach(memory: SharedMemory, attempt: number, task: number) {
  checkRegion(memory, TRACE_MAGIC, attempt, task);
  const entries = new Float64Array(memory, HEADER_BYTES);
  return { words: new Int32Array(memory, REGION.BYTES), entries, mask: entries.length / TRACE_NUMBERS - 1 };
}

export class TraceWriter {
  readonly #words: Int32Array;
  readonly #entries: Float64Array;
  readonly #mask: number;
  #tail = POSITION_START | 0;
  #headSeen = POSITION_START | 0;
  #dropped = 0;

  constructor(memory: SharedMemory, attempt: number, task: number) {
    const { words, entries, mask } = attach(memory, attempt, task);
    this.#words = words;
    this.#entries = entries;
    this.#mask = mask;
  }

  /** Writes an entry, or drops it. Never waits. */
  put(a: number, b: number, c: number, d: number): void {
    if (((this.#tail - this.#headSeen) | 0) > this.#mask) {
      this.#headSeen = Atomics.load(this.#words, TRACE.head); // trace/reuse: entries below were read
      if (((this.#tail - this.#headSeen) | 0) > this.#mask) {
        this.#words[TRACE.dropped] = ++this.#dropped; // trace/drop
        return;
      }
    }
    const at = (this.#tail & this.#mask) * TRACE_NUMBERS;
    this.#entries[at] = a;
    this.#entries[at + 1] = b;
    this.#entries[at + 2] = c;
    this.#entries[at + 3] = d;
    this.#tail = (this.#tail + 1) | 0;
    Atomics.store(this.#words, TRACE.tail, this.#tail); // trace/publish: the entry is readable from now
  }
}

export class TraceReader {
  readonly #words: Int32Array;
  readonly #entries: Float64Array;
  readonly #mask: number;
  #head = POSITION_START | 0;

  constructor(memory: SharedMemory, attempt: number, task: number) {
    const { words, entries, mask } = attach(memory, attempt, task);
    this.#words = words;
    this.#entries = entries;
    this.#mask = mask;
  }

  /** Hands over all that was written and not read, the oldest first. @returns how many */
  drain(take: (a: number, b: number, c: number, d: number) => void): number {
    const tail = Atomics.load(this.#words, TRACE.tail); // trace/publish: entries below are readable
    const count = (tail - this.#head) | 0;
    for (; this.#head !== tail; this.#head = (this.#head + 1) | 0) {
      const at = (this.#head & this.#mask) * TRACE_NUMBERS;
      const entries = this.#entries;
      take(entries[at]!, entries[at + 1]!, entries[at + 2]!, entries[at + 3]!);
    }
    Atomics.store(this.#words, TRACE.head, this.#head); // trace/reuse: they were read
    return count;
  }

  /** Entries that found no room so far: a figure. */
  get dropped(): number {
    return this.#words[TRACE.dropped]!;
  }
}
