import { availableParallelism } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { WorkerPool } from '../../../engine/control/threads/worker-pool.js';
import type { EchoAgent } from './echo-worker.js';

const test = suite('control/own-compilation');
const ENTRY = new URL('./echo-worker.js', import.meta.url);

/** Whether one of that many threads compiles for itself. */
async function compilesForItself(threads: number): Promise<boolean> {
  await using pool = new WorkerPool<EchoAgent>({ threads, entry: ENTRY });
  const worker = await pool.place(0);
  return (await worker.client.call('compilesOnOwnThread', [])) as boolean;
}

test('threads compile for themselves where there are more of them than cores, and nobody else does', async () => {
  setFlagsFromString('--allow-natives-syntax');
  const cores = availableParallelism();
  assert.is(await compilesForItself(cores + 1), true);
  assert.is(await compilesForItself(cores), false);
  const code = `require('node:worker_threads').parentPort.postMessage(%IsConcurrentRecompilationSupported())`;
  const other = new Worker(code, { eval: true });
  const isShared = await new Promise((resolve) => other.once('message', resolve));
  assert.is(isShared, true, 'a thread of the application');
});

test.run();
