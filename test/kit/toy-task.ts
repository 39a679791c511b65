/**
 * A task without operators: reads its gates, writes its partitions, and keeps count, so that whole graphs of exchanges
 * can be run, inline or on threads, and checked channel by channel.
 *
 * The records of a channel carry 1, 2, 3, …, so a loss, a copy or a change of order shows at once. At a barrier each
 * task notes what it had sent and got on every channel: the two ends of a channel must note the same. A task may leave
 * its gates early; once it has left all of them it ends its outputs, and waits for the ends of its inputs.
 */
import type { DebloatOptions } from '../../engine/base/option-catalogue.js';
import { Prng } from '../../engine/base/prng.js';
import { BroadcastWriter } from '../../engine/exchange/broadcast-writer.js';
import { controlBytesAt } from '../../engine/exchange/element.js';
import type { HardWaiter } from '../../engine/exchange/hard-waiter.js';
import {
  GATE_BARRIER,
  GATE_BUFFER,
  GATE_CHANNEL_ENDED,
  GATE_EMPTY,
  type InputGate,
  openGate,
} from '../../engine/exchange/input-gate.js';
import { openPartition } from '../../engine/exchange/open-partition.js';
import type { ResultPartition } from '../../engine/exchange/result-partition.js';
import type { ControlArena } from '../../engine/memory/control-arena.js';
import type { Exchange } from '../../engine/memory/exchange-arena.js';
import { takeTurn, writeRecord, writeToAll } from './exchange-kit.js';

/** Where a task stands at an exchange: its exchange, and its number there as receiver or as sender. */
export interface ToyEnd {
  readonly exchange: Exchange;
  readonly index: number;
  /** Every record goes to all receivers. */
  readonly isBroadcast: boolean;
}

export interface ToySetup {
  readonly task: number;
  readonly inputs: readonly ToyEnd[];
  readonly outputs: readonly ToyEnd[];
  readonly seed: number;
  /** Records that a task without inputs makes. */
  readonly records: number;
  readonly debloat: DebloatOptions | null;
  /** Leaves its gates, now and then one. */
  readonly releases: boolean;
}

/** Counts by exchange and then by channel: of what was sent, by subpartition; of what was got, by channel. */
export interface Cut {
  readonly sent: readonly (readonly number[])[];
  /** Null of a gate that was released. */
  readonly got: readonly (readonly number[] | null)[];
}

export type ToyStep = 'progress' | 'input' | 'output' | 'done';

/** One record in so many is larger than a segment, where the exchange allows it. */
const LARGE_EVERY = 37;
/** Records written for one that was read, drawn at random. */
const WRITES = [0, 0, 0, 0, 0, 1, 1, 2];
/** One look at its gates in so many ends with leaving one, where a task does that. */
const RELEASE_EVERY = 60;

export class ToyTask {
  readonly gates: readonly InputGate[];
  readonly partitions: readonly ResultPartition[];
  readonly #broadcasts: readonly BroadcastWriter[];
  /** By barrier. */
  readonly cuts = new Map<number, Cut>();
  /** Barrier that a task without inputs shall post. */
  barrierAsked = 0;
  isDone = false;
  readonly #setup: ToySetup;
  readonly #prng: Prng;
  readonly #sent: number[][];
  readonly #got: number[][];
  /** By gate: the barrier it waits at for the other gates; 0: none. */
  readonly #heldAt: number[];
  readonly #hasEnded: boolean[];
  readonly #hasLeft: boolean[];
  #hasFinished = false;
  #made = 0;
  #barrierPosted = 0;
  #nextGate = 0;
  #clock = 0;

