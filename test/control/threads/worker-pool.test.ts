import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { SluiceError } from '../../../engine/base/errors.js';
import type { PlacedWorker } from '../../../engine/control/threads/placed-worker.js';
import type { Deployment } from '../../../engine/control/threads/protocol.js';
import { WorkerPool, type WorkerPoolOptions } from '../../../engine/control/threads/worker-pool.js';
import { failureOf } from '../../kit/run-kit.js';
import type { EchoAgent } from './echo-worker.js';

const test = suite('control/worker-pool');
const ENTRY = new URL('./echo-worker.js', import.meta.url);

const pools: WorkerPool<EchoAgent>[] = [];
const unhandled: unknown[] = [];
process.on('unhandledRejection', (error) => unhandled.push(error));

function openPool(threads: number, options: Partial<WorkerPoolOptions> = {}): WorkerPool<EchoAgent> {
  const pool = new WorkerPool<EchoAgent>({ threads, entry: ENTRY, ...options });
  pools.push(pool);
  return pool;
}

function placeAll(pool: WorkerPool<EchoAgent>, count: number): Promise<PlacedWorker<EchoAgent>[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => pool.place(index)));
}

/** Active resources by name, without the pipes of the standard streams. */
function resources(): string[] {
  return process
    .getActiveResourcesInfo()
    .filter(
      (name) => name === 'MessagePort' || name === 'Worker' || name === 'Timeout' || name === 'Immediate',
    )
    .sort();
}

/** A port that was closed is listed until the event loop has let go of it. */
async function portsClosed(): Promise<void> {
  for (let i = 0; i < 200 && resources().includes('MessagePort'); i++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.not(resources().includes('MessagePort'), 'no port is open');
}

test.after.each(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close(0)));
  assert.equal(unhandled.splice(0), []);
});

test('every placed task has its own thread, and its agent answers', async () => {
  const pool = openPool(3);
  assert.is(pool.freeThreads, 3);
  const workers = await placeAll(pool, 3);
  assert.is(new Set(workers.map((worker) => worker.threadId)).size, 3);
  assert.is(pool.freeThreads, 0);
  const answers = await Promise.all(workers.map((worker) => worker.client.call('echo', [worker.index])));
  assert.equal(answers, [0, 1, 2]);
});

test('threads/admit: a task without a free thread is refused before anything is placed', async () => {
  const pool = openPool(2);
  assert.throws(
    () => pool.admit(3),
    (error: SluiceError) => {
      assert.is(error.code, 'WORKER_POOL_EXHAUSTED');
      assert.equal(error.detail, { requested: 3, free: 2, threads: 2 });
      return true;
    },
  );
  const workers = await placeAll(pool, 2);
  assert.is((await failureOf(pool.place(2))).code, 'WORKER_POOL_EXHAUSTED');
  await workers[0]!.release();
  await workers[0]!.done;
  assert.is(pool.freeThreads, 1);
  const again = await pool.place(7, 'window, subtask 0');
  assert.is(await again.client.call('echo', ['reused']), 'reused');
  assert.is(again.name, 'window, subtask 0');
  assert.is(await workers[1]!.client.call('echo', ['undisturbed']), 'undisturbed');
});

test('a thread count out of range is refused', () => {
  for (const threads of [0, -1, 1.5, Number.NaN, 513]) {
    assert.throws(
      () => new WorkerPool({ threads }),
      (error: SluiceError) => error.code === 'ARGUMENT_INVALID',
    );
  }
});

test('thread/cause: process.exit in a worker is WORKER_EXITED with its code, and ends the calls in flight', async () => {
  const [first, second] = await placeAll(openPool(2), 2);
  const pending = first!.client.call('sleep', [60_000]);
  const call = failureOf(first!.client.call('exit', [3]));
  const error = await failureOf(first!.done);
  assert.is(error.code, 'WORKER_EXITED');
  assert.is(error.detail['exitCode'], 3);
  assert.match(error.message, /worker 0 ended with exit code 3/);
  for (const failure of [await call, await failureOf(pending)]) {
    assert.is(failure.code, 'CONTROL_CALL_FAILED');
    assert.match(failure.message, /(exit|sleep) on worker 0: .*exit code 3/);
    assert.is((failure.cause as SluiceError).code, 'WORKER_EXITED');
  }
  assert.is(await second!.client.call('echo', ['alive']), 'alive');
});

