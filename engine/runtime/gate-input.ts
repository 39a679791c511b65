import { assert } from '../base/assert.js';
import { SluiceError } from '../base/errors.js';
import { recordText } from '../base/record-text.js';
import {
  CONTROL_HEADER_BYTES,
  controlBytesAt,
  TAG_IDLE,
  TAG_LATENCY,
  TAG_SHAPE,
  TAG_WATERMARK,
} from '../exchange/element.js';
import { GATE_BUFFER, GATE_CHANNEL_ENDED, GATE_EMPTY, type InputGate } from '../exchange/input-gate.js';
import type { Categories } from '../records/categories.js';
import type { RowView } from '../records/row-layout.js';
import type { ChainCore, GateProcess } from './chain-core.js';
import type { CompiledChain, InputShape } from './codegen/chain-compiler.js';
import type { ReleasableInput } from './held-input.js';
import type { KeySampler } from './key-sampler.js';
import type { LatencyMarkers } from './latency-markers.js';
import { STEP, type Step } from './task-input.js';
import { readShape, rowAt } from './undeclared-writer.js';
import type { WatermarkValve } from './watermark-valve.js';

/** A gate of a task, and what arrives through it. */
export interface GateParts {
  readonly gate: InputGate;
  /** The memory that its rows lie in. */
  readonly view: RowView;
  /** Its number among the gates of the task. */
  readonly number: number;
  /** In the valve, that of its first channel; the others follow. */
  readonly firstChannel: number;
  /** The shape of all rows; null: each channel tells its own. */
  readonly declared: InputShape | null;
  /** Columns by which the rows were spread; null: they were not. */
  readonly keys: readonly string[] | null;
}

/**
 * Runs the chain over the buffers of a gate, in place, and handles what travels between the records: watermarks,
 * idleness, latency markers, and the shapes of undeclared rows.
 *
 * Runs in: the consuming task.
 */
export class GateInput implements ReleasableInput {
  readonly #chain: CompiledChain;
  readonly #core: ChainCore;
  readonly #parts: GateParts;
  readonly #gate: InputGate;
  readonly #view: RowView;
  readonly #categories: Categories | null;
  readonly #valve: WatermarkValve;
  readonly #markers: LatencyMarkers | null;
  /** By channel: the loop for the shape its rows have now; null before an undeclared channel told its shape. */
  readonly #processes: (GateProcess | null)[];
  readonly #shapes: (InputShape | null)[];
  readonly #compiled = new Map<string, GateProcess>();
  #hasBuffer = false;
  #at = 0;
  /** Counts the keys of its rows, while somebody asks for them. */
  sampler: KeySampler | null = null;
  readonly waitUntilMs = 0;
  readonly waitFor = null;

  /**
   * @param valve    one for all gates of the task
   * @param markers  null: no latency is measured
   */
  constructor(
    chain: CompiledChain,
    parts: GateParts,
    valve: WatermarkValve,
    categories: Categories | null,
    markers: LatencyMarkers | null,
  ) {
    const { gate, view, declared } = parts;
    this.#chain = chain;
    this.#core = chain.core;
    this.#parts = parts;
    this.#gate = gate;
    this.#view = view;
    this.#categories = categories;
    this.#valve = valve;
    this.#markers = markers;
    const process = declared === null ? null : chain.gate(parts.number, declared);
    this.#processes = new Array<GateProcess | null>(gate.channelCount).fill(process);
    this.#shapes = new Array<InputShape | null>(gate.channelCount).fill(declared);
  }

  /** A buffer was begun and is not read to its end. */
  get hasBuffer(): boolean {
    return this.#hasBuffer;
  }

