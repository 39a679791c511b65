/**
 * An exchange of two by two under real threads: millions of records, exact sums, every segment home at the end.
 * Waits for output softly and hard in turn, flushes now and then, and lets receivers dawdle.
 */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Prng } from '../../engine/base/prng.js';
import { ThreadWaiter } from '../../engine/exchange/hard-waiter.js';
import { GATE_BUFFER, GATE_EMPTY, GATE_ENDED, openGate } from '../../engine/exchange/input-gate.js';
import { openPartition } from '../../engine/exchange/open-partition.js';
import { ControlArena, createControlArena } from '../../engine/memory/control-arena.js';
import { attachExchange, createExchange } from '../../engine/memory/exchange-arena.js';
import type { ExchangeSpec } from '../../engine/memory/exchange-sizes.js';
import { CREDIT, INPUT } from '../../engine/memory/parker.js';
import type { SharedMemory } from '../../engine/memory/region.js';
import { tinySpec, UNTIMED, writeRecord } from '../kit/exchange-kit.js';

interface Setup {
  readonly spec: ExchangeSpec;
  readonly control: SharedMemory;
  readonly memory: SharedMemory;
  readonly task: number;
  readonly seed: number;
  readonly records: number;
}
interface Tally {
  readonly count: number;
  readonly sum: number;
  readonly parks: number;
}

const FOREVER = Number.POSITIVE_INFINITY;
/** Never passed when all is well; a lost wake-up then ends the test instead of hanging it. */
const LIMIT_MS = 60_000;

function send({ spec, control: controlMemory, memory, task, seed, records }: Setup): Tally {
  const control = new ControlArena(controlMemory, 1);
  const exchange = attachExchange(spec, memory, 1);
  const parker = control.parker(task);
  const partition = openPartition(exchange, task, control, new ThreadWaiter(control, task, parker, UNTIMED));
  const condition = { isReady: () => partition.isCreditReady() };
  const prng = new Prng(seed + task);
  let sum = 0;
  for (let i = 1; i <= records; i++) {
    const random = prng.nextUint32();
    const isPolite = (i & 0x40000) === 0;
    while (isPolite && !partition.available && !partition.refresh()) {
      partition.ringOwed();
      parker.park(CREDIT, condition, FOREVER);
    }
    if (random % 1999 === 0) partition.flush();
    if (random % 4999 === 0) partition.emitWatermark(i);
    if (random % 99_991 === 0) while (!partition.flush()) parker.park(CREDIT, condition, FOREVER);
    const isLarge = random % 3001 === 0 && spec.elementBytesMax > spec.segmentBytes;
    writeRecord(
      exchange,
      partition,
      random % spec.receivers,
      i,
      isLarge ? spec.elementBytesMax : 24 + (random & 8),
    );
    sum += i;
  }
  partition.finish();
  return { count: records, sum, parks: parker.parks };
}

function receive({ spec, control: controlMemory, memory, task, seed }: Setup): Tally {
  const control = new ControlArena(controlMemory, 1);
  const exchange = attachExchange(spec, memory, 1);
  const { i32, f64 } = exchange.view;
  const parker = control.parker(task);
  const gate = openGate(exchange, task - spec.senders, control);
  const condition = { isReady: () => gate.isInputReady() };
  const prng = new Prng(seed + task);
  const last = new Float64Array(spec.senders);
  let count = 0;
  let sum = 0;
  for (let found = gate.poll(); found !== GATE_ENDED; found = gate.poll()) {
    if (found === GATE_EMPTY) {
      gate.ringOwed();
      parker.park(INPUT, condition, FOREVER);
    }
    if (found !== GATE_BUFFER) continue;
    for (let p = gate.begin, end = gate.end; p < end; ) {
      const bytes = i32[p >> 2]!;
      if (bytes > 0) {
        const value = f64[(p >> 3) + 1]!;
        if (value <= last[gate.channel]!) throw new Error(`${value} came after ${last[gate.channel]}`);
        last[gate.channel] = value;
        sum += value;
        count++;
      }
      p += bytes > 0 ? bytes : 16;
    }
    gate.recycle();
    if (prng.below(5000) === 0) parker.park(1 << 30, { isReady: () => false }, 1); // dawdles with rings owed
  }
  return { count, sum, parks: parker.parks };
}

async function play(seed: number, records: number, changes: Partial<ExchangeSpec>): Promise<void> {
  const spec = tinySpec({ senders: 2, receivers: 2, segmentBytes: 4096, ...changes });
  const control = createControlArena({ tasks: 4, cursors: 0, attempt: 1 });
  const memory = createExchange(spec, 1);
  const workers = [0, 1, 2, 3].map(
    (task) =>
      new Worker(new URL(import.meta.url), {
        workerData: { spec, control, memory, task, seed, records } satisfies Setup,
      }),
  );
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${LIMIT_MS} ms; seed ${seed}`)), LIMIT_MS);
  });
  const done = Promise.all(
    workers.map(
      (worker) =>
        new Promise<Tally>((resolve, reject) => void worker.once('message', resolve).once('error', reject)),
    ),
  );
  try {
    const tallies = await Promise.race([done, timeout]);
    const [sent, got] = [tallies.slice(0, 2), tallies.slice(2)];
    const total = (of: Tally[], what: 'count' | 'sum'): number =>
      of.reduce((sum, each) => sum + each[what], 0);
    assert.is(total(got, 'count'), 2 * records);
    assert.is(total(got, 'sum'), total(sent, 'sum'));
    attachExchange(spec, memory, 1).assertConserved();
  } finally {
    clearTimeout(timer);
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

if (isMainThread) {
  const stress = suite('exchange under real threads');
  const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
  const records = Number(process.env['RECORDS'] ?? 1_500_000);
  console.log(`seed ${seed}`);

  stress('exchange/swap-by-index, wait/park: with one credit a channel, all arrives once and in order', () =>
    play(seed, records, { exclusivePerChannel: 1, buffersPerSubpartitionMax: 2 }),
  );
  stress(
    'wait/hysteresis, pool/overdraft: with many credits and an overdraft, all arrives once and in order',
    () => play(seed + 1, records, { exclusivePerChannel: 5, overdraftPerPartition: 3, segmentBytes: 512 }),
  );
  stress(
    'gate/lend, credit/ask, gate/ready, record/span: with floating credits alone, all arrives once and in order',
    () =>
      play(seed + 2, records, {
        exclusivePerChannel: 0,
        floatingPerGate: 3,
        segmentBytes: 512,
        elementBytesMax: 2000,
        buffersPerSubpartitionMax: 3,
      }),
  );
  stress.run();
} else {
  const setup = workerData as Setup;
  parentPort!.postMessage(setup.task < setup.spec.senders ? send(setup) : receive(setup));
}
