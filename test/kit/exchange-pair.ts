/** Whole small exchanges in one thread. */
import type { DebloatOptions } from '../../engine/base/option-catalogue.js';
import { type InputGate, openGate } from '../../engine/exchange/input-gate.js';
import { openPartition } from '../../engine/exchange/open-partition.js';
import type { ResultPartition } from '../../engine/exchange/result-partition.js';
import {
  CONTROL_FIRST_BYTE,
  ControlArena,
  createControlArena,
  TASK_BYTES,
} from '../../engine/memory/control-arena.js';
import { attachExchange, createExchange, type Exchange } from '../../engine/memory/exchange-arena.js';
import type { ExchangeSpec } from '../../engine/memory/exchange-sizes.js';
import { dump } from '../../engine/memory/layout.js';
import { drain, steppingWaiter, tinySpec, writeRecord } from './exchange-kit.js';

/** One sender and one receiver; a record that waits hard lets the receiver read a buffer. */
export function pair(changes: Partial<ExchangeSpec> = {}) {
  const spec = tinySpec(changes);
  const control = new ControlArena(
    createControlArena({ tasks: spec.senders + spec.receivers, cursors: 0, attempt: 1 }),
    1,
  );
  const exchange = attachExchange(spec, createExchange(spec, 1), 1);
  const gate = openGate(exchange, 0, control);
  const got: string[][] = [];
  const waiter = steppingWaiter(() => drain(exchange, gate, got, 1));
  const partition = openPartition(exchange, 0, control, waiter);
  const write = (value: number, bytes = 24) => writeRecord(exchange, partition, 0, value, bytes);
  return { spec, control, exchange, gate, got, waiter, partition, write };
}

export interface Many {
  readonly control: ControlArena;
  readonly exchange: Exchange;
  readonly partitions: readonly ResultPartition[];
  readonly gates: readonly InputGate[];
  /** By receiver, then by channel. */
  readonly got: string[][][];
  /** What a record that waits hard lets others do; throws at first. */
  whileWaiting: () => void;
  write(sender: number, receiver: number, value: number, bytes?: number): void;
  /** Lets a receiver read as many buffers. */
  read(receiver: number, buffers?: number): number;
  /** Rings that a task heard. */
  rings(task: number): number;
  /** Looks at something while a task's interest in some bits is raised. */
  whileParked(task: number, bits: number, look: () => void): void;
}

/** Any number of senders and receivers. */
export function many(changes: Partial<ExchangeSpec>, debloat: DebloatOptions | null = null): Many {
  const spec = tinySpec(changes);
  const memory = createControlArena({ tasks: spec.senders + spec.receivers, cursors: 0, attempt: 1 });
  const control = new ControlArena(memory, 1);
  const exchange = attachExchange(spec, createExchange(spec, 1), 1);
  const gates = spec.receiverTasks.map((_, receiver) => openGate(exchange, receiver, control, debloat));
  const waiter = steppingWaiter(() => all.whileWaiting(), 10);
  const partitions = spec.senderTasks.map((_, sender) => openPartition(exchange, sender, control, waiter));
  const got: string[][][] = gates.map(() => []);
  const all: Many = {
    ...{ control, exchange, partitions, gates, got },
    whileWaiting: () => {
      throw new Error('nobody expected a hard wait');
    },
    write: (sender, receiver, value, bytes = 64) =>
      writeRecord(exchange, partitions[sender]!, receiver, value, bytes),
    read: (receiver, buffers = Infinity) => drain(exchange, gates[receiver]!, got[receiver]!, buffers),
    rings: (task) => dump('doorbell', memory, CONTROL_FIRST_BYTE + task * TASK_BYTES)['seq']!,
    whileParked: (task, bits, look) => {
      const isReady = (): boolean => {
        look();
        return true;
      };
      control.parker(task).park(bits, { isReady }, 0);
    },
  };
  return all;
}