  step(budget: number): Step {
    if (!this.#hasBuffer) {
      const event = this.#gate.poll();
      if (event === GATE_EMPTY) return STEP.WAIT_INPUT;
      if (event === GATE_CHANNEL_ENDED) {
        const wasIdle = this.#valve.isIdle;
        this.#valve.onEnd(this.#parts.firstChannel + this.#gate.channel);
        this.#advance(wasIdle);
        return STEP.PROGRESS;
      }
      if (event !== GATE_BUFFER) {
        assert(
          this.#core.watermarkMs === this.#valve.watermarkMs,
          'the chain was told how far time is when the channels of a gate have all ended',
        );
        return STEP.DONE;
      }
      this.#hasBuffer = true;
      this.#at = this.#gate.begin;
      this.#markers?.reads();
      if (this.sampler !== null) this.#look(this.sampler);
    }
    const { channel, end } = this.#gate;
    if (this.#at < end && this.#view.i32[this.#at >> 2]! < 0) {
      this.#control(channel);
    } else {
      const process = this.#processes[channel];
      if (process === null || process === undefined)
        throw new Error(`channel ${channel} sent rows before their shape`);
      this.#at = process(this.#at, end, budget);
    }
    if (this.#at >= end) {
      this.#hasBuffer = false;
      this.#gate.recycle();
    }
    return STEP.PROGRESS;
  }

  /** Leaves the gate: from now on only its end comes. What the chain would have done with its rows is not done. */
  release(): void {
    if (this.#hasBuffer) {
      this.#hasBuffer = false;
      this.#gate.recycle();
    }
    this.#gate.release();
  }

  isReady(): boolean {
    return this.#hasBuffer || this.#gate.isInputReady();
  }

  ringOwed(): void {
    this.#gate.ringOwed();
  }

  describeRow(core: ChainCore): string | null {
    const shape = this.#shapes[this.#gate.channel];
    if (core.failedAt < 0 || shape === null || shape === undefined) return null;
    return recordText(rowAt(this.#view, shape, this.#categories, core.failedAt));
  }

  close(): void {}

  #look(sampler: KeySampler): void {
    const { channel, begin, end } = this.#gate;
    const { keys, view } = this.#parts;
    if (keys !== null) sampler.look({ keys, view }, this.#shapes[channel] ?? null, begin, end);
  }

  #control(channel: number): void {
    const { i32, f64, buf } = this.#view;
    const at = this.#at;
    this.#at += controlBytesAt(i32, at);
    switch (i32[at >> 2]) {
      case TAG_WATERMARK: {
        const wasIdle = this.#valve.isIdle;
        this.#valve.onWatermark(this.#parts.firstChannel + channel, f64[(at >> 3) + 1]!);
        this.#advance(wasIdle);
        return;
      }
      case TAG_IDLE: {
        const wasIdle = this.#valve.isIdle;
        this.#valve.onIdle(this.#parts.firstChannel + channel, i32[(at >> 2) + 1] === 1);
        this.#advance(wasIdle);
        return;
      }
      case TAG_LATENCY:
        this.#markers?.pass(i32[(at >> 2) + 1]!, f64[(at >> 3) + 1]!, f64[(at >> 3) + 2]!);
        return;
      case TAG_SHAPE: {
        const bytes = i32[(at >> 2) + 1]!;
        this.#learn(
          channel,
          buf.toString('utf8', at + CONTROL_HEADER_BYTES, at + CONTROL_HEADER_BYTES + bytes),
        );
        return;
      }
      default:
        throw new SluiceError(
          'RECORD_CORRUPT',
          `channel ${channel} holds an element of unknown tag ${i32[at >> 2]}`,
        );
    }
  }

  #learn(channel: number, text: string): void {
    const shape = readShape(text);
    let process = this.#compiled.get(text);
    if (process === undefined) {
      process = this.#chain.gate(this.#parts.number, shape);
      this.#compiled.set(text, process);
    }
    this.#shapes[channel] = shape;
    this.#processes[channel] = process;
  }

  /** What the valve came to is told to the chain; who reads it hears no watermarks of an idle task. */
  #advance(wasIdle: boolean): void {
    const { watermarkMs, isIdle } = this.#valve;
    if (wasIdle && !isIdle) this.#core.onIdle(false);
    if (watermarkMs > this.#core.watermarkMs) this.#core.onWatermark(watermarkMs);
    if (isIdle && !wasIdle) this.#core.onIdle(true);
  }
}
