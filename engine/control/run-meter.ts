import { SYSTEM_CLOCK } from '../base/clock.js';
import { LatencyHistogram } from '../base/latency-histogram.js';
import type { ControlArena } from '../memory/control-arena.js';
import { ExchangeReader } from '../memory/exchange-reader.js';
import type { LatencyLine } from '../memory/latency-line.js';
import type { SharedMemory } from '../memory/region.js';
import type { TaskClockReader } from '../memory/task-clock.js';
import { type JobVertex, subtaskOfTask } from '../plan/job-graph.js';
import { type PoolMetrics, poolMetrics } from './pool-metrics.js';
import type { PreparedJob } from './prepared-job.js';
import type { Metrics, RunState, Summary, TaskMetrics } from './run.js';
import { TASK_STATES } from './task-states.js';
import type { TaskReport } from './threads/protocol.js';
import { threadTimes } from './threads/thread-times.js';
import { AT_REST, type TimeSample, timeRatios } from './time-ratios.js';
import { vertexMetrics } from './vertex-metrics.js';

/** Ratios and rates are over a window of about this length. */
const WINDOW_MS = 1_000;
/** Samples kept; at ten reads a second they span more than the window. */
const SAMPLES_MAX = 32;

interface TaskSample extends TimeSample {
  readonly recordsIn: number;
}

interface Sample {
  readonly atMs: number;
  readonly tasks: readonly TaskSample[];
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
  #samples: Sample[] = [];

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
  }

  stop(): void {
    this.#endedMs ??= SYSTEM_CLOCK.monotonicMs();
  }

  metrics(state: RunState): Metrics {
    const now = this.#sample();
    const then = this.#past(now);
    const elapsedMs = (this.#endedMs ?? now.atMs) - this.#startedMs;
    const { graph, blueprint, recordsInTotal, sinks } = this.#prepared;
    const pools = poolMetrics(this.#exchanges, graph.taskCount);
    const tasks = now.tasks.map((each, task) => ({
      ...this.#taskMetrics(task, each, then.tasks[task]!, now.atMs - then.atMs),
      ...pools[task]!,
    }));
    const sources = tasks.filter((_, task) => this.#isSource(subtaskOfTask(graph, task).vertex));
    const sum = (of: (task: TaskMetrics) => number): number =>
      sources.reduce((all, each) => all + of(each), 0);
    return {
      job: this.#prepared.built.plan.job,
      state,
      elapsedMs,
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
  summary(state: RunState, runningMs: number, reportOf: (task: number) => TaskReport | undefined): Summary {
    const { graph, blueprint, built, sinks } = this.#prepared;
    const endedMs = this.#endedMs ?? SYSTEM_CLOCK.monotonicMs();
    const lines = Array.from({ length: graph.taskCount }, (_, task) => this.#control.taskLine(task));
    const total = (
      of: 'recordsIn' | 'recordsOut' | 'lateRecords',
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
          busyMs: times.busyMs,
          backpressuredMs: times.softBackpressuredMs + times.hardBackpressuredMs,
          softBackpressuredMs: times.softBackpressuredMs,
          hardBackpressuredMs: times.hardBackpressuredMs,
          idleMs: times.idleMs,
          asyncMs: times.asyncMs,
          rateLimitedMs: times.rateLimitedMs,
          undeclaredMs: line.get('undeclaredMs'),
          longestSoftMs: times.longestSoftMs,
          longestHardMs: times.longestHardMs,
          ...(report?.heapBytes !== undefined && { heapBytes: report.heapBytes }),
          undeclared: report?.learned ?? [],
        };
      }),
      peakRssBytes: process.resourceUsage().maxRSS * 1024,
      segmentBytes: blueprint.segmentBytes,
      outputs: sinks.flatMap(({ sink }) => sink.path ?? []),
    };
  }

  #taskMetrics(
    task: number,
    now: TaskSample,
    then: TaskSample,
    windowMs: number,
  ): Omit<TaskMetrics, keyof PoolMetrics> {
    const { vertex, subtask } = subtaskOfTask(this.#prepared.graph, task);
    const line = this.#control.taskLine(task);
    const state = TASK_STATES[line.state] ?? 'CREATED';
    const watermarkMs = line.get('watermarkMs');
    return {
      vertex: vertex.id,
      name: vertex.name,
      subtask,
      state,
      ...(state === 'RUNNING' ? timeRatios(now, then) : AT_REST),
      times: now.times,
      ...(now.thread !== null && { thread: now.thread }),
      ...latencyOf(this.#control.latencyLine(task)),
      recordsIn: now.recordsIn,
      recordsOut: line.get('recordsOut'),
      bytesIn: line.get('bytesIn'),
      bytesOut: line.get('bytesOut'),
      buffersIn: line.get('buffersIn'),
      buffersOut: line.get('buffersOut'),
      splitsDone: line.get('splitsDone'),
      undeclaredMs: line.get('undeclaredMs'),
      loops: line.loops,
      recordsInPerSecond: windowMs <= 0 ? 0 : ((now.recordsIn - then.recordsIn) * 1000) / windowMs,
      watermarkMs: Number.isFinite(watermarkMs) ? watermarkMs : null,
    };
  }

  #isSource(vertex: JobVertex): boolean {
    return this.#prepared.blueprint.sourceVertices.includes(vertex);
  }

  #sample(): Sample {
    const atMs = this.#endedMs ?? SYSTEM_CLOCK.monotonicMs();
    const tasks = this.#clocks.map((clock, task) => {
      const line = this.#control.taskLine(task);
      return {
        recordsIn: line.get('recordsIn'),
        times: clock.read(atMs),
        thread: threadTimes(line.systemThreadId),
      };
    });
    const sample = { atMs, tasks };
    this.#samples.push(sample);
    if (this.#samples.length > SAMPLES_MAX) this.#samples.shift();
    return sample;
  }

  /** The youngest sample at least a window old, or the oldest there is. */
  #past(now: Sample): Sample {
    const old = this.#samples.filter(({ atMs }) => now.atMs - atMs >= WINDOW_MS);
    return old[old.length - 1] ?? this.#samples[0]!;
  }
}

const US_PER_MS = 1e3;

function latencyOf(line: LatencyLine | null): Pick<TaskMetrics, 'latency'> {
  const histogram = new LatencyHistogram(line?.counts() ?? new Float64Array());
  if (line === null || histogram.count === 0) return {};
  const at = (quantile: number): number => histogram.at(quantile) / US_PER_MS;
  const latency = { markers: histogram.count, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: line.largestMs };
  return { latency };
}
