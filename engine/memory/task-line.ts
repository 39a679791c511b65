/**
 * What a task tells about itself while it runs: state, heartbeat and counters.
 *
 *   metrics/plain  Counters are float64 with one writer, written and read plainly; nothing is decided on them.
 *
 * Runs in: the task's thread writes, the main thread reads.
 */
import { layout } from './layout.js';

// biome-ignore format: a table
export const TASK = layout('task', 128, {
  //                       offset  type   writer  meaning
  state:                 [   0,  'i32', 'task', 'state of the subtask, an index given by the runtime'],
  loops:                 [   4,  'i32', 'task', 'turns of the task loop, mod 2^32: the heartbeat'],
  systemThreadId:        [   8,  'i32', 'task', 'number by which the system knows its thread; 0 where it does not tell'],
  waitingExchange:       [  12,  'i32', 'task', 'exchange for whose segments it waits inside a record; matters only while it does'],
  recordsIn:             [  16,  'f64', 'task', 'records taken from input or made by the source'],
  recordsOut:            [  24,  'f64', 'task', 'records given to the output'],
  bytesIn:               [  32,  'f64', 'task', 'bytes of buffers taken'],
  bytesOut:              [  40,  'f64', 'task', 'bytes of buffers finished'],
  buffersIn:             [  48,  'f64', 'task', 'buffers taken'],
  buffersOut:            [  56,  'f64', 'task', 'buffers finished'],
  watermarkMs:           [  64,  'f64', 'task', 'last watermark, ms since the epoch; -Infinity before the first'],
  lateRecords:           [  72,  'f64', 'task', 'records dropped because their window had closed'],
  splitsDone:            [  80,  'f64', 'task', 'splits read to their end'],
  undeclaredMs:          [  88,  'f64', 'task', 'about how long undeclared rows took to write and to unpack, from a sample of them'],
  gcCount:               [  96,  'f64', 'task', 'garbage collections of its thread'],
  gcMs:                  [ 104,  'f64', 'task', 'how long they held it up'],
  heapBytes:             [ 112,  'f64', 'task', 'objects on the heap of its thread, collected or not, at its last turn of the event loop'],
  droppedRecords:        [ 120,  'f64', 'task', 'records given to a side output that nobody reads, or skipped since a function failed at them'],
});

export type TaskCounter =
  | 'recordsIn'
  | 'recordsOut'
  | 'bytesIn'
  | 'bytesOut'
  | 'buffersIn'
  | 'buffersOut'
  | 'watermarkMs'
  | 'lateRecords'
  | 'splitsDone'
  | 'undeclaredMs'
  | 'gcCount'
  | 'gcMs'
  | 'heapBytes'
  | 'droppedRecords';

/** One task's line. Whoever is not the task only reads. */
export class TaskLine {
  readonly #i32: Int32Array;
  readonly #f64: Float64Array;
  readonly #wordBase: number;
  readonly #doubleBase: number;

  /** @param byteOffset  where the TASK structure begins */
  constructor(i32: Int32Array, f64: Float64Array, byteOffset: number) {
    this.#i32 = i32;
    this.#f64 = f64;
    this.#wordBase = byteOffset >> 2;
    this.#doubleBase = byteOffset >> 3;
  }

  get state(): number {
    return Atomics.load(this.#i32, this.#wordBase + TASK.state); // metrics/plain: unlike counters, it is acted on
  }

  set state(state: number) {
    Atomics.store(this.#i32, this.#wordBase + TASK.state, state); // metrics/plain: unlike counters, it is acted on
  }

  get loops(): number {
    return this.#i32[this.#wordBase + TASK.loops]!;
  }

  set loops(loops: number) {
    this.#i32[this.#wordBase + TASK.loops] = loops;
  }

  get systemThreadId(): number {
    return this.#i32[this.#wordBase + TASK.systemThreadId]!;
  }

  set systemThreadId(id: number) {
    this.#i32[this.#wordBase + TASK.systemThreadId] = id;
  }

  get waitingExchange(): number {
    return this.#i32[this.#wordBase + TASK.waitingExchange]!;
  }

  set waitingExchange(id: number) {
    this.#i32[this.#wordBase + TASK.waitingExchange] = id;
  }

  get(counter: TaskCounter): number {
    return this.#f64[this.#doubleBase + TASK[counter]]!;
  }

  set(counter: TaskCounter, value: number): void {
    this.#f64[this.#doubleBase + TASK[counter]] = value;
  }
}
