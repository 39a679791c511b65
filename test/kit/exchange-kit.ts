/** Small exchanges for tests: records that carry one number, written and read as generated code does. */

import type { BroadcastWriter } from '../../engine/exchange/broadcast-writer.js';
import {
  controlBytesAt,
  TAG_IDLE,
  TAG_LATENCY,
  TAG_SHAPE,
  TAG_WATERMARK,
} from '../../engine/exchange/element.js';
import type { HardClock, HardWaiter } from '../../engine/exchange/hard-waiter.js';
import type { InputGate } from '../../engine/exchange/input-gate.js';
import type { ResultPartition } from '../../engine/exchange/result-partition.js';
import type { Exchange } from '../../engine/memory/exchange-arena.js';
import type { ExchangeSpec } from '../../engine/memory/exchange-sizes.js';

export function tinySpec(changes: Partial<ExchangeSpec> = {}): ExchangeSpec {
  const senders = changes.senders ?? 1;
  const receivers = changes.receivers ?? 1;
  return {
    id: 1,
    pattern: 'all-to-all',
    senders,
    receivers,
    senderTasks: Array.from({ length: senders }, (_, i) => i),
    receiverTasks: Array.from({ length: receivers }, (_, i) => senders + i),
    segmentBytes: 64,
    exclusivePerChannel: 2,
    floatingPerGate: 0,
    buffersPerSubpartitionMax: 10,
    overdraftPerPartition: 0,
    isAdaptive: false,
    elementBytesMax: changes.segmentBytes ?? 64,
    ...changes,
  };
}

/** A record of `bytes` bytes whose fields are the number, repeated. Written by the contract of generated code. */
export function writeRecord(
  exchange: Exchange,
  partition: ResultPartition,
  k: number,
  value: number,
  bytes = 24,
) {
  const sub = partition.subpartitions[k]!;
  let p = sub.pos;
  if (p + bytes > sub.limit) p = partition.roll(k, bytes);
  storeRecord(exchange, p, value, bytes);
  if (bytes > partition.segmentBytes) partition.span(k, bytes);
  else sub.pos = p + bytes;
}

/** The same where the partition's turn decides. @returns the subpartition that got it */
export function writeInTurn(exchange: Exchange, partition: ResultPartition, value: number, bytes = 24) {
  const k = takeTurn(partition, bytes);
  writeRecord(exchange, partition, k, value, bytes);
  return k;
}

/** The subpartition whose turn it is to get a record. */
export function takeTurn(partition: ResultPartition, bytes: number): number {
  const k = partition.turn.next();
  const { pos, limit } = partition.subpartitions[k]!;
  return pos + bytes > limit ? partition.yieldTurn(k, bytes) : k;
}

/** The same into every subpartition. */
export function writeToAll(exchange: Exchange, broadcast: BroadcastWriter, value: number, bytes = 24) {
  storeRecord(exchange, broadcast.reserve(bytes), value, bytes);
  broadcast.spread(bytes);
}

function storeRecord({ view: { i32, f64 } }: Exchange, p: number, value: number, bytes: number): void {
  i32[p >> 2] = bytes;
  i32[(p >> 2) + 1] = value | 0;
  f64[(p >> 3) + 1] = value;
  for (let at = p + 16; at < p + bytes; at += 8) f64[at >> 3] = value;
}

/** Everything in the gate's buffer as text: `7` a record, `w9` a watermark, `i1` idleness, `s:abc` a shape, `m4` a latency marker. */
export function readBuffer(exchange: Exchange, gate: InputGate): string[] {
  const { i32, f64, buf } = exchange.view;
  const found: string[] = [];
  for (let p = gate.begin; p < gate.end; ) {
    const tag = i32[p >> 2]!;
    if (tag > 0) {
      for (let at = p + 8; at < p + tag; at += 8)
        if (f64[at >> 3] !== f64[(p >> 3) + 1]) throw new Error(`torn record at ${p}`);
      found.push(String(f64[(p >> 3) + 1]));
      p += tag;
    } else {
      if (tag === TAG_WATERMARK) found.push(`w${f64[(p >> 3) + 1]}`);
      else if (tag === TAG_IDLE) found.push(`i${i32[(p >> 2) + 1]}`);
      else if (tag === TAG_LATENCY) found.push(`m${f64[(p >> 3) + 1]}`);
      else if (tag === TAG_SHAPE)
        found.push(`s:${buf.toString('latin1', p + 8, p + 8 + i32[(p >> 2) + 1]!)}`);
      else throw new Error(`unknown tag ${tag} at ${p}`);
      p += controlBytesAt(i32, p);
    }
  }
  return found;
}

/** Reads until the gate has nothing; `into[channel]` collects the elements, and 'END' once it ended. */
export function drain(exchange: Exchange, gate: InputGate, into: string[][], buffersMax = Infinity): number {
  let buffers = 0;
  while (buffers < buffersMax) {
    const found = gate.poll();
    if (found === 0 || found === 3) break;
    const elements = (into[gate.channel] ??= []);
    if (found === 2) elements.push('END');
    else {
      elements.push(...readBuffer(exchange, gate));
      gate.recycle();
      buffers++;
    }
  }
  return buffers;
}

/** For hard waits that nobody times. */
export const UNTIMED: HardClock = { waitHard: () => {}, work: () => {} };

/** More hard waits than any test has: whoever comes here goes round in circles. */
const WAITS_MAX = 1_000_000;

/** A waiter for tests in one thread: lets somebody else move, and fails when that never helps. */
export function steppingWaiter(step: () => void, stepsMax = 1000): HardWaiter & { waits: number } {
  return {
    waits: 0,
    awaitCredit(partition) {
      if (++this.waits > WAITS_MAX) throw new Error('a record waits hard without end');
      for (let steps = 0; !partition.isSegmentReady(); steps++) {
        if (steps === stepsMax) throw new Error('nobody gives a credit');
        step();
      }
    },
  };
}