test('done is known before the calls in flight fail, so that a race of both names the reason', async () => {
  const [worker] = await placeAll(openPool(1), 1);
  const run = worker!.client.call('exit', [5]);
  assert.is((await failureOf(Promise.race([run, worker!.done]))).code, 'WORKER_EXITED');
});

test('thread/cause: an uncaught error in a worker is the cause of its end', async () => {
  const [thrower, rejecter] = await placeAll(openPool(2), 2);
  void thrower!.client.call('throwLater', ['from a timer']);
  void rejecter!.client.call('rejectLater', ['from a promise']);
  const thrown = await failureOf(thrower!.done);
  assert.is(thrown.code, 'WORKER_EXITED');
  assert.is(thrown.detail['reason'], 'uncaught-error');
  const cause = thrown.cause as Error & { code: string };
  assert.instance(cause, RangeError);
  assert.is(cause.message, 'from a timer');
  assert.is(cause.code, 'USER_MADE');
  assert.match(cause.stack ?? '', /echo-worker/);
  const rejected = await failureOf(rejecter!.done);
  assert.is((rejected.cause as Error).message, 'from a promise');
});

test('thread/cause: a worker that runs out of heap says so', async () => {
  const pool = openPool(1, { resourceLimits: { maxOldGenerationSizeMb: 24, maxYoungGenerationSizeMb: 4 } });
  const [worker] = await placeAll(pool, 1);
  void worker!.client.call('fillHeap', []);
  const error = await failureOf(worker!.done);
  assert.is(error.code, 'WORKER_EXITED');
  assert.is(error.detail['reason'], 'out-of-memory');
  assert.is((error.cause as Error & { code: string }).code, 'ERR_WORKER_OUT_OF_MEMORY');
});

test('threads/fixed: a thread that died is replaced, and takes the next task', async () => {
  const pool = openPool(1);
  const [worker] = await placeAll(pool, 1);
  void worker!.client.call('exit', [1]);
  await failureOf(worker!.done);
  assert.is(pool.freeThreads, 1);
  const next = await pool.place(1);
  assert.is(await next.client.call('echo', ['fresh']), 'fresh');
  assert.is.not(next.threadId, worker!.threadId);
});

test('thread/end: terminate ends a worker that waits in shared memory, and is known only when it is gone', async () => {
  const [worker, other] = await placeAll(openPool(2), 2);
  const words = new Int32Array(new SharedArrayBuffer(8));
  const blocked = failureOf(worker!.client.call('blockOn', [words]));
  await new Promise((resolve) => setTimeout(resolve, 30));
  await worker!.terminate('the test is over');
  assert.is(Atomics.notify(words, 0), 0, 'nobody waits any more');
  const error = await failureOf(worker!.done);
  assert.is(error.code, 'TASK_CANCELLED');
  assert.match(error.message, /the test is over/);
  assert.is((await blocked).code, 'CONTROL_CALL_FAILED');
  assert.is(await other!.client.call('echo', [1]), 1);
  await worker!.terminate();
  await worker!.release();
});

