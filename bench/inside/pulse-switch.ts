/**
 * Switches off, while a job runs, all that only measures it: the clocks of tasks, what is kept of their past, the looks of
 * diagnosis and watchdog, the heap and its collections. Loaded before all else, with `--import`, in every thread.
 *
 * What stays: the time of day is still asked where a clock would be told, and counters of records and bytes go on, without
 * which nothing could be measured here.
 */
import { PerformanceObserver } from 'node:perf_hooks';
import { getEnvironmentData, isMainThread, setEnvironmentData } from 'node:worker_threads';
import { HeapWatch } from '../../engine/control/threads/heap-watch.js';
import { TaskClock } from '../../engine/memory/task-clock.js';

const KEY = 'sluice-bench-pulse';
const OFF = 0;

function sharedWords(): Int32Array | undefined {
  if (!isMainThread) return getEnvironmentData(KEY) as unknown as Int32Array | undefined;
  const words = new Int32Array(new SharedArrayBuffer(4));
  setEnvironmentData(KEY, words as never);
  return words;
}

const words = sharedWords();

/** On the main thread. Threads heed it within a turn of theirs. */
export function switchPulse(isOn: boolean): void {
  words![OFF] = isOn ? 0 : 1;
}

function patchTimers(words: Int32Array): void {
  const { setInterval } = globalThis;
  globalThis.setInterval = ((run: (...args: unknown[]) => void, ms: number, ...args: unknown[]) =>
    setInterval(() => words[OFF] === 0 && run(...args), ms)) as typeof globalThis.setInterval;
}

function patchClock(words: Int32Array): void {
  const { work, wait } = TaskClock.prototype;
  TaskClock.prototype.work = function (this: TaskClock, nowMs) {
    if (words[OFF] === 0) work.call(this, nowMs);
  };
  TaskClock.prototype.wait = function (this: TaskClock, state, nowMs) {
    if (words[OFF] === 0) wait.call(this, state, nowMs);
  };
}

/** Collections are observed, or not, from the next turn of the event loop on. */
function patchHeapWatch(words: Int32Array): void {
  const { observe } = PerformanceObserver.prototype;
  const observers: PerformanceObserver[] = [];
  PerformanceObserver.prototype.observe = function (this: PerformanceObserver, options) {
    observers.push(this);
    observe.call(this, options);
  };
  const { look } = HeapWatch.prototype;
  let isOff = false;
  HeapWatch.prototype.look = function (this: HeapWatch) {
    if (isOff !== (words[OFF] === 1)) {
      isOff = !isOff;
      for (const each of observers) isOff ? each.disconnect() : observe.call(each, { entryTypes: ['gc'] });
    }
    if (!isOff) look.call(this);
  };
}

if (words !== undefined) {
  if (isMainThread) patchTimers(words);
  else {
    patchClock(words);
    patchHeapWatch(words);
  }
}
