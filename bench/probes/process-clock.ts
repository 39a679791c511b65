/**
 * One clock for all threads of a process, in milliseconds with fractions.
 *
 * `performance.now()` counts from the start of its thread and `performance.timeOrigin` is wall-clock time, so sums of
 * the two differ between threads. Both this clock and `process.hrtime` are the system's monotonic clock: what lies
 * between them is measured once per thread, as the closest of several tries.
 */
const TRIES = 50;

function offsetMs(): number {
  let [offset, closest] = [0, Number.POSITIVE_INFINITY];
  for (let i = 0; i < TRIES; i++) {
    const before = performance.now();
    const system = Number(process.hrtime.bigint()) / 1e6;
    const after = performance.now();
    if (after - before >= closest) continue;
    closest = after - before;
    offset = system - (before + after) / 2;
  }
  return offset;
}

const OFFSET_MS = offsetMs();

export function processMs(): number {
  return performance.now() + OFFSET_MS;
}