test('thread/end: after a task has ended nothing of it touches its memory', async () => {
  const pool = openPool(2);
  for (const end of ['terminate', 'close']) {
    const worker = await pool.place(0);
    const words = new Int32Array(new SharedArrayBuffer(8));
    void worker.client.call('countIn', [words]);
    while (Atomics.load(words, 0) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    void (end === 'terminate' ? worker.terminate() : pool.close(1));
    assert.is((await failureOf(worker.done)).code, 'TASK_CANCELLED');
    const last = Atomics.load(words, 0);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.is(Atomics.load(words, 0), last, end);
  }
});

test('a blocked worker answers nothing: the timeout of the call ends the wait', async () => {
  const [worker] = await placeAll(openPool(1), 1);
  const words = new Int32Array(new SharedArrayBuffer(8));
  const blocked = worker!.client.call('blockOn', [words]);
  const error = await failureOf(worker!.client.call('echo', [1], { timeoutMs: 50 }));
  assert.is(error.detail['reason'], 'timeout');
  Atomics.store(words, 0, 1);
  Atomics.notify(words, 0);
  assert.is(await blocked, 'woken');
});

test('close waits for calls in flight within its grace', async () => {
  const pool = openPool(2);
  const [busy, idle] = await placeAll(pool, 2);
  const call = busy!.client.call('sleep', [60]);
  const closing = pool.close(5_000);
  assert.is(await call, 60);
  await closing;
  await busy!.done;
  await idle!.done;
  assert.is((await failureOf(busy!.client.call('echo', [1]))).code, 'CONTROL_CALL_FAILED');
});

test('close terminates what is left when the grace is over, and says so', async () => {
  const pool = openPool(2);
  const [blocked, idle] = await placeAll(pool, 2);
  await idle!.client.call('echo', ['loaded']);
  const call = failureOf(blocked!.client.call('blockOn', [new Int32Array(new SharedArrayBuffer(8))]));
  await pool.close(60);
  const error = await failureOf(blocked!.done);
  assert.is(error.code, 'TASK_CANCELLED');
  assert.match(error.message, /within 60 ms/);
  assert.is((await call).code, 'CONTROL_CALL_FAILED');
  await idle!.done;
});

test('attempt/quarantine: a thread inside a call to the system is given up after a while, and counted', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-pipe-'));
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const pool = openPool(2, { exitMsMax: 300 });
  const [stuck, idle] = await placeAll(pool, 2);
  await idle!.client.call('echo', ['loaded']);
  const call = failureOf(stuck!.client.call('readPipe', [pipe]));
  const writer = await writerOf(pipe); // it has begun, and waits for what will be written
  await pool.close(50);
  assert.is(pool.quarantinedThreads, 1);
  assert.is((await call).code, 'CONTROL_CALL_FAILED');
  closeSync(writer); // lets it go, so that this process can end
  rmSync(folder, { recursive: true });
  for (let tries = 0; tries < 500 && pool.threadCount > 0; tries++)
    await new Promise((resolve) => setTimeout(resolve, 10));
  assert.is(pool.threadCount, 0);
});

