import type { KeyScope, TimerService } from './keyed-state-backend.js';

/**
 * Timers on the heap: a binary heap by time and, among equal times, by order of registration, with an index by slot and
 * time, so that a timer is registered once and deleted without a search. All of it typed arrays.
 *
 * A timer has an id, which is used again; `heap` holds ids, and `at` says where in it each of them is.
 */
export class TimerQueue implements TimerService {
  readonly #keys: KeyScope;
  #size = 0;
  /** Of registrations, ever. */
  #sequence = 0;
  #free: number[] = [];
  #used = 0;
  #heap = new Int32Array(START);
  #at = new Int32Array(START);
  #times = new Float64Array(START);
  #sequences = new Float64Array(START);
  #slots = new Int32Array(START);
  /** id + 1 by hash of slot and time; twice as long as the others. */
  #index = new Int32Array(START * 2);
  firstMs = Number.POSITIVE_INFINITY;
  /** Grows with every timer that comes or goes. */
  version = 0;

  constructor(keys: KeyScope) {
    this.#keys = keys;
  }

  get size(): number {
    return this.#size;
  }

  register(timestamp: number): void {
    const time = timestamp === 0 ? 0 : timestamp; // -0 is 0
    const { slot } = this.#keys;
    if (this.#index[this.#find(slot, time)] !== 0) return;
    if (this.#size === this.#heap.length) this.#grow();
    const id = this.#free.pop() ?? this.#used++;
    this.#times[id] = time;
    this.#slots[id] = slot;
    this.#sequences[id] = this.#sequence++;
    this.#index[this.#find(slot, time)] = id + 1;
    this.#heap[this.#size] = id;
    this.#rise(this.#size++, id);
    this.#keys.live[slot]!++;
    this.version++;
    this.firstMs = this.#times[this.#heap[0]!]!;
  }

  delete(timestamp: number): void {
    const { slot } = this.#keys;
    const id = this.#index[this.#find(slot, timestamp === 0 ? 0 : timestamp)]! - 1;
    if (id >= 0) this.#remove(id);
  }

  take(): number {
    const id = this.#heap[0]!;
    const time = this.#times[id]!;
    this.#keys.reenter(this.#slots[id]!);
    this.#remove(id);
    return time;
  }

  /** Slot and time of every timer, in the order in which they would fire. Changes nothing. */
  list(): readonly (readonly [slot: number, time: number])[] {
    return Array.from(this.#heap.subarray(0, this.#size))
      .sort((a, b) => (this.#isBefore(a, b) ? -1 : 1))
      .map((id) => [this.#slots[id]!, this.#times[id]!] as const);
  }

  clear(): void {
    this.#size = 0;
    this.#used = 0;
    this.#free = [];
    this.#index.fill(0);
    this.version++;
    this.firstMs = Number.POSITIVE_INFINITY;
  }

  #remove(id: number): void {
    this.#forget(this.#find(this.#slots[id]!, this.#times[id]!));
    const at = this.#at[id]!;
    const last = this.#heap[--this.#size]!;
    if (last !== id) {
      this.#rise(at, last);
      this.#sink(this.#at[last]!, last);
    }
    this.#free.push(id);
    this.#keys.live[this.#slots[id]!]!--;
    this.version++;
    this.firstMs = this.#size === 0 ? Number.POSITIVE_INFINITY : this.#times[this.#heap[0]!]!;
  }

  #isBefore(a: number, b: number): boolean {
    const [x, y] = [this.#times[a]!, this.#times[b]!];
    return x < y || (x === y && this.#sequences[a]! < this.#sequences[b]!);
  }

  #rise(from: number, id: number): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = this.#heap[parent]!;
      if (this.#isBefore(above, id)) break;
      this.#put(at, above);
      at = parent;
    }
    this.#put(at, id);
  }

  #sink(from: number, id: number): void {
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.#size) break;
      if (child + 1 < this.#size && this.#isBefore(this.#heap[child + 1]!, this.#heap[child]!)) child++;
      const below = this.#heap[child]!;
      if (this.#isBefore(id, below)) break;
      this.#put(at, below);
      at = child;
    }
    this.#put(at, id);
  }

  #put(at: number, id: number): void {
    this.#heap[at] = id;
    this.#at[id] = at;
  }

  /** Where in the index a timer is, or would be. */
  #find(slot: number, time: number): number {
    const index = this.#index;
    const mask = index.length - 1;
    for (let b = this.#home(slot, time); ; b = (b + 1) & mask) {
      const id = index[b]! - 1;
      if (id < 0 || (this.#slots[id] === slot && this.#times[id] === time)) return b;
    }
  }

  #home(slot: number, time: number): number {
    // Times are whole; their low words differ, and what they have in common above does not matter.
    const mixed = Math.imul(slot, -1640531527) ^ Math.imul((time % 4294967296) | 0, -2048144789);
    return (mixed ^ (mixed >>> 15)) & (this.#index.length - 1);
  }

  #forget(from: number): void {
    const index = this.#index;
    const mask = index.length - 1;
    let hole = from;
    for (let b = (hole + 1) & mask; index[b] !== 0; b = (b + 1) & mask) {
      const id = index[b]! - 1;
      const home = this.#home(this.#slots[id]!, this.#times[id]!);
      if (((b - home) & mask) < ((b - hole) & mask)) continue;
      index[hole] = index[b]!;
      hole = b;
    }
    index[hole] = 0;
  }

  #grow(): void {
    const length = this.#heap.length * 2;
    this.#heap = grown(this.#heap, length);
    this.#at = grown(this.#at, length);
    this.#times = grown(this.#times, length);
    this.#sequences = grown(this.#sequences, length);
    this.#slots = grown(this.#slots, length);
    this.#index = new Int32Array(length * 2);
    for (let i = 0; i < this.#size; i++) {
      const id = this.#heap[i]!;
      this.#index[this.#find(this.#slots[id]!, this.#times[id]!)] = id + 1;
    }
  }
}

/** A power of two. */
const START = 64;

function grown<A extends Int32Array | Float64Array>(old: A, length: number): A {
  const next = new (old.constructor as new (length: number) => A)(length);
  next.set(old);
  return next;
}
