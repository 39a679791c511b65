import { SYSTEM_CLOCK } from '../../base/clock.js';
import type { ControlArena } from '../../memory/control-arena.js';
import { ExchangeReader } from '../../memory/exchange-reader.js';
import type { SharedMemory } from '../../memory/region.js';
import type { TaskClockReader } from '../../memory/task-clock.js';
import type { TaskLine } from '../../memory/task-line.js';
import { type JobVertex, subtaskOfTask } from '../../plan/job-graph.js';
import type { PreparedJob } from '../prepared-job.js';
import type { RunState, Summary } from '../run.js';
import { TASK_STATES } from '../task-states.js';
import type { TaskReport } from '../threads/protocol.js';
import { threadTimes } from '../threads/thread-times.js';
import { taskLatency } from './latency-metrics.js';
import type { Metrics, MetricsWindow, TaskMetrics } from './metrics.js';
import { type PoolMetrics, poolMetrics } from './pool-metrics.js';
import { type PastMoment, SampleHistory } from './sample-history.js';
import { COUNTERS, type CountName, type TaskSample, type TimeSample } from './task-sample.js';
import { AT_REST, timeRatios } from './time-ratios.js';
import { vertexMetrics } from './vertex-metrics.js';

const WINDOW_MS: Readonly<Record<MetricsWindow, number>> = { '1s': 1_000, '10s': 10_000, '60s': 60_000 };

/** How often the past is added to; with many tasks so often that it takes less than a hundredth of one core. */
const SAMPLE_MS = 200;
const SAMPLE_MS_PER_TASK = 3;

/** What is read of a task now: what is kept, and what only the present has. */
interface Reading extends TaskSample {
  readonly times: ReturnType<TaskClockReader['read']>;
  readonly pools: PoolMetrics;
}

/**
 * Reads the tasks' lines in shared memory and makes figures of them. Reading disturbs no task.
 *
 * Runs in: the main thread.
 */
export class RunMeter {
  readonly #prepared: PreparedJob;
  readonly #control: ControlArena;
  readonly #clocks: readonly TaskClockReader[];
  readonly #exchanges: readonly ExchangeReader[];
  readonly #startedMs: number;
  #endedMs: number | null = null;
  readonly #history: SampleHistory;
  #timer: NodeJS.Timeout | undefined;

  /** @param startedMs  monotonic time at which the run was asked for */
  constructor(
    prepared: PreparedJob,
    control: ControlArena,
    exchanges: readonly SharedMemory[],
    startedMs: number,
  ) {
    this.#prepared = prepared;
    this.#control = control;
    this.#clocks = Array.from({ length: prepared.graph.taskCount }, (_, task) => control.clockReader(task));
    this.#exchanges = exchanges.map((memory) => new ExchangeReader(memory));
    this.#startedMs = startedMs;
    this.#history = new SampleHistory(prepared.graph.taskCount);
  }

