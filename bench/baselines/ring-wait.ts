/**
 * The least that two threads need to take turns: a word that each raises and the other waits for.
 *
 *   node ring-wait.js round-trip <trips>
 */
import { isMainThread, Worker, workerData } from 'node:worker_threads';

/** words: [0] trips begun, [32] trips answered, 128 bytes apart */
const [BEGUN, ANSWERED, WORDS] = [0, 32, 64];

function raise(words: Int32Array, index: number, value: number): void {
  Atomics.store(words, index, value);
  Atomics.notify(words, index);
}

function awaitAtLeast(words: Int32Array, index: number, value: number): number {
  for (;;) {
    const seen = Atomics.load(words, index);
    if (seen >= value) return seen;
    Atomics.wait(words, index, seen);
  }
}

interface Task {
  readonly words: Int32Array;
  readonly count: number;
}

if (isMainThread) {
  const count = Number(process.argv[3] ?? 100_000);
  const words = new Int32Array(new SharedArrayBuffer(WORDS * 4)).fill(-1);
  new Worker(new URL(import.meta.url), { workerData: { words, count } satisfies Task });
  awaitAtLeast(words, ANSWERED, 0);
  const startedMs = performance.now();
  let sum = 0;
  for (let trip = 1; trip <= count; trip++) {
    raise(words, BEGUN, trip);
    sum += awaitAtLeast(words, ANSWERED, trip);
  }
  const seconds = (performance.now() - startedMs) / 1e3;
  process.stdout.write(`${JSON.stringify({ records: count, seconds, checksum: `${sum}` })}\n`);
} else {
  const { words, count } = workerData as Task;
  for (let trip = 0; trip <= count; trip++) {
    if (trip > 0) awaitAtLeast(words, BEGUN, trip);
    raise(words, ANSWERED, trip);
  }
}
