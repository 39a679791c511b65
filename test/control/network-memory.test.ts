import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isSluiceError } from '../../engine/base/errors.js';
import { networkMemory } from '../../engine/control/network-memory.js';

const memory = suite('network memory');
const MB = 1024 ** 2;
const GB = 1024 ** 3;
const USUAL = {
  memoryBytes: 8 * GB,
  taskCount: 4,
  taskHeapBytes: 512 * MB,
  fraction: 0.1,
  minBytes: 64 * MB,
  maxBytes: GB,
};

memory('it is the fraction of what the heaps leave, and the formula says so', () => {
  const { bytes, formula } = networkMemory(USUAL);
  assert.is(bytes, Math.floor(0.1 * 6 * GB));
  assert.is(formula, 'network memory = clamp(0.1 x (8 gb - 4 tasks x 512 mb heap), 64 mb, 1 gb) = 614.4 mb');
});

memory('it is at least the minimum and at most the maximum', () => {
  assert.is(networkMemory({ ...USUAL, fraction: 0 }).bytes, 64 * MB);
  assert.is(networkMemory({ ...USUAL, fraction: 1 }).bytes, GB);
});

memory('heaps without a limit of their own share half the memory, within bounds', () => {
  const heapOf = (memoryBytes: number, taskCount: number) =>
    networkMemory({ ...USUAL, memoryBytes, taskCount, taskHeapBytes: null, minBytes: 0 }).taskHeapBytes;
  assert.is(heapOf(8 * GB, 4), GB);
  assert.is(heapOf(64 * GB, 2), 4 * GB);
  assert.is(heapOf(GB, 10), 64 * MB);
});

memory('when the heaps leave too little, the missing bytes are named', () => {
  try {
    networkMemory({ ...USUAL, memoryBytes: 2 * GB });
    assert.unreachable();
  } catch (error) {
    assert.ok(isSluiceError(error));
    assert.is(error.code, 'MEMORY_INSUFFICIENT');
    assert.is(error.detail['missingBytes'], 64 * MB);
    assert.match(error.message, 'clamp(0.1 x (2 gb - 4 tasks x 512 mb heap), 64 mb, 1 gb) = 64 mb');
  }
});

memory.run();