  /** From now on the past is kept. */
  begin(): void {
    const keep = (): void => {
      const atMs = SYSTEM_CLOCK.monotonicMs();
      this.#history.add(atMs, this.#read(atMs));
    };
    keep();
    const everyMs = Math.max(SAMPLE_MS, this.#clocks.length * SAMPLE_MS_PER_TASK);
    this.#timer = setInterval(keep, everyMs).unref();
  }

  stop(): void {
    this.#endedMs ??= SYSTEM_CLOCK.monotonicMs();
    clearInterval(this.#timer);
  }

  /** Where the time of a task has gone so far. */
  readClock(task: number): TimeSample {
    const times = this.#clocks[task]!.read(this.#endedMs ?? SYSTEM_CLOCK.monotonicMs());
    return { times, thread: threadTimes(this.#control.taskLine(task).systemThreadId) };
  }

  /** What all tasks had come to at moments of the last minute, the oldest first. */
  past(): readonly PastMoment[] {
    return this.#history.recent(this.#endedMs ?? SYSTEM_CLOCK.monotonicMs(), WINDOW_MS['60s']);
  }

  metrics(state: RunState, window: MetricsWindow): Metrics {
    const atMs = this.#endedMs ?? SYSTEM_CLOCK.monotonicMs();
    const now = this.#read(atMs);
    const then = this.#history.before(atMs, WINDOW_MS[window]) ?? { atMs, tasks: now };
    const windowMs = atMs - then.atMs;
    const { graph, blueprint, recordsInTotal, sinks } = this.#prepared;
    const tasks = now.map((each, task) => this.#taskMetrics(task, each, then.tasks[task]!, windowMs));
    const sources = tasks.filter((_, task) => this.#isSource(subtaskOfTask(graph, task).vertex));
    const sum = (of: (task: TaskMetrics) => number): number =>
      sources.reduce((all, each) => all + of(each), 0);
    return {
      job: this.#prepared.built.plan.job,
      state,
      elapsedMs: atMs - this.#startedMs,
      windowMs,
      recordsIn: sum(({ recordsIn }) => recordsIn),
      ...(recordsInTotal !== undefined && { recordsInTotal }),
      recordsInPerSecond: sum(({ recordsInPerSecond }) => recordsInPerSecond),
      segmentBytes: blueprint.segmentBytes,
      writesToStdout: sinks.some(({ sink }) => sink.writesToStdout === true),
      tasks,
      vertices: vertexMetrics(tasks),
    };
  }

  /**
   * @param runningMs  from the first task running to the last one finished
   * @param reportOf   what a task reported at its end
   */
  summary(
    state: RunState,
    runningMs: number,
    reportOf: (task: number) => TaskReport | undefined,
  ): Omit<Summary, 'limit'> {
    const { graph, blueprint, built, sinks } = this.#prepared;
    const endedMs = this.#endedMs ?? SYSTEM_CLOCK.monotonicMs();
    const lines = Array.from({ length: graph.taskCount }, (_, task) => this.#control.taskLine(task));
    const total = (
      of: 'recordsIn' | 'recordsOut' | 'lateRecords' | 'droppedRecords',
      among: (vertex: JobVertex) => boolean,
    ): number =>
      lines.reduce(
        (sum, line, task) => (among(subtaskOfTask(graph, task).vertex) ? sum + line.get(of) : sum),
        0,
      );
    const feeds = (vertex: JobVertex): boolean =>
      graph.exchanges.some(({ fromVertex }) => fromVertex === vertex.index);
    return {
      job: built.plan.job,
      state,
      durationMs: endedMs - this.#startedMs,
      runningMs,
      recordsIn: total('recordsIn', (vertex) => this.#isSource(vertex)),
      recordsOut: total('recordsOut', (vertex) => !feeds(vertex)),
      lateRecords: total('lateRecords', () => true),
      droppedRecords: total('droppedRecords', () => true),
      tasks: lines.map((line, task) => {
        const { vertex, subtask } = subtaskOfTask(graph, task);
        const times = this.#clocks[task]!.read(endedMs);
        const report = reportOf(task);
        return {
          vertex: vertex.id,
          name: vertex.name,
          subtask,
          state: TASK_STATES[line.state] ?? 'CREATED',
          recordsIn: line.get('recordsIn'),
          recordsOut: line.get('recordsOut'),
          lateRecords: line.get('lateRecords'),
          droppedRecords: line.get('droppedRecords'),
          busyMs: times.busyMs,
          backpressuredMs: times.softBackpressuredMs + times.hardBackpressuredMs,
          softBackpressuredMs: times.softBackpressuredMs,
          hardBackpressuredMs: times.hardBackpressuredMs,
          idleMs: times.idleMs,
          asyncMs: times.asyncMs,
          rateLimitedMs: times.rateLimitedMs,
          undeclaredMs: line.get('undeclaredMs'),
          gcCount: line.get('gcCount'),
          gcMs: line.get('gcMs'),
          longestSoftMs: times.longestSoftMs,
          longestHardMs: times.longestHardMs,
          heapBytes: line.get('heapBytes'),
          undeclared: report?.learned ?? [],
        };
      }),
      peakRssBytes: process.resourceUsage().maxRSS * 1024,
      segmentBytes: blueprint.segmentBytes,
      outputs: sinks.flatMap(({ sink }) => sink.path ?? []),
    };
  }

  #taskMetrics(task: number, now: Reading, then: TaskSample, windowMs: number): TaskMetrics {
    const { vertex, subtask } = subtaskOfTask(this.#prepared.graph, task);
    const line = this.#control.taskLine(task);
    const state = TASK_STATES[line.state] ?? 'CREATED';
    const { inPoolUsage, outPoolUsage, pools, thread, watermarkMs, ...counts } = now;
    const perSecond = (name: CountName): number =>
      windowMs <= 0 ? 0 : ((now[name] - then[name]) * 1000) / windowMs;
    return {
      vertex: vertex.id,
      name: vertex.name,
      subtask,
      state,
      ...(state === 'RUNNING' ? timeRatios(now, then) : AT_REST),
      ...(thread !== null && { thread }),
      ...taskLatency(this.#control.latencyLines(task), this.#prepared.blueprint.readerVertices),
      ...counts,
      splitsDone: line.get('splitsDone'),
      loops: line.loops,
      gcMsPerSecond: perSecond('gcMs'),
      undeclaredMsPerSecond: perSecond('undeclaredMs'),
      recordsInPerSecond: perSecond('recordsIn'),
      recordsOutPerSecond: perSecond('recordsOut'),
      bytesInPerSecond: perSecond('bytesIn'),
      bytesOutPerSecond: perSecond('bytesOut'),
      buffersInPerSecond: perSecond('buffersIn'),
      buffersOutPerSecond: perSecond('buffersOut'),
      watermarkMs: Number.isFinite(watermarkMs) ? watermarkMs : null,
      ...pools,
    };
  }

  #isSource(vertex: JobVertex): boolean {
    return this.#prepared.blueprint.sourceVertices.includes(vertex);
  }

  #read(atMs: number): readonly Reading[] {
    const pools = poolMetrics(this.#exchanges, this.#clocks.length);
    return this.#clocks.map((clock, task) => {
      const line = this.#control.taskLine(task);
      const { input, output } = pools[task]!;
      const usages = { inPoolUsage: input?.poolUsage ?? 0, outPoolUsage: output?.poolUsage ?? 0 };
      return {
        ...countersOf(line),
        ...usages,
        times: clock.read(atMs),
        thread: threadTimes(line.systemThreadId),
        pools: pools[task]!,
      };
    });
  }
}

function countersOf(line: TaskLine): Record<(typeof COUNTERS)[number], number> {
  const counters = {} as Record<(typeof COUNTERS)[number], number>;
  for (const name of COUNTERS) counters[name] = line.get(name);
  return counters;
}
