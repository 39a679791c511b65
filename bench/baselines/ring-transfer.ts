/**
 * Buffers of 32 KiB from thread to thread as ArrayBuffers that are transferred.
 *
 *   node ring-transfer.js stream <buffers>       one way; each is allocated anew
 *   node ring-transfer.js round-trip <trips>     one, there and back
 *
 * Of 8 to 256 buffers ahead 64 were fastest. A word of each buffer is written and read.
 */
import { type MessagePort, parentPort, Worker, workerData } from 'node:worker_threads';

const SEGMENT_BYTES = 32_768;
const BUFFERS_AHEAD = 64;

interface Task {
  readonly kind: string;
  readonly count: number;
  /** [0] buffers that were read */
  readonly read: Int32Array;
}

function sendAll(port: MessagePort, { count, read }: Task): void {
  for (let value = 1; value <= count; value++) {
    for (let seen = Atomics.load(read, 0); value - seen > BUFFERS_AHEAD; seen = Atomics.load(read, 0))
      Atomics.wait(read, 0, seen);
    const words = new Int32Array(SEGMENT_BYTES / 4);
    words[0] = value;
    port.postMessage(words.buffer, [words.buffer as ArrayBuffer]);
  }
}

function there(port: MessagePort, task: Task): void {
  port.postMessage('ready');
  if (task.kind === 'stream') {
    port.once('message', () => sendAll(port, task));
    return;
  }
  port.on('message', (buffer: ArrayBuffer) => port.postMessage(buffer, [buffer]));
}

function here(): void {
  const [kind = 'stream', records = '100000'] = process.argv.slice(2);
  const task: Task = { kind, count: Number(records), read: new Int32Array(new SharedArrayBuffer(4)) };
  const worker = new Worker(new URL(import.meta.url), { workerData: task });
  let [startedMs, taken, sum] = [0, 0, 0];
  const report = async (): Promise<void> => {
    const seconds = (performance.now() - startedMs) / 1e3;
    await worker.terminate();
    process.stdout.write(`${JSON.stringify({ records: task.count, seconds, checksum: `${sum}` })}\n`);
  };
  const begin = (): void => {
    startedMs = performance.now();
    if (kind === 'stream') worker.postMessage('go');
    else trip(new Int32Array(SEGMENT_BYTES / 4));
  };
  const trip = (words: Int32Array): void => {
    words[0] = taken + 1;
    worker.postMessage(words.buffer, [words.buffer as ArrayBuffer]);
  };
  worker.on('message', (message: 'ready' | ArrayBuffer) => {
    if (message === 'ready') {
      begin();
      return;
    }
    const words = new Int32Array(message);
    sum += words[0]!;
    if (++taken === task.count) {
      void report();
    } else if (kind === 'stream') {
      Atomics.store(task.read, 0, taken);
      Atomics.notify(task.read, 0);
    } else trip(words);
  });
}

if (parentPort === null) here();
else there(parentPort, workerData as Task);