  constructor(setup: ToySetup, control: ControlArena, waiter: HardWaiter) {
    this.#setup = setup;
    this.#prng = new Prng(setup.seed + setup.task * 7919);
    this.gates = setup.inputs.map(({ exchange, index }) => openGate(exchange, index, control, setup.debloat));
    this.partitions = setup.outputs.map(({ exchange, index }) =>
      openPartition(exchange, index, control, waiter),
    );
    this.#broadcasts = this.partitions.map(
      (partition, o) => new BroadcastWriter(partition, setup.outputs[o]!.exchange.view.i32),
    );
    this.#sent = this.partitions.map(({ subpartitions }) => subpartitions.map(() => 0));
    this.#got = this.gates.map(({ channelCount }) => new Array<number>(channelCount).fill(0));
    this.#heldAt = this.gates.map(() => 0);
    this.#hasEnded = this.gates.map(() => false);
    this.#hasLeft = this.gates.map(() => false);
  }

  /** It was asked to post a barrier and has not yet. */
  get owesBarrier(): boolean {
    return this.gates.length === 0 && this.barrierAsked !== this.#barrierPosted;
  }

  /** What was sent and got in all, or so far. */
  get cut(): Cut {
    const got = this.#got.map((counts, g) => (this.#hasLeft[g] ? null : counts));
    return structuredClone({ sent: this.#sent, got });
  }

  /** Gates that it has left. */
  get released(): number {
    return this.#hasLeft.filter((left) => left).length;
  }

  abortBarriers(upTo: number): void {
    for (const [g, gate] of this.gates.entries()) {
      gate.abortBarriers(upTo);
      if (this.#heldAt[g]! <= upTo) this.#heldAt[g] = 0;
    }
  }

  /** A bounded piece of work; never waits but in the middle of a record. */
  step(): ToyStep {
    if (this.isDone) return 'done';
    if (this.owesBarrier) {
      this.#post(this.barrierAsked); // posting needs no room
      return 'progress';
    }
    for (const partition of this.#hasFinished ? [] : this.partitions)
      if (!partition.available && !partition.refresh()) return 'output';
    const step = this.gates.length === 0 ? this.#make() : this.#read();
    for (const partition of this.partitions) partition.ringOwed();
    return step;
  }

  /** Before waiting. @returns false while credit would let more be sent */
  flush(): boolean {
    let all = true;
    for (const partition of this.partitions) all = partition.flush() && all;
    for (const gate of this.gates) gate.ringOwed();
    return all;
  }

  isReady(after: ToyStep): boolean {
    if (after === 'output') return this.#isRoomKnown() || this.isCreditReady();
    if (this.gates.length === 0) return true;
    return this.gates.some((gate, g) => this.#heldAt[g] === 0 && !this.#hasEnded[g] && gate.isInputReady());
  }

  isCreditReady(): boolean {
    return this.partitions.some((partition) => partition.isCreditReady());
  }

  #isRoomKnown(): boolean {
    return this.partitions.every((partition) => partition.available);
  }

  #make(): ToyStep {
    if (this.#made === this.#setup.records) {
      this.#finish();
      return 'done';
    }
    const many = Math.min(1 + this.#prng.below(20), this.#setup.records - this.#made);
    this.#made += many;
    for (let n = 0; n < many; n++) this.#write();
    return 'progress';
  }

  #read(): ToyStep {
    if (this.#setup.releases && this.#prng.below(RELEASE_EVERY) === 0) {
      if (this.#leave(this.#prng.below(this.gates.length))) return 'progress'; // others may go on
    }
    if (!this.#hasFinished && this.gates.every((_, g) => this.#hasEnded[g] || this.#hasLeft[g])) {
      this.#finish();
      return this.isDone ? 'done' : 'progress';
    }
    for (let looked = 0; looked < this.gates.length; looked++) {
      const g = this.#nextGate;
      this.#nextGate = (g + 1) % this.gates.length;
      if (this.#heldAt[g] !== 0 || this.#hasEnded[g]) continue;
      const gate = this.gates[g]!;
      if (this.#setup.debloat !== null && gate.isDebloatDue(++this.#clock))
        gate.debloat(this.#clock, this.#clock);
      const found = gate.poll();
      if (found === GATE_EMPTY) continue;
      if (found === GATE_BUFFER) this.#take(g, gate);
      else if (found === GATE_BARRIER) this.#heldAt[g] = gate.barrierId;
      else if (found !== GATE_CHANNEL_ENDED) this.#end(g);
      this.#passBarrier();
      return 'progress';
    }
    return 'input';
  }

  #end(g: number): void {
    this.#hasEnded[g] = true;
    this.isDone = this.#hasFinished && this.#hasEnded.every((ended) => ended);
  }

  /** @returns  true unless it had left the gate, or read it to its end */
  #leave(g: number): boolean {
    if (this.#hasEnded[g] || this.#hasLeft[g]) return false;
    this.gates[g]!.release();
    this.#hasLeft[g] = true;
    this.#heldAt[g] = 0;
    this.#passBarrier();
    return true;
  }

  /** Reads a buffer and writes a record or two, or none, for each of its records. */
  #take(g: number, gate: InputGate): void {
    const { i32, f64 } = this.#setup.inputs[g]!.exchange.view;
    const got = this.#got[g]!;
    for (let p = gate.begin; p < gate.end; ) {
      const bytes = i32[p >> 2]!;
      if (bytes < 0) {
        p += controlBytesAt(i32, p);
        continue;
      }
      const value = f64[(p >> 3) + 1]!;
      if (value !== ++got[gate.channel]!) {
        const where = `task ${this.#setup.task}, gate ${g}, channel ${gate.channel}`;
        throw new Error(`${where}: record ${value} where ${got[gate.channel]} should be`);
      }
      for (let at = p + 16; at < p + bytes; at += 8)
        if (f64[at >> 3] !== value) throw new Error('a torn record');
      p += bytes;
      for (let n = WRITES[this.#prng.below(WRITES.length)]!; n > 0; n--) this.#write();
    }
    gate.recycle();
  }

  #write(): void {
    for (const [o, partition] of this.partitions.entries()) {
      const { exchange, isBroadcast } = this.#setup.outputs[o]!;
      const sent = this.#sent[o]!;
      const isLarge = this.#prng.below(LARGE_EVERY) === 0;
      const room = isLarge ? exchange.spec.elementBytesMax : Math.min(exchange.spec.segmentBytes, 64);
      const bytes = 24 + 8 * this.#prng.below((room - 24) / 8 + 1);
      if (isBroadcast) {
        for (const k of sent.keys()) sent[k]!++;
        writeToAll(exchange, this.#broadcasts[o]!, sent[0]!, bytes);
      } else {
        const k = exchange.spec.isAdaptive
          ? takeTurn(partition, bytes)
          : this.#prng.below(partition.subpartitions.length);
        writeRecord(exchange, partition, k, ++sent[k]!, bytes);
      }
      if (this.#prng.below(50) === 0) partition.emitWatermark(++this.#clock);
      if (this.#prng.below(100) === 0) partition.flush();
    }
  }

  /** A barrier is passed on when it has come on every gate that has not ended; a newer one on another gate cancels it. */
  #passBarrier(): void {
    const newest = Math.max(...this.#heldAt);
    if (newest === 0) return;
    for (const g of this.gates.keys()) if (this.#heldAt[g]! < newest) this.#heldAt[g] = 0;
    const isAligned = this.gates.every(
      (_, g) => this.#hasEnded[g] || this.#hasLeft[g] || this.#heldAt[g] === newest,
    );
    if (!isAligned) return;
    this.#heldAt.fill(0);
    this.#post(newest);
  }

  #post(id: number): void {
    this.#barrierPosted = id;
    this.cuts.set(id, this.cut);
    for (const partition of this.partitions) partition.emitBarrier(id);
  }

  #finish(): void {
    for (const partition of this.partitions) partition.finish();
    this.#hasFinished = true;
    this.isDone = this.#hasEnded.every((ended) => ended);
  }
}
