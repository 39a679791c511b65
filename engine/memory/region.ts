/**
 * The first line of every region of shared memory.
 *
 *   region/attempt  A region belongs to one attempt of a run: a thread attaches only to the attempt it was started for.
 *
 * Runs in: the main thread creates, workers attach.
 */
import { SluiceError } from '../base/errors.js';
import { layout } from './layout.js';

/** Memory shared between threads; the name lets other folders pass it on. */
export type SharedMemory = SharedArrayBuffer;

// biome-ignore format: a table
export const REGION = layout('region', 128, {
  //          offset  type   writer     meaning
  magic:    [   0,  'i32', 'creator', 'kind of region: "CTRL", "XCHG", "CATG" or "TRCE" as four bytes'],
  version:  [   4,  'i32', 'creator', 'version of all layouts; both ends must be of one build'],
  attempt:  [   8,  'i32', 'creator', 'attempt the region belongs to, from 1'],
  bytes:    [  12,  'i32', 'creator', 'size of the region'],
  id:       [  16,  'i32', 'creator', 'id of the exchange, number of the traced task; 0 where there is one of a kind'],
  wrapped:  [  20,  'i32', 'creator', '1 if positions start near 2^31, as in checked builds'],
});

export const CONTROL_MAGIC = 0x4c525443;
export const EXCHANGE_MAGIC = 0x47484358;
export const CATEGORY_MAGIC = 0x47544143;
export const TRACE_MAGIC = 0x45435254;
const VERSION = 1;

/** Marks new memory; nothing else may have been written to it by another thread yet. */
export function stampRegion(memory: SharedMemory, magic: number, attempt: number, id: number): void {
  const words = new Int32Array(memory);
  words[REGION.magic] = magic;
  words[REGION.version] = VERSION;
  words[REGION.attempt] = attempt; // region/attempt
  words[REGION.bytes] = memory.byteLength;
  words[REGION.id] = id;
  words[REGION.wrapped] = CHECKED ? 1 : 0;
}

/**
 * Refuses memory that is not what the caller was told it is.
 *
 * @throws SluiceError ARENA_INVALID  wrong kind, version, build, size, exchange or attempt
 */
export function checkRegion(memory: SharedMemory, magic: number, attempt: number, id: number): void {
  const words = new Int32Array(memory);
  const expect = (what: string, found: number | undefined, expected: number): void => {
    if (found === expected) return;
    throw new SluiceError('ARENA_INVALID', `${what} is ${found}, expected ${expected}`, {
      detail: { what, found: found ?? -1, expected },
    });
  };
  expect('magic', words[REGION.magic], magic);
  expect('version', words[REGION.version], VERSION);
  expect('bytes', words[REGION.bytes], memory.byteLength);
  expect('exchange id', words[REGION.id], id);
  expect('attempt', words[REGION.attempt], attempt); // region/attempt
  expect('checked build', words[REGION.wrapped], CHECKED ? 1 : 0);
}
