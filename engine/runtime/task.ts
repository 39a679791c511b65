import type { Clock } from '../base/clock.js';
import { isSluiceError, SluiceError } from '../base/errors.js';
import { recordText } from '../base/record-text.js';
import type { Committable, SinkWriter } from '../connectors/connector.js';
import type { ResultPartition } from '../exchange/result-partition.js';
import type { CompiledChain } from './codegen/chain-compiler.js';
import { STEP, type Step, type TaskInput } from './task-input.js';

/** Most records handled between two looks at the words that others may have changed. */
const BUDGET_MAX = 1 << 16;
const BUDGET_START = 1 << 7;
/** A step should take about this long: short enough to react, long enough not to matter. */
const STEP_TARGET_MS = 0.5;

/** Errors of sinks that are not the engine's own get a code and a place. */
function sinkFailed(uid: string, subtask: number, error: unknown): unknown {
  if (isSluiceError(error)) return error;
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new SluiceError('OUTPUT_WRITE_FAILED', `the sink ${uid}, subtask ${subtask}: ${message}`, {
    detail: { operator: uid, subtask },
    cause: error,
  });
}

/** Legal moves of a subtask. Any other move is a bug in the engine. */
const NEXT = {
  CREATED: ['RUNNING', 'CANCELED', 'FAILED'],
  RUNNING: ['FINISHING', 'CANCELED', 'FAILED'],
  FINISHING: ['FINISHED', 'CANCELED', 'FAILED'],
  FINISHED: [],
  CANCELED: [],
  FAILED: [],
} as const;

export type TaskState = keyof typeof NEXT;

export interface TaskParts {
  readonly subtask: number;
  readonly chain: CompiledChain;
  readonly input: TaskInput;
  readonly partitions: readonly ResultPartition[];
  /** By uid of their operators. */
  readonly writers: ReadonlyMap<string, SinkWriter>;
  /** Processing time. */
  readonly clock: Clock;
  /** Longest time a record waits in an unfinished buffer; 0: flush after every step; Infinity: only when full. */
  readonly bufferTimeoutMs: number;
  /** How often event-time operators give out their watermark. */
  readonly watermarkIntervalMs: number;
  /** Records of every step, for a host whose runs must be equal; by default the budget follows the clock. */
  readonly fixedBudget?: number;
}

/**
 * One subtask at work: an input, the compiled chain over it, and what the chain feeds.
 *
 * A task is moved by calling `step`; it never waits by itself and does not know in which thread, or between which
 * other tasks, it is. Everything that gives rows out obeys availability: a step begins only while every output has
 * room, and stops after the row that used it up.
 *
 * Runs in: its own thread, or stepped beside others.
 */
export class Task {
  readonly #parts: TaskParts;
  #state: TaskState = 'CREATED';
  #budget = BUDGET_START;
  #stepBeganMs = Number.NaN;
  #flushedMs = 0;
  #watermarkMs = Number.NEGATIVE_INFINITY;
  /** Time in which it was not backpressured, up to the last step. */
  #freeMs = 0;
  /** Of the last step; NaN while backpressured. */
  #freeSinceMs = Number.NaN;
  #sinksFlushed = true;
  #committing: Promise<void> | null = null;
  #failure: { readonly error: unknown } | null = null;
  readonly #committables = new Map<string, Committable>();

  constructor(parts: TaskParts) {
    this.#parts = parts;
    this.#budget = parts.fixedBudget ?? BUDGET_START;
  }

  get state(): TaskState {
    return this.#state;
  }

  get core(): CompiledChain['core'] {
    return this.#parts.chain.core;
  }

