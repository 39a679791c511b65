/** Tasks that wait, made by hand in memory: no thread, no loop, only the words that they would have left. */
import { type InputGate, openGate } from '../../engine/exchange/input-gate.js';
import { openPartition } from '../../engine/exchange/open-partition.js';
import type { ResultPartition } from '../../engine/exchange/result-partition.js';
import { CHANNEL } from '../../engine/memory/channel.js';
import {
  CONTROL_FIRST_BYTE,
  ControlArena,
  createControlArena,
  TASK_BYTES,
} from '../../engine/memory/control-arena.js';
import { attachExchange, createExchange, type Exchange } from '../../engine/memory/exchange-arena.js';
import type { ExchangeSpec } from '../../engine/memory/exchange-sizes.js';
import { DOORBELL } from '../../engine/memory/parker.js';
import type { SharedMemory } from '../../engine/memory/region.js';
import type { TaskClock } from '../../engine/memory/task-clock.js';
import { drain, tinySpec, writeRecord } from './exchange-kit.js';

export interface PlantedLink {
  readonly from: readonly number[];
  readonly to: readonly number[];
  readonly changes?: Partial<ExchangeSpec>;
}

class NobodyWaits extends Error {}

export class PlantedTasks {
  readonly memory: SharedMemory;
  readonly exchanges: readonly SharedMemory[];
  readonly control: ControlArena;
  readonly clocks: readonly TaskClock[];
  readonly #attached: readonly Exchange[];
  /** By link, then by sender or receiver. */
  readonly partitions: readonly (readonly ResultPartition[])[];
  readonly gates: readonly (readonly InputGate[])[];

  /** All tasks are busy since 0. */
  constructor(tasks: number, links: readonly PlantedLink[]) {
    this.memory = createControlArena({ tasks, cursors: 0, attempt: 1 });
    const control = new ControlArena(this.memory, 1);
    this.control = control;
    this.clocks = Array.from({ length: tasks }, (_, task) => control.clock(task));
    for (const clock of this.clocks) clock.begin(0);
    const specs = links.map(({ from, to, changes }, id) =>
      tinySpec({
        senders: from.length,
        receivers: to.length,
        ...changes,
        id,
        senderTasks: from,
        receiverTasks: to,
      }),
    );
    this.exchanges = specs.map((spec) => createExchange(spec, 1));
    this.#attached = specs.map((spec, id) => attachExchange(spec, this.exchanges[id]!, 1));
    const waiter = {
      awaitCredit: () => {
        throw new NobodyWaits();
      },
    };
    this.partitions = this.#attached.map((exchange) =>
      exchange.spec.senderTasks.map((_, sender) => openPartition(exchange, sender, control, waiter)),
    );
    this.gates = this.#attached.map((exchange) =>
      exchange.spec.receiverTasks.map((_, receiver) => openGate(exchange, receiver, control)),
    );
  }

  /** Publishes as many buffers from the first sender to the first receiver of a link, and begins no other. */
  publish(link: number, buffers: number, sender = 0, k = 0): void {
    for (let value = 0; value < buffers; value++) {
      writeRecord(this.#attached[link]!, this.partitions[link]![sender]!, k, value, 64);
      const partition = this.partitions[link]![sender]!;
      const sub = partition.subpartitions[k]!;
      sub.channel.publish(sub.segment, 64, 0);
      partition.buffersOut++;
      sub.channel.noteOpen(0);
      Object.assign(sub, { segment: -1, pos: 0, limit: 0, start: 0, end: 0 });
    }
  }

  /** Writes from the first sender to the first receiver of a link until a record would wait inside. */
  fill(link: number): void {
    try {
      for (;;) writeRecord(this.#attached[link]!, this.partitions[link]![0]!, 0, 1, 64);
    } catch (error) {
      if (!(error instanceof NobodyWaits)) throw error;
    }
  }

  /** Writes a record from the first sender of a link to its receiver k. */
  write(link: number, k: number, value: number): void {
    writeRecord(this.#attached[link]!, this.partitions[link]![0]!, k, value);
  }

  /** Reads all that can be read at receiver k of a link. @returns the records */
  readAll(link: number, k: number): number[] {
    const found: string[][] = [];
    drain(this.#attached[link]!, this.gates[link]![k]!, found);
    return found.flat().map(Number);
  }

  /** Leaves a record in a buffer that is not full. */
  begin(link: number): void {
    writeRecord(this.#attached[link]!, this.partitions[link]![0]!, 0, 1, 24);
  }

  /** Reads as many buffers at the first receiver of a link. */
  read(link: number, buffers: number): void {
    const gate = this.gates[link]![0]!;
    for (let i = 0; i < buffers; i++) {
      gate.poll();
      gate.recycle();
    }
  }

  /** A buffer from one sender is published and read at the first receiver, whatever others have sent. */
  readOnly(link: number, sender: number): void {
    const exchange = this.#attached[link]!;
    const { words, base } = exchange.channelMemory(sender * exchange.spec.receivers);
    if (words[base + CHANNEL.tail] === words[base + CHANNEL.head]) this.publish(link, 1, sender);
    words[base + CHANNEL.head]!++;
    words[base + CHANNEL.granted]!++;
  }

  /** Posts a barrier from one sender to all receivers of a link. */
  barrier(link: number, sender: number): void {
    this.partitions[link]![sender]!.emitBarrier(1);
  }

  /** The receivers of a link have looked, and found nothing that they could read. */
  lookedAt(link: number): void {
    for (const receiver of this.gates[link]!.keys()) this.#attached[link]!.readyWords(receiver).gather();
  }

  /** The task is parked for these bits from now on; 0: it is not. */
  park(task: number, bits: number): void {
    const words = new Int32Array(this.memory);
    words[((CONTROL_FIRST_BYTE + task * TASK_BYTES) >> 2) + DOORBELL.interest] = bits;
  }
}
