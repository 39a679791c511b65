/**
 * What the shuffles over messages share: threads that make, threads that count, and a message channel for each pair.
 * Nothing waits in the main thread: records go from maker to counter.
 */
import {
  isMainThread,
  MessageChannel,
  type MessagePort,
  parentPort,
  type TransferListItem,
  Worker,
  workerData,
} from 'node:worker_threads';
import { checksumOf, type Row, type ShuffleOptions, type ShuffleResult } from './shuffle-records.js';

export interface ShuffleThread extends ShuffleOptions {
  readonly role: 'maker' | 'counter';
  readonly me: number;
  /** To all counters, or to all makers, in order. */
  readonly ports: readonly MessagePort[];
  /** By channel, maker by maker: batches that the counter has read; see `CreditWindow`. */
  readonly read: Int32Array;
}

export interface ShuffleRoles {
  /** Makes and sends this thread's share; begins when it is called. */
  make(thread: ShuffleThread): void | Promise<void>;
  /** Called before any maker begins. @returns what it has counted, when all makers have ended */
  count(thread: ShuffleThread): Promise<Row[]>;
}

/** Call it in the entry file of the program, which is also that of its threads. */
export async function shuffleThreads(
  entry: string,
  options: () => ShuffleOptions,
  roles: ShuffleRoles,
): Promise<void> {
  if (isMainThread) process.stdout.write(`${JSON.stringify(await runMain(entry, options()))}\n`);
  else await runThread(roles);
}

/** The share of records that a maker makes: from the first, below the second. */
export function shareOf({ me, makers, records }: ShuffleThread): readonly [number, number] {
  return [Math.floor((me * records) / makers), Math.floor(((me + 1) * records) / makers)];
}

/**
 * Holds a maker back that is so many batches ahead of a counter. A message port has no bound of its own, and without
 * one the batches of a maker that is faster than its counters fill the memory.
 */
export class CreditWindow {
  readonly #read: Int32Array;
  readonly #channel: number;
  readonly #batchesMax: number;
  #sent = 0;

  constructor({ read, me, counters }: ShuffleThread, counter: number, batchesMax: number) {
    this.#read = read;
    this.#channel = me * counters + counter;
    this.#batchesMax = batchesMax;
  }

  /** Before each batch. Blocks the thread. */
  await(): void {
    for (;;) {
      const read = Atomics.load(this.#read, this.#channel);
      if (this.#sent - read < this.#batchesMax) break;
      Atomics.wait(this.#read, this.#channel, read);
    }
    this.#sent++;
  }
}

/** A counter has read a batch of this maker. */
export function grant({ read, me, counters }: ShuffleThread, maker: number): void {
  Atomics.add(read, maker * counters + me, 1);
  Atomics.notify(read, maker * counters + me);
}

async function runMain(entry: string, options: ShuffleOptions): Promise<ShuffleResult> {
  const { makers, counters } = options;
  const read = new Int32Array(new SharedArrayBuffer(4 * makers * counters));
  const channels = Array.from({ length: makers }, () =>
    Array.from({ length: counters }, () => new MessageChannel()),
  );
  const spawn = (role: ShuffleThread['role'], me: number, ports: MessagePort[]): Worker =>
    new Worker(new URL(entry), {
      workerData: { ...options, role, me, ports, read } satisfies ShuffleThread,
      transferList: ports as TransferListItem[],
    });
  const workers = [
    ...channels.map((row, me) =>
      spawn(
        'maker',
        me,
        row.map(({ port1 }) => port1),
      ),
    ),
    ...Array.from({ length: counters }, (_, me) =>
      spawn(
        'counter',
        me,
        channels.map((row) => row[me]!.port2),
      ),
    ),
  ];
  const rows: Row[] = [];
  let [readyCount, endedCount, startedMs] = [0, 0, 0];
  const seconds = await new Promise<number>((resolve, reject) => {
    for (const worker of workers) {
      worker.once('error', reject);
      worker.on('message', (message: 'ready' | Row[]) => {
        if (message === 'ready') {
          if (++readyCount < workers.length) return;
          startedMs = performance.now();
          for (const each of workers) each.postMessage('go');
          return;
        }
        for (const row of message) rows.push(row);
        if (++endedCount === counters) resolve((performance.now() - startedMs) / 1e3);
      });
    }
  });
  await Promise.all(workers.map((worker) => worker.terminate()));
  return { records: options.records, seconds, checksum: checksumOf(rows) };
}

async function runThread({ make, count }: ShuffleRoles): Promise<void> {
  const thread = workerData as ShuffleThread;
  const counted = thread.role === 'counter' ? count(thread) : null;
  const go = new Promise((resolve) => parentPort!.once('message', resolve));
  parentPort!.postMessage('ready');
  await go;
  if (counted === null) await make(thread);
  else parentPort!.postMessage(await counted);
}
