import { assert } from '../base/assert.js';
import { ManualClock } from '../base/clock.js';
import { Prng } from '../base/prng.js';
import type { Committable } from '../connectors/connector.js';
import type { HardWaiter } from '../exchange/hard-waiter.js';
import { ControlArena, createControlArena } from '../memory/control-arena.js';
import { attachExchange, createExchange } from '../memory/exchange-arena.js';
import type { TaskClock, TaskTimes } from '../memory/task-clock.js';
import { type JobGraph, tasksOf } from '../plan/job-graph.js';
import { keyGroupOf } from '../records/key.js';
import type { ChainCore } from '../runtime/chain-core.js';
import { STEP, type Step } from '../runtime/task-input.js';
import { type OutputCommit, type PreparedJob, setRates } from './prepared-job.js';
import { attachCategories, createCategories } from './run-categories.js';
import { createSubtask, type Subtask } from './subtask.js';
import { TIME_OF_STEP } from './time-of-step.js';

/** Records of each step: small, so that tasks interleave. */
const STEP_RECORDS = 64;
const ATTEMPT = 1;

/**
 * Runs all tasks of a job in the calling thread, one step of one task at a time, in an order that a seed decides.
 *
 * The tasks, rings, credits and doorbells are the ones that threads use. Two things differ. Time stands still while
 * anybody can work, and then jumps to the next deadline. And a task that has to wait inside a record cannot sleep:
 * it lets the tasks downstream of it work until a segment comes back. Graphs have no cycles, so no task is entered
 * twice.
 *
 * Runs in: any thread, usually the main one.
 */
export class InlineHost {
  /** Times a task had to wait inside a record. */
  hardWaits = 0;
  readonly #prng: Prng;
  readonly #maxParallelism: number;
  readonly #clock = new ManualClock();
  readonly #control: ControlArena;
  readonly #clocks: readonly TaskClock[];
  readonly #subtasks: Subtask[] = [];
  /** Tasks that a task feeds, directly or not. */
  readonly #downstream: readonly ReadonlySet<number>[];
  readonly #steps: Step[];
  /** Tasks whose step is being carried out, the outermost first. */
  readonly #entered: number[] = [];
  /** Errors that were explained already on their way through an outer task. */
  readonly #explained = new WeakSet<object>();