  /**
   * When it has to be called although nothing has come that it waits for; Infinity: never. Monotonic milliseconds.
   *
   * @param step  what the last step came to
   */
  wakeAtMs(step: Step): number {
    if (step === STEP.WAIT_INPUT || step === STEP.WAIT_ANSWER) return this.#dueAtMs();
    if (step !== STEP.WAIT_TIME) return Number.POSITIVE_INFINITY;
    const { notBeforeMs } = this.core;
    // The input may say what it waited for before.
    return notBeforeMs > 0 ? notBeforeMs : Math.min(this.#parts.input.waitUntilMs, this.#dueAtMs());
  }

  /** A timer is due, or no rows have come for so long that event time is idle. */
  #dueAtMs(): number {
    const { timerMs, idleAtMs } = this.core;
    const { clock } = this.#parts;
    const leastMs = Math.min(idleAtMs - this.#freeMs, timerMs - clock.wallMs());
    return leastMs === Number.POSITIVE_INFINITY ? leastMs : clock.monotonicMs() + leastMs;
  }

  /** For WAIT_PROMISE. */
  get waitFor(): Promise<void> | null {
    return this.#committing ?? this.#parts.input.waitFor;
  }

  /** What the sinks hand to their committers, by uid; complete once the task has finished. */
  get committables(): ReadonlyMap<string, Committable> {
    return this.#committables;
  }

  /**
   * Does a bounded piece of work.
   *
   * @param nowMs  monotonic time
   * @throws SluiceError  a user function failed, a record does not fit, a sink cannot write; the task has then failed
   */
  step(nowMs: number): Step {
    this.#adapt(nowMs);
    if (nowMs > this.#freeSinceMs) this.#freeMs += nowMs - this.#freeSinceMs;
    const step = this.#advance(nowMs);
    this.#freeSinceMs = step === STEP.WAIT_OUTPUT ? Number.NaN : nowMs;
    for (const partition of this.#parts.partitions) partition.ringOwed(); // wait/coalesce
    this.#stepBeganMs = step === STEP.PROGRESS ? nowMs : Number.NaN;
    return step;
  }

  /**
   * Sends what can be sent of unfinished buffers, unless only full ones shall be, and pushes sinks; called before
   * waiting.
   *
   * @returns false when credit would let more be sent
   */
  flush(nowMs: number): boolean {
    const all = this.#parts.bufferTimeoutMs === Number.POSITIVE_INFINITY || this.#flushOutputs(nowMs);
    if (!this.#sinksFlushed) {
      this.#sinksFlushed = true;
      for (const writer of this.#parts.writers.values()) writer.flush();
    }
    return all;
  }

  /** True if a step would make progress; reads shared words only. */
  isReady(after: Step): boolean {
    if (after === STEP.WAIT_OUTPUT) return this.#isRoomKnown() || this.isCreditReady();
    if (after === STEP.WAIT_TIME && this.core.notBeforeMs > 0) return false; // a sink's rate, whatever else there is
    if (this.core.hasPending) return true; // answers came while it was about to wait
    if (after === STEP.WAIT_ANSWER) return false;
    return this.#parts.input.isReady();
  }

  /** Some output that has no room would get some. */
  isCreditReady(): boolean {
    for (const partition of this.#parts.partitions) if (partition.isCreditReady()) return true;
    return false;
  }

  ringOwed(): void {
    this.#parts.input.ringOwed();
  }

  /** Ends the task early. What it wrote is discarded. */
  async cancel(): Promise<void> {
    if (this.#state === 'FINISHED') return; // it has closed what it had open
    this.#become('CANCELED');
    await this.#close().catch(() => {}); // what it wrote is discarded by the committers, closed well or not
  }

  /** Ends the task after an error, and says what the user has to know of it. */
  async fail(error: unknown): Promise<unknown> {
    const explained = this.explain(error);
    this.#become('FAILED');
    await this.#close().catch(() => {}); // the first error is the one to report
    return explained;
  }

  /** An error thrown by `step`, told with operator, subtask and record. */
  explain(error: unknown): unknown {
    const { core } = this;
    return core.explain(error, this.#parts.subtask, () =>
      core.failedRow === null ? this.#parts.input.describeRow(core) : recordText(core.failedRow),
    );
  }

  #advance(nowMs: number): Step {
    if (this.#committing !== null) return STEP.WAIT_PROMISE;
    if (this.#failure !== null) throw this.#failure.error;
    if (this.#state === 'FINISHED') return STEP.DONE;
    if (!this.#hasRoom()) return STEP.WAIT_OUTPUT;
    const { core } = this;
    core.blocked = false;
    if (core.notBeforeMs > nowMs) return STEP.WAIT_TIME;
    core.notBeforeMs = 0;
    if (this.#state === 'CREATED') {
      this.#become('RUNNING');
      core.openFunctions();
    }
    if (nowMs - this.#flushedMs >= this.#parts.bufferTimeoutMs) this.#flushOutputs(nowMs);
    if (core.hasPending) {
      this.#sinksFlushed = false;
      core.resume();
      if (core.isIdleHeld && !core.hasPending && core.calls === 0) core.onIdle(true);
      return STEP.PROGRESS;
    }
    if (this.#state === 'FINISHING') return this.#finish();
    if (core.isFull) {
      core.onBatchEnd(this.#freeMs); // what was given out by answers may be long ago
      return STEP.WAIT_ANSWER;
    }
    if (core.timerMs !== Number.POSITIVE_INFINITY && core.timerMs <= this.#parts.clock.wallMs()) {
      this.#sinksFlushed = false;
      core.onProcessingTime(this.#parts.clock.wallMs());
      return STEP.PROGRESS;
    }
    const step = this.#parts.input.step(this.#budget);
    if (step === STEP.DONE) {
      this.#become('FINISHING');
      return STEP.PROGRESS;
    }
    if (step !== STEP.PROGRESS || nowMs - this.#watermarkMs >= this.#parts.watermarkIntervalMs) {
      this.#watermarkMs = nowMs;
      core.onBatchEnd(this.#freeMs);
    }
    if (step === STEP.PROGRESS) this.#sinksFlushed = false;
    return step;
  }

  #finish(): Step {
    if (this.core.calls > 0) return STEP.WAIT_ANSWER;
    this.core.onFlush();
    if (!this.#hasRoom()) return STEP.WAIT_OUTPUT;
    for (const partition of this.#parts.partitions) partition.finish();
    this.#committing = this.#prepare().then(
      () => {
        this.#committing = null;
      },
      (error: unknown) => {
        this.#committing = null;
        this.#failure = { error }; // thrown by the next step: whoever waited may have gone on for another reason
      },
    );
    return STEP.WAIT_PROMISE;
  }

  async #prepare(): Promise<void> {
    for (const [uid, writer] of this.#parts.writers) {
      try {
        this.#committables.set(uid, await writer.prepareCommit());
      } catch (error) {
        throw sinkFailed(uid, this.#parts.subtask, error);
      }
    }
    await this.#close();
    if (this.#state === 'FINISHING') this.#become('FINISHED'); // unless it was cancelled meanwhile
  }

  #hasRoom(): boolean {
    let room = true;
    for (const partition of this.#parts.partitions) {
      if (!partition.available && !partition.refresh()) room = false;
    }
    return room;
  }

  /** Credit that came between the step and the wait may have been taken by a flush: then nobody rings for it again. */
  #isRoomKnown(): boolean {
    for (const partition of this.#parts.partitions) if (!partition.available) return false;
    return true;
  }

  #flushOutputs(nowMs: number): boolean {
    this.#flushedMs = nowMs;
    this.core.onFlush();
    let all = true;
    for (const partition of this.#parts.partitions) all = partition.flush() && all;
    return all;
  }

  /** Takes more or fewer records a step, by how long the last one took. */
  #adapt(nowMs: number): void {
    if (this.#parts.fixedBudget !== undefined) return;
    const tookMs = nowMs - this.#stepBeganMs;
    if (tookMs < STEP_TARGET_MS / 2) this.#budget = Math.min(this.#budget * 2, BUDGET_MAX);
    else if (tookMs > STEP_TARGET_MS * 2) this.#budget = Math.max(this.#budget >> 1, 1);
  }

  /** Closes everything, whatever fails; the first failure is thrown at the end. */
  async #close(): Promise<void> {
    this.core.close();
    const closed = await Promise.allSettled([
      (async () => this.core.closeFunctions())(),
      (async () => this.#parts.input.close())(),
      ...[...this.#parts.writers.values()].map(async (writer) => writer.close()),
    ]);
    for (const each of closed) if (each.status === 'rejected') throw each.reason;
  }

  #become(state: TaskState): void {
    const allowed: readonly string[] = NEXT[this.#state];
    if (!allowed.includes(state)) throw new Error(`a task cannot go from ${this.#state} to ${state}`);
    this.#state = state;
  }
}