/** Opens the other end of a pipe, once somebody waits at this one. */
async function writerOf(pipe: string): Promise<number> {
  for (;;) {
    try {
      return openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
    } catch (error: any) {
      if (error.code !== 'ENXIO') throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test('threads/closed: a closed pool refuses tasks, and closing again gives the same promise', async () => {
  const pool = openPool(1);
  const closing = pool.close();
  assert.is(pool.close(), closing);
  assert.is((await failureOf(pool.place(0))).code, 'CONTROL_CALL_FAILED');
  await closing;
  assert.is((await failureOf(pool.place(0))).code, 'CONTROL_CALL_FAILED');
});

test('an entry that cannot be loaded fails every task with the reason', async () => {
  const pool = openPool(2, {
    entry: new URL('./no-such-worker.js', import.meta.url),
    onStrayError: () => {},
  });
  const outcomes = await Promise.all([0, 1].map((index) => failureOf(pool.place(index).then((w) => w.done))));
  for (const error of outcomes) {
    assert.is(error.code, 'WORKER_EXITED');
    assert.match((error.cause as Error).message, /no-such-worker/);
  }
  // threads/fixed: the replacements die as well, and then the pool says that it cannot start any.
  const later = await failureOf(pool.place(2).then((worker) => worker.done));
  assert.is(later.code, 'WORKER_EXITED');
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.is((await failureOf(pool.place(3))).code, 'WORKER_EXITED');
});

test('an error in a thread without a task is reported, and hurts nobody', async () => {
  const stray: SluiceError[] = [];
  const pool = openPool(1, { onStrayError: (error) => stray.push(error) });
  const worker = await pool.place(0);
  void worker.client.call('throwLater', ['left behind']);
  await worker.release();
  const ended = await worker.done.then(
    () => 'released',
    (error) => error.code,
  );
  for (let i = 0; i < 100 && stray.length === 0 && ended === 'released'; i++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  // The timer fires before or after the release: either the task's end or the stray report carries it.
  assert.is(ended === 'released' ? stray.length : 1, 1);
  const next = await pool.place(1);
  assert.is(await next.client.call('echo', ['fine']), 'fine');
});

test('the engine has its own entry, and an agent there answers with coded errors', async () => {
  const pool = new WorkerPool({ threads: 1 });
  try {
    const worker = await pool.place(0, 'map, subtask 0');
    const missing = new URL('./no-such-job.js', import.meta.url).href;
    const deployment = { moduleUrl: missing, jobUrl: missing, params: {}, fingerprint: '', attempt: 1 };
    const subtask = { vertexId: '', taskName: 'map', subtaskIndex: 0, parallelism: 1 };
    const engine = { options: {}, proofs: [] } as unknown as Deployment['engine'];
    const error = await failureOf(worker.client.call('deploy', [{ ...deployment, subtask, engine }]));
    assert.match(error.code, /^JOB_MODULE_/);
  } finally {
    await pool.close();
  }
});

test('threads/closed: ten pools opened, used and closed in one process leave nothing behind', async () => {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  await portsClosed();
  const before = resources();
  const listenersBefore = process.eventNames().map((name) => [name, process.listenerCount(name)]);
  const rssMb: number[] = [];
  for (let round = 0; round < 10; round++) {
    const exits: Promise<void>[] = [];
    const pool = openPool(4);
    const workers = await placeAll(pool, 4);
    const answers = await Promise.all(
      workers.map(({ client, index }) => client.call('echo', [index + round])),
    );
    assert.equal(
      answers,
      [0, 1, 2, 3].map((index) => index + round),
    );
    for (const worker of workers) exits.push(worker.done);
    await pool.close();
    await Promise.all(exits);
    gc();
    await new Promise((resolve) => setImmediate(resolve));
    rssMb.push(Math.round(process.memoryUsage.rss() / 2 ** 20));
  }
  await portsClosed();
  assert.equal(resources(), before);
  assert.equal(
    process.eventNames().map((name) => [name, process.listenerCount(name)]),
    listenersBefore,
  );
  // One isolate is about 9 MB: a single thread leaked per round would show as 60 MB and more here.
  const grownMb = rssMb.at(-1)! - rssMb[3]!;
  assert.ok(grownMb < 40, `RSS stays level after the first rounds: ${rssMb.join(' ')} MB`);
});

test('threads/closed: a process ends by itself after it closed its pool, and also with an idle one', () => {
  const pool = new URL('../../../engine/control/threads/worker-pool.js', import.meta.url).href;
  const program = (last: string) => `
    import { WorkerPool } from ${JSON.stringify(pool)};
    const pool = new WorkerPool({ threads: 2, entry: new URL(${JSON.stringify(ENTRY.href)}) });
    const workers = await Promise.all([pool.place(0), pool.place(1)]);
    for (const { client } of workers) process.stdout.write(await client.call('echo', ['x']));
    ${last}
    process.stdout.write('!');`;
  for (const last of ['await pool.close();', 'for (const worker of workers) await worker.release();']) {
    const args = ['--input-type=module', '-e', program(last)];
    assert.is(execFileSync(process.execPath, args, { timeout: 20_000 }).toString(), 'xx!');
  }
});

test('threads/closed: a thread that fails while its pool closes is not replaced', async () => {
  for (const isIdle of [false, true]) {
    const pool = openPool(1, { onStrayError: () => {} });
    const worker = await pool.place(0);
    const { done } = worker;
    await worker.client.call('echo', ['loaded']);
    const words = new Int32Array(new SharedArrayBuffer(8));
    await worker.client.call('throwHeavy', [words]);
    if (isIdle) await worker.release();
    // This thread looks away until the worker's error is on its way here, and closes before it has seen it.
    assert.is(Atomics.wait(words, 0, 0, 10_000), 'ok', 'the worker threw while nobody looked');
    Atomics.wait(words, 1, 0, 5);
    await pool.close(0);
    assert.is(pool.threadCount, 0);
    await new Promise((resolve) => setTimeout(resolve, 250));
    assert.is(pool.threadCount, 0);
    if (!isIdle) assert.match((await failureOf(done)).code, /^(WORKER_EXITED|TASK_CANCELLED)$/);
  }
});

test.run();
