import { availableParallelism } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { type ResourceLimits, Worker } from 'node:worker_threads';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { needsOwnCompilation } from '../../../engine/control/threads/own-compilation.js';
import { WorkerPool } from '../../../engine/control/threads/worker-pool.js';
import type { EchoAgent } from './echo-worker.js';

const test = suite('control/own-compilation');
const ENTRY = new URL('./echo-worker.js', import.meta.url);
const cores = availableParallelism();
setFlagsFromString('--allow-natives-syntax');

/** Whether one of that many threads compiles for itself. */
async function compilesForItself(threads: number): Promise<boolean> {
  await using pool = new WorkerPool<EchoAgent>({ threads, entry: ENTRY });
  const worker = await pool.place(0);
  return (await worker.client.call('compilesOnOwnThread', [])) as boolean;
}

/** Whether a thread that the application starts now has V8 compile elsewhere. */
async function isOtherShared(): Promise<boolean> {
  const code = `require('node:worker_threads').parentPort.postMessage(%IsConcurrentRecompilationSupported())`;
  const other = new Worker(code, { eval: true });
  return new Promise((resolve) => other.once('message', resolve));
}

test('threads compile for themselves where there are more of them than cores, and nobody else does', async () => {
  assert.is(await compilesForItself(cores + 1), true);
  assert.is(await compilesForItself(cores), false);
  assert.is(await isOtherShared(), true, 'a thread of the application');
});

test('a pool that cannot start leaves the flag as it was', async () => {
  const resourceLimits = 1 as unknown as ResourceLimits;
  assert.throws(() => new WorkerPool({ threads: cores + 1, entry: ENTRY, resourceLimits }));
  assert.is(await isOtherShared(), true);
});

test('a flag of the command line that says where to compile stays, and so do those that imply it', () => {
  assert.is(needsOwnCompilation(cores + 1), true);
  for (const flag of [
    '--concurrent-recompilation',
    '--no-concurrent_recompilation',
    '--noconcurrent-recompilation',
    '--single_threaded',
    '--predictable',
  ]) {
    process.execArgv.push(flag);
    assert.is(needsOwnCompilation(cores + 1), false, flag);
    process.execArgv.pop();
  }
});

test.run();
