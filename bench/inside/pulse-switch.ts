/**
 * Switches off, while a job runs, all that only measures it: the clocks of tasks, what is kept of their past, the looks of
 * diagnosis and watchdog, the heap and its collections. Loaded before all else, with `--import`, in every thread.
 *
 * What stays: the time of day is still asked where a clock would be told, and counters of records and bytes go on, without
 * which nothing could be measured here.
 */
import { register } from 'node:module';
import { PerformanceObserver } from 'node:perf_hooks';
import { getEnvironmentData, isMainThread, setEnvironmentData } from 'node:worker_threads';
import type { HeapWatch } from '../../engine/control/threads/heap-watch.js';
import type { TaskClock } from '../../engine/memory/task-clock.js';

/** What is measured, by who does it. */
export type Part = 'main' | 'clocks' | 'heaps';
const PARTS: readonly Part[] = ['main', 'clocks', 'heaps'];

const KEY = 'sluice-bench-pulse';
/** Threads in which both classes were found. */
const PATCHED = PARTS.length;

function sharedWords(): Int32Array | undefined {
  if (!isMainThread) return getEnvironmentData(KEY) as unknown as Int32Array | undefined;
  const words = new Int32Array(new SharedArrayBuffer(4 * (PARTS.length + 1)));
  setEnvironmentData(KEY, words as never);
  return words;
}

const words = sharedWords();

/** On the main thread. Threads heed it within a turn of theirs. @throws Error  nothing would be switched in them */
export function switchPulse(isOn: boolean, parts: readonly Part[] = PARTS): void {
  if (words![PATCHED] === 0) throw new Error('no thread has loaded the classes that measure');
  for (const part of parts) words![PARTS.indexOf(part)] = isOn ? 0 : 1;
}

const isOff = (part: Part): boolean => words![PARTS.indexOf(part)] === 1;

function patchTimers(): void {
  const { setInterval } = globalThis;
  globalThis.setInterval = ((run: (...args: unknown[]) => void, ms: number, ...args: unknown[]) =>
    setInterval(() => !isOff('main') && run(...args), ms)) as typeof globalThis.setInterval;
}

function patchClock({ prototype }: typeof TaskClock): void {
  const { work, wait } = prototype;
  prototype.work = function (this: TaskClock, nowMs) {
    if (!isOff('clocks')) work.call(this, nowMs);
  };
  prototype.wait = function (this: TaskClock, state, nowMs) {
    if (!isOff('clocks')) wait.call(this, state, nowMs);
  };
}

/** Collections are observed, or not, from the next turn of the event loop on. */
function patchHeapWatch({ prototype }: typeof HeapWatch): void {
  const { observe } = PerformanceObserver.prototype;
  const observers: PerformanceObserver[] = [];
  PerformanceObserver.prototype.observe = function (this: PerformanceObserver, options) {
    observers.push(this);
    observe.call(this, options);
  };
  const { look } = prototype;
  let wasOff = false;
  prototype.look = function (this: HeapWatch) {
    if (wasOff !== isOff('heaps')) {
      wasOff = !wasOff;
      for (const each of observers) wasOff ? each.disconnect() : observe.call(each, { entryTypes: ['gc'] });
    }
    if (!wasOff) look.call(this);
  };
}

interface Measuring {
  readonly TaskClock?: typeof TaskClock;
  readonly HeapWatch?: typeof HeapWatch;
}

if (words !== undefined) {
  if (isMainThread) patchTimers();
  else {
    const found = new Set<string>();
    Object.assign(globalThis, {
      sluiceMeasuring: (classes: Measuring) => {
        if (classes.TaskClock !== undefined) patchClock(classes.TaskClock);
        if (classes.HeapWatch !== undefined) patchHeapWatch(classes.HeapWatch);
        for (const name of Object.keys(classes)) found.add(name);
        if (found.size === 2) words[PATCHED]!++;
      },
    });
    register(new URL('./pulse-hooks.js', import.meta.url));
  }
}
