/**
 * Buffers of 32 KiB through the engine's own partition, gate and parker, and nothing else of it, between two threads.
 *
 *   node ring-engine.js stream <buffers>        one way, as fast as they are taken
 *   node ring-engine.js round-trip <trips>      there and back, one at a time, both threads asleep in between
 *
 * A word of each buffer is written and read, so that what is measured is what surrounds the bytes. The seconds are from the
 * first buffer to the last, when both threads are there.
 */
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { GATE_BUFFER, GATE_ENDED, type InputGate, openGate } from '../../engine/exchange/input-gate.js';
import { openPartition } from '../../engine/exchange/open-partition.js';
import type { ResultPartition } from '../../engine/exchange/result-partition.js';
import { ControlArena, createControlArena } from '../../engine/memory/control-arena.js';
import { attachExchange, createExchange, type Exchange } from '../../engine/memory/exchange-arena.js';
import type { ExchangeSpec } from '../../engine/memory/exchange-sizes.js';
import { CREDIT, INPUT, type Parker } from '../../engine/memory/parker.js';
import type { SharedMemory } from '../../engine/memory/region.js';

const SEGMENT_BYTES = 32_768;
const ATTEMPT = 1;
/** Tasks: this thread is 0, the other 1. */
const specOf = (id: number, sender: number): ExchangeSpec => ({
  ...{
    id,
    pattern: 'pointwise',
    senders: 1,
    receivers: 1,
    senderTasks: [sender],
    receiverTasks: [1 - sender],
  },
  ...{
    segmentBytes: SEGMENT_BYTES,
    exclusivePerChannel: 2,
    floatingPerGate: 8,
    buffersPerSubpartitionMax: 10,
  },
  ...{ overdraftPerPartition: 20, isAdaptive: false, elementBytesMax: SEGMENT_BYTES },
});
/** From this thread to the other, and back. */
const [THERE, BACK] = [specOf(0, 0), specOf(1, 1)];

interface Shared {
  readonly control: SharedMemory;
  readonly there: SharedMemory;
  readonly back: SharedMemory;
  readonly kind: string;
  readonly count: number;
}

const NEVER = {
  awaitCredit: () => {
    throw new Error('a record that may begin has waited');
  },
};

/** One thread's ends. */
class Side {
  readonly parker: Parker;
  readonly #out: Exchange;
  readonly #in: Exchange;
  readonly #partition: ResultPartition;
  readonly #gate: InputGate;

  constructor({ control: memory, there, back }: Shared, task: 0 | 1) {
    const control = new ControlArena(memory, ATTEMPT);
    const exchanges = [attachExchange(THERE, there, ATTEMPT), attachExchange(BACK, back, ATTEMPT)];
    this.parker = control.parker(task);
    this.#out = exchanges[task]!;
    this.#in = exchanges[1 - task]!;
    this.#partition = openPartition(this.#out, 0, control, NEVER);
    this.#gate = openGate(this.#in, 0, control);
  }

  /** Buffers that carry the numbers from 1 on, as fast as there is room. */
  sendAll(count: number): void {
    const partition = this.#partition;
    const room = { isReady: () => partition.isCreditReady() };
    for (let value = 1; value <= count; ) {
      while (partition.available && value <= count) this.#write(value++);
      partition.flush();
      while (!partition.refresh()) this.parker.park(CREDIT, room, Number.POSITIVE_INFINITY);
    }
    partition.finish();
    partition.ringOwed();
  }

  /** @returns the sum of what came */
  receiveAll(): number {
    let sum = 0;
    for (let found = this.#gate.poll(); found !== GATE_ENDED; found = this.#gate.poll()) {
      if (found === GATE_BUFFER) sum += this.#read();
      else this.#sleep();
    }
    return sum;
  }

  send(value: number): void {
    this.#write(value);
    this.#partition.flush();
  }

  receive(): number {
    while (this.#gate.poll() !== GATE_BUFFER) this.#sleep();
    return this.#read();
  }

  #write(value: number): void {
    const position = this.#partition.roll(0, SEGMENT_BYTES);
    this.#out.view.i32[position >> 2] = value;
    this.#partition.subpartitions[0]!.pos = position + SEGMENT_BYTES;
  }

  #read(): number {
    const value = this.#in.view.i32[this.#gate.begin >> 2]!;
    this.#gate.recycle();
    return value;
  }

  #sleep(): void {
    const gate = this.#gate;
    gate.ringOwed();
    this.parker.park(INPUT, { isReady: () => gate.isInputReady() }, Number.POSITIVE_INFINITY);
  }
}

function runHere({ kind, count }: Shared, side: Side): number {
  // The other thread says that it is there; what it costs to start is not asked.
  if (side.receive() !== 0) throw new Error('the other thread has not begun with a 0');
  const startedMs = performance.now();
  let sum = 0;
  if (kind === 'stream') sum = side.receiveAll();
  else
    for (let trip = 1; trip <= count; trip++) {
      side.send(trip);
      sum += side.receive();
    }
  const seconds = (performance.now() - startedMs) / 1e3;
  process.stdout.write(`${JSON.stringify({ records: count, seconds, checksum: `${sum}` })}\n`);
  return sum;
}

function runThere({ kind, count }: Shared, side: Side): void {
  side.send(0);
  if (kind === 'stream') side.sendAll(count);
  else for (let trip = 1; trip <= count; trip++) side.send(side.receive());
}

if (isMainThread) {
  const [kind = 'stream', count = '100000'] = process.argv.slice(2);
  const shared: Shared = {
    control: createControlArena({ tasks: 2, cursors: 0, attempt: ATTEMPT }),
    there: createExchange(THERE, ATTEMPT),
    back: createExchange(BACK, ATTEMPT),
    ...{ kind, count: Number(count) },
  };
  new Worker(new URL(import.meta.url), { workerData: shared }).once('error', (error) => {
    throw error;
  });
  runHere(shared, new Side(shared, 0));
} else runThere(workerData as Shared, new Side(workerData as Shared, 1));
