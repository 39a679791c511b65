import { recordText } from '../base/record-text.js';
import type { Batch, SourceReader, Split } from '../connectors/connector.js';
import type { BatchProcess, ChainCore } from './chain-core.js';
import type { SourceMarkers } from './latency-markers.js';
import { STEP, type Step, type TaskInput } from './task-input.js';
import type { TokenBucket } from './token-bucket.js';

/** What a reader is fed with, by the host. */
export interface SplitSupply {
  readonly splits: readonly Split[];
  /** Position of the next split nobody has taken, in order; past the end when none is left. Never waits. */
  take(): number;
  /** True once the input shall end where it is. */
  isDrained(): boolean;
  /** The pace of the records. */
  readonly pace: TokenBucket;
  /** Null: no latency is measured. */
  readonly markers: SourceMarkers | null;
}

/**
 * Reads splits one after another and runs the chain over their batches.
 *
 * Between two splits the watermark stands still: the reader is neither idle nor at its end, because the next split it
 * takes may be earlier than those that others read.
 *
 * Runs in: the source task.
 */
export class SourceInput implements TaskInput {
  readonly #core: ChainCore;
  readonly #process: BatchProcess;
  readonly #reader: SourceReader;
  readonly #supply: SplitSupply;
  readonly #fields: readonly string[] | null;
  readonly #make: ((index: number) => unknown) | undefined;
  #hasSplit = false;
  #batch: Exclude<Batch, { kind: 'wait' }> | null = null;
  #next = 0;
  waitUntilMs = 0;
  waitFor: Promise<void> | null = null;
  /** A promise has brought the word to wait, which the next step passes on. */
  #isToldToWait = false;
  #failure: { readonly error: unknown } | null = null;
  splitsDone = 0;

  constructor(
    core: ChainCore,
    process: BatchProcess,
    reader: SourceReader,
    supply: SplitSupply,
    shape: { fields: readonly string[] | null; make?: ((index: number) => unknown) | undefined },
  ) {
    this.#core = core;
    this.#process = process;
    this.#reader = reader;
    this.#supply = supply;
    this.#fields = shape.fields;
    this.#make = shape.make;
  }

  step(budget: number): Step {
    if (this.#supply.isDrained()) return this.#end(); // also while its reader has not answered
    if (this.waitFor !== null) return STEP.WAIT_PROMISE;
    if (this.#failure !== null) throw this.#failure.error;
    if (this.#isToldToWait) {
      this.#isToldToWait = false;
      return STEP.WAIT_TIME;
    }
    if (this.#batch === null && !this.#hasSplit) return this.#openNext();
    const { pace, markers } = this.#supply;
    let allowed = pace.allow(budget);
    if (allowed === 0) {
      this.waitUntilMs = pace.waitUntilMs; // rate/bucket
      return STEP.WAIT_TIME;
    }
    if (markers !== null) allowed = markers.limit(allowed); // latency/scheduled
    if (this.#batch === null) {
      const batch = this.#reader.poll(allowed);
      if (batch instanceof Promise) return this.#await(batch.then((each) => this.#acceptLate(each)));
      this.#accept(batch);
      if (this.waitUntilMs > 0) return STEP.WAIT_TIME;
      if (this.#batch === null) return STEP.PROGRESS;
    }
    const batch = this.#batch;
    const begin = this.#next;
    this.#next = this.#process(batch, begin, Math.min(batch.length, begin + allowed));
    pace.spend(this.#next - begin);
    if (markers !== null && this.#next > begin) markers.follow();
    if (this.#next >= batch.length) this.#batch = null;
    return STEP.PROGRESS;
  }

  /** A source waits for time; that it shall end, and that its rate changed, is all the news there is. */
  isReady(): boolean {
    return this.#supply.isDrained() || this.#supply.pace.hasChanged(); // rate/at-once
  }

  ringOwed(): void {}

  describeRow(core: ChainCore): string | null {
    const index = core.failedAt;
    const batch = this.#batch;
    if (batch === null || index < 0) return null;
    if (batch.kind === 'rows') return recordText(batch.rows[index]);
    if (batch.kind === 'columns') {
      return recordText(
        Object.fromEntries((this.#fields ?? []).map((name, k) => [name, batch.columns[k]?.[index]])),
      );
    }
    const position = batch.begin + index * batch.stride;
    try {
      return `${position}: ${recordText(this.#make?.(position))}`;
    } catch {
      return String(position); // it was the source's own function that failed
    }
  }

  close(): void | Promise<void> {
    return this.#reader.close();
  }

  #openNext(): Step {
    const index = this.#supply.take();
    const split = this.#supply.splits[index];
    if (split === undefined) return this.#end();
    this.#hasSplit = true;
    const opened = this.#reader.open(split);
    return opened instanceof Promise ? this.#await(opened) : STEP.PROGRESS;
  }

  #end(): Step {
    this.waitUntilMs = 0;
    this.#core.onWatermark(Number.POSITIVE_INFINITY);
    return STEP.DONE;
  }

  #accept(batch: Batch | null): void {
    this.waitUntilMs = 0;
    if (batch === null) {
      this.#hasSplit = false;
      this.splitsDone++;
    } else if (batch.kind === 'wait') {
      this.waitUntilMs = batch.untilMs;
    } else {
      this.#batch = batch;
      this.#next = 0;
    }
  }

  #acceptLate(batch: Batch | null): void {
    this.#accept(batch);
    this.#isToldToWait = this.waitUntilMs > 0;
  }

  #await(promise: Promise<void>): Step {
    this.waitFor = promise.then(
      () => {
        this.waitFor = null;
      },
      (error: unknown) => {
        this.waitFor = null;
        this.#failure = { error }; // thrown by the next step: whoever waited may have gone on for another reason
      },
    );
    return STEP.WAIT_PROMISE;
  }
}