  constructor(prepared: PreparedJob, seed: number, runId: string) {
    this.#prng = new Prng(seed);
    const { blueprint, graph } = prepared;
    this.#maxParallelism = graph.maxParallelism;
    this.#control = new ControlArena(createControlArena({ ...blueprint.control, attempt: ATTEMPT }), ATTEMPT);
    this.#clocks = graph.vertices.flatMap(tasksOf).map((task) => this.#control.clock(task));
    for (const clock of this.#clocks) clock.begin(this.#clock.monotonicMs());
    setRates(prepared, this.#control);
    const exchanges = new Map(
      blueprint.exchanges.map((spec) => [
        spec.id,
        attachExchange(spec, createExchange(spec, ATTEMPT), ATTEMPT),
      ]),
    );
    this.#downstream = downstreamTasks(graph);
    this.#steps = new Array<Step>(graph.taskCount).fill(STEP.PROGRESS);
    const categories = attachCategories(createCategories(blueprint.categories, ATTEMPT), ATTEMPT, graph);
    for (let index = 0; index < graph.taskCount; index++) {
      const { built, options, splits, cursors } = prepared;
      const setting = { built, graph, options, exchanges, control: this.#control, splits, cursors, runId };
      const subtask = createSubtask(
        { ...setting, categories, clock: this.#clock, fixedBudget: STEP_RECORDS },
        index,
        this.#waiterOf(index),
      );
      this.#subtasks.push(subtask);
    }
  }

  /**
   * @returns  when every task has finished and the outputs are visible
   * @throws SluiceError  what ended the job; nothing was made visible
   */
  async run(outputs: OutputCommit): Promise<void> {
    try {
      while (!this.#steps.every((step) => step === STEP.DONE)) {
        if (!this.#pass()) await this.#rest();
      }
      await outputs.commit((uid) => this.#committablesOf(uid));
    } catch (error) {
      for (const { task } of this.#subtasks) {
        if (task.state !== 'FINISHED' && task.state !== 'FAILED') await task.cancel();
      }
      await outputs.abort();
      throw error;
    }
  }

  /**
   * Lets all tasks work until none can, without letting time pass.
   *
   * @param atPause  called between any two passes over the tasks
   */
  settle(atPause: () => void = () => {}): void {
    // What a task flushes when it has to wait may be what another waits for.
    while (this.#pass()) atPause();
  }

  /** Lets time pass, in which nobody works: what each task waits for is where it goes. */
  advance(byMs: number): void {
    for (const [i, step] of this.#steps.entries())
      if (step !== STEP.DONE) this.#clocks[i]!.wait(TIME_OF_STEP[step], this.#clock.monotonicMs());
    this.#clock.advance(byMs);
  }

  /** Keys that have a state or a timer, of all tasks. */
  get keyCount(): number {
    return this.#subtasks.reduce((sum, { task }) => sum + (task.core.state?.keys.count ?? 0), 0);
  }

  /** Of all tasks. */
  get droppedRecords(): number {
    return this.#subtasks.reduce((sum, { task }) => sum + task.core.droppedRecords, 0);
  }

  /** Writes the state of every task down and reads it back. */
  rebuildState(): void {
    for (const { task } of this.#subtasks) {
      const { state } = task.core;
      if (state === null || state.keys.count === 0) continue;
      const { count, hashes, size } = state.keys;
      const groups = new Set(
        Array.from(hashes.subarray(0, size), (hash) => keyGroupOf(hash, this.#maxParallelism)),
      );
      const snapshots = [...groups].map((group) => [group, state.snapshot(group)] as const);
      state.clear();
      for (const [group, snapshot] of snapshots) state.restore(group, snapshot);
      assert(state.keys.count === count, 'every key that has a slot has a state or a timer');
    }
  }

  /** Where the time of a task went, by the clock of this host. */
  timesOf(task: number): TaskTimes {
    return this.#control.clockReader(task).read(this.#clock.monotonicMs());
  }

  /** A watermark as if the source at the head of the job had given it out. */
  emitWatermark(watermarkMs: number): void {
    this.#subtasks[0]!.task.core.onWatermark(watermarkMs);
  }

  /** As many steps as there are tasks, of tasks drawn at random; true if any got on. */
  #pass(): boolean {
    let progress = false;
    for (let i = 0; i < this.#subtasks.length; i++) {
      progress = this.#step(this.#prng.below(this.#subtasks.length)) || progress;
    }
    if (progress) return true;
    // Nobody drawn could move: only if nobody at all can is it time to rest.
    for (let index = 0; index < this.#subtasks.length; index++) progress = this.#step(index) || progress;
    return progress;
  }

  #step(index: number): boolean {
    if (this.#steps[index] === STEP.DONE || this.#entered.includes(index)) return false;
    const { task } = this.#subtasks[index]!;
    this.#entered.push(index);
    try {
      const nowMs = this.#clock.monotonicMs();
      const step = task.step(nowMs);
      this.#steps[index] = step;
      if (step === STEP.DONE) {
        this.#clocks[index]!.end(nowMs);
      } else if (step === STEP.PROGRESS) {
        this.#clocks[index]!.progressed();
      } else {
        task.flush(nowMs);
        task.ringOwed();
      }
      return step === STEP.PROGRESS;
    } catch (error) {
      throw this.#explain(index, error);
    } finally {
      this.#entered.pop();
    }
  }

  #explain(index: number, error: unknown): unknown {
    if (typeof error === 'object' && error !== null && this.#explained.has(error)) return error;
    const { task } = this.#subtasks[index]!;
    const explained = task.explain(error);
    if (typeof explained === 'object' && explained !== null) this.#explained.add(explained);
    return explained;
  }

  /** Waits for a promise, or lets time jump. */
  async #rest(): Promise<void> {
    const promises = this.#subtasks.flatMap(({ task }, i) => {
      if (this.#steps[i] === STEP.WAIT_PROMISE && task.waitFor !== null) return [task.waitFor];
      return task.core.calls > 0 && !task.core.hasPending ? [answerOf(task.core)] : [];
    });
    if (promises.length > 0) return Promise.race(promises);
    const deadlines = this.#subtasks
      .map(({ task }, i) => task.wakeAtMs(this.#steps[i]!))
      .filter((each) => each < Number.POSITIVE_INFINITY);
    if (deadlines.length > 0) {
      this.advance(Math.max(0, Math.min(...deadlines) - this.#clock.monotonicMs()));
      return;
    }
    const ready = this.#subtasks.some(
      ({ task }, i) => this.#steps[i] !== STEP.DONE && task.isReady(this.#steps[i]!),
    );
    assert(ready || this.#steps.every((step) => step === STEP.DONE), 'some task can always move');
  }

  /** A hard wait: the tasks below work until a segment is back. */
  #waiterOf(index: number): HardWaiter {
    return {
      awaitCredit: (partition) => {
        this.hardWaits++;
        while (!partition.isSegmentReady()) {
          let progress = false;
          for (const task of this.#downstream[index]!) progress = this.#step(task) || progress;
          assert(progress || partition.isSegmentReady(), 'tasks downstream of a full output can move');
        }
      },
    };
  }

  #committablesOf(uid: string): readonly Committable[] {
    return this.#subtasks.flatMap(({ task }) =>
      task.committables.has(uid) ? [task.committables.get(uid)] : [],
    );
  }
}

/** When an async function has answered. */
function answerOf(core: ChainCore): Promise<void> {
  return new Promise((resolve) => {
    core.onAnswer = resolve;
  });
}

/** By task: all tasks that its records can reach. */
function downstreamTasks(graph: JobGraph): readonly ReadonlySet<number>[] {
  const below = graph.vertices.map(() => new Set<number>());
  for (const vertex of [...graph.vertices].reverse()) {
    for (const exchange of graph.exchanges) {
      if (exchange.fromVertex !== vertex.index) continue;
      const target = graph.vertices[exchange.toVertex]!;
      for (let i = 0; i < target.parallelism; i++) below[vertex.index]!.add(target.firstTask + i);
      for (const task of below[target.index]!) below[vertex.index]!.add(task);
    }
  }
  return graph.vertices.flatMap((vertex) =>
    Array.from({ length: vertex.parallelism }, () => below[vertex.index]!),
  );
}
