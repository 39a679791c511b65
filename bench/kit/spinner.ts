/** Spins for a fixed time whenever it is told to, and says how far it came. One half of the calibration. */
import { workerData } from 'node:worker_threads';

/** words: [0] round, raised by the owner; [1] finished spinners; [2 + index] steps of each spinner */
const { words, index, spinMs } = workerData as { words: Int32Array; index: number; spinMs: number };
const STEPS_PER_LOOK = 5_000;

let hash = index;
for (let round = 1; ; round++) {
  Atomics.wait(words, 0, round - 1);
  const endMs = performance.now() + spinMs;
  let looks = 0;
  while (performance.now() < endMs) {
    for (let step = 0; step < STEPS_PER_LOOK; step++)
      hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) + step;
    looks++;
  }
  // The sum keeps the loop alive: its result is used.
  words[2 + index] = looks + (hash === 0x7fffffff ? 1 : 0);
  Atomics.add(words, 1, 1);
  Atomics.notify(words, 1);
}
