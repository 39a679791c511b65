/**
 * How long from a credit that a receiver grants until its sender can spend it?
 *
 *   node grants.js <size>
 *
 * Two threads with the engine's own partition, gate and parker, and nothing else of it: one sender, one receiver. The
 * sender fills its partition until it has no room. Time runs from before the receiver gives the segment of a buffer
 * back, the ring included, until the sender has seen that it has room again.
 *
 *   parked   the sender sleeps at its doorbell, for a while already
 *   running  the sender looks again and again
 */
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { HISTOGRAM_BUCKETS, LatencyHistogram } from '../../engine/base/latency-histogram.js';
import type { HardWaiter } from '../../engine/exchange/hard-waiter.js';
import { GATE_BUFFER, type InputGate, openGate } from '../../engine/exchange/input-gate.js';
import { openPartition } from '../../engine/exchange/open-partition.js';
import type { ResultPartition } from '../../engine/exchange/result-partition.js';
import { ControlArena, createControlArena } from '../../engine/memory/control-arena.js';
import { attachExchange, createExchange } from '../../engine/memory/exchange-arena.js';
import type { ExchangeSpec } from '../../engine/memory/exchange-sizes.js';
import { CREDIT } from '../../engine/memory/parker.js';
import type { SharedMemory } from '../../engine/memory/region.js';
import { reportFigures, sizeArgument } from '../probes/probe-report.js';
import { processMs } from '../probes/process-clock.js';

const SPEC: ExchangeSpec = {
  ...{ id: 0, pattern: 'pointwise', senders: 1, receivers: 1, senderTasks: [0], receiverTasks: [1] },
  ...{ segmentBytes: 1024, exclusivePerChannel: 2, floatingPerGate: 8, buffersPerSubpartitionMax: 10 },
  ...{ overdraftPerPartition: 20, isAdaptive: false, elementBytesMax: 1024 },
};
const ATTEMPT = 1;
const SENDER = 0;
/** A sender that has looked once and gone to sleep is asleep after this; also long enough for its core to idle. */
const ASLEEP_MS = 0.3;

/** Words between the two threads: how often the sender had no room, and when the receiver granted. */
const [FULL, GRANTED] = [0, 0];

interface Shared {
  readonly control: SharedMemory;
  readonly exchange: SharedMemory;
  readonly rounds: Int32Array;
  readonly grantedMs: Float64Array;
  /** Tenths of microseconds. */
  readonly counts: Float64Array;
  readonly parks: boolean;
  readonly warmUp: number;
  readonly grants: number;
}

/** The receiver. */
async function measure(parks: boolean, grants: number): Promise<LatencyHistogram> {
  const shared: Shared = {
    control: createControlArena({ tasks: 2, cursors: 0, attempt: ATTEMPT }),
    exchange: createExchange(SPEC, ATTEMPT),
    rounds: new Int32Array(new SharedArrayBuffer(4)),
    grantedMs: new Float64Array(new SharedArrayBuffer(8)),
    counts: new Float64Array(new SharedArrayBuffer(HISTOGRAM_BUCKETS * 8)),
    ...{ parks, grants, warmUp: grants / 5 },
  };
  const control = new ControlArena(shared.control, ATTEMPT);
  const gate = openGate(attachExchange(SPEC, shared.exchange, ATTEMPT), 0, control);
  const sender = new Worker(new URL(import.meta.url), { workerData: shared });
  const ended = new Promise<void>((resolve, reject) => {
    sender.once('error', reject);
    sender.once('exit', () => resolve());
  });
  for (let round = 1; round <= shared.warmUp + grants; round++) {
    while (Atomics.load(shared.rounds, FULL) < round) Atomics.wait(shared.rounds, FULL, round - 1, 1_000);
    const asleepMs = processMs() + ASLEEP_MS;
    while (processMs() < asleepMs);
    grantOne(gate, shared.grantedMs);
  }
  await ended;
  return new LatencyHistogram(shared.counts);
}

function grantOne(gate: InputGate, grantedMs: Float64Array): void {
  if (gate.poll() !== GATE_BUFFER) throw new Error('a sender without room has sent something');
  grantedMs[GRANTED] = processMs();
  gate.recycle();
  gate.ringOwed();
}

function send({ control: memory, exchange, rounds, grantedMs, counts, parks, warmUp, grants }: Shared): void {
  const control = new ControlArena(memory, ATTEMPT);
  const parker = control.parker(SENDER);
  const partition = openPartition(attachExchange(SPEC, exchange, ATTEMPT), 0, control, NEVER);
  const condition = { isReady: () => partition.isCreditReady() };
  const histogram = new LatencyHistogram(counts);
  for (let round = 1; round <= warmUp + grants; round++) {
    fill(partition);
    Atomics.store(rounds, FULL, round);
    Atomics.notify(rounds, FULL);
    while (!partition.refresh()) if (parks) parker.park(CREDIT, condition, Number.POSITIVE_INFINITY);
    const nowMs = processMs();
    if (round > warmUp) histogram.add((nowMs - grantedMs[GRANTED]!) * 1e4);
  }
}

/** Nothing is written without room. */
const NEVER: HardWaiter = {
  awaitCredit: () => {
    throw new Error('a record that may begin has waited');
  },
};

/** Writes whole buffers until no record may begin. */
function fill(partition: ResultPartition): void {
  const [sub] = partition.subpartitions;
  while (partition.available) {
    sub!.pos = partition.roll(0, SPEC.segmentBytes) + SPEC.segmentBytes;
    partition.flush();
  }
}

if (isMainThread) {
  const grants = sizeArgument() === 'smoke' ? 200 : 5_000;
  const [parked, running] = [await measure(true, grants), await measure(false, grants)];
  reportFigures({
    'grant-us-p50': parked.at(0.5) / 10,
    'grant-us-p99': parked.at(0.99) / 10,
    'grant-running-us-p50': running.at(0.5) / 10,
    'grant-running-us-p99': running.at(0.99) / 10,
  });
} else send(workerData as Shared);
