import { SluiceError } from '../base/errors.js';
import { formatSizeShort as rounded } from './options/option-values.js';

/**
 * How much memory the buffers between tasks may take.
 *
 *   network memory = clamp(fraction x (memory - tasks x heap), min, max)
 */

export interface NetworkMemoryInput {
  /** All the job may use: `--memory`, else the limit of the cgroup, else the memory of the machine. */
  readonly memoryBytes: number;
  readonly taskCount: number;
  /** Limit of one task's heap; null: an equal share of half the memory. */
  readonly taskHeapBytes: number | null;
  readonly fraction: number;
  readonly minBytes: number;
  readonly maxBytes: number;
}

export interface NetworkMemory {
  readonly bytes: number;
  readonly taskHeapBytes: number;
  /** The sum with its numbers, for messages. */
  readonly formula: string;
}

/** A heap below this cannot hold the code of a task and a few records. */
const AUTO_HEAP_BYTES_MIN = 64 * 1024 ** 2;
/** Above this a heap is slow to collect; who needs it can ask. */
const AUTO_HEAP_BYTES_MAX = 4 * 1024 ** 3;

/**
 * @throws SluiceError MEMORY_INSUFFICIENT  the heaps and the least network memory are more than there is; the formula
 *         and the missing bytes are in the message
 */
export function networkMemory(input: NetworkMemoryInput): NetworkMemory {
  const { memoryBytes, taskCount, fraction, minBytes, maxBytes } = input;
  const taskHeapBytes = input.taskHeapBytes ?? autoHeapBytes(memoryBytes, taskCount);
  const restBytes = memoryBytes - taskCount * taskHeapBytes;
  const wanted = Math.floor(fraction * Math.max(0, restBytes));
  const bytes = Math.min(Math.max(wanted, minBytes), maxBytes);
  const formula =
    `network memory = clamp(${fraction} x (${rounded(memoryBytes)} - ${taskCount} tasks x ${rounded(taskHeapBytes)}` +
    ` heap), ${rounded(minBytes)}, ${rounded(maxBytes)}) = ${rounded(bytes)}`;
  if (bytes > restBytes) {
    const missing = bytes - restBytes;
    throw new SluiceError(
      'MEMORY_INSUFFICIENT',
      `${formula}, but the heaps leave ${rounded(Math.max(0, restBytes))}: ${missing} bytes (${rounded(missing)}) are missing`,
      { detail: { memoryBytes, taskCount, taskHeapBytes, networkBytes: bytes, missingBytes: missing } },
    );
  }
  return { bytes, taskHeapBytes, formula };
}

/** An equal share of half the memory, within sensible bounds, in whole megabytes. */
function autoHeapBytes(memoryBytes: number, taskCount: number): number {
  const share = Math.floor(memoryBytes / 2 / Math.max(1, taskCount) / 1024 ** 2) * 1024 ** 2;
  return Math.min(Math.max(share, AUTO_HEAP_BYTES_MIN), AUTO_HEAP_BYTES_MAX);
}
