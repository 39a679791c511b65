import { setTimeout as sleep } from 'node:timers/promises';
import { SYSTEM_CLOCK } from '../../base/clock.js';
import { SluiceError } from '../../base/errors.js';
import { HISTOGRAM_BUCKETS, LatencyHistogram } from '../../base/latency-histogram.js';
import { FIRST_LINE_OF_SOURCE } from '../../memory/latency-line.js';
import { type JobVertex, tasksOf } from '../../plan/job-graph.js';
import { type Launched, launch } from '../engine.js';
import type { LoadedJob } from '../job-file/job-loader.js';
import type { TaskMetrics } from '../metrics/metrics.js';
import type { PlannedJob } from '../prepared-job.js';
import type { Run, StartOptions } from '../run.js';
import type { Trial } from '../trial.js';
import type { LagSample } from './schedule-lag.js';
import { type Bottleneck, bottleneckOf, type VertexShares, vertexShares } from './task-shares.js';

/** What is to be measured once. */
export interface WindowPlan {
  /** Records per second of each source, by uid; null: as many as are taken. */
  readonly rates: ReadonlyMap<string, number> | null;
  readonly settleMs: number;
  readonly windowMs: number;
}

/** What was measured. */
export interface Window {
  readonly ms: number;
  readonly perSecond: number;
  readonly perSecondOf: ReadonlyMap<string, number>;
  /** Of the source that is furthest behind. Empty without rates. */
  readonly lag: readonly LagSample[];
  readonly cpuSecondsPerMillion: number;
  readonly shares: readonly VertexShares[];
  readonly bottleneck: Bottleneck | null;
  /** Null: no marker came. */
  readonly latency: LatencyHistogram | null;
  readonly segmentBytes: number;
}

export interface TrialSettings {
  readonly start: StartOptions;
  readonly trial: Trial;
  readonly warmUpMs: number;
  readonly signal: AbortSignal;
}

interface Reading {
  readonly atMs: number;
  readonly cpuMs: number;
  readonly tasks: readonly TaskMetrics[];
  /** By source, in order. */
  readonly records: readonly number[];
  /** No subtask of any source has ended. */
  readonly isFlowing: boolean;
  /** Every subtask of every source has been at it. */
  readonly hasBegun: boolean;
}

interface Current extends Launched {
  readonly sources: readonly JobVertex[];
  readonly beganMs: number;
  hasEnded: boolean;
}

/** A window is looked at this often. */
const SAMPLES = 40;
const SAMPLE_MS_MIN = 5;
/** Less than this is no measurement, unless less was asked for. */
const WINDOW_MS_MIN = 100;
/** Of the time that the input lasts, so much is used. */
const USABLE = 0.9;
/** Of a warm-up; and so many more at most, while each is faster than the one before by so much. */
const SLICES = 4;
const SLICES_MAX = 12;
const FASTER = 1.05;
/** Where the input ended too early, it is measured again, after this share of the time each, and for as much. */
const HASTE = 0.6;
const TRIES_MAX = 4;
/** A window without a record goes on for so many windows. */
const EMPTY_WINDOWS = 10;
const LATE_MS_MAX = 5_000;

/**
 * Measures a job again and again: in one run while its input lasts, in the next when it does not.
 *
 * Runs in: the main thread.
 */
export class JobTrials {
  readonly #job: LoadedJob;
  readonly #settings: TrialSettings;
  #current: Current | null = null;
  /** Of one run; null: without end, or nobody knows. */
  #totalRecords: number | null = null;
  /** What the job did at full speed, where known. */
  #fullSpeed: number | null = null;

  constructor(job: LoadedJob, settings: TrialSettings) {
    this.#job = job;
    this.#settings = settings;
  }

  /**
   * @throws SluiceError BENCH_INPUT_SHORT  the input ends too early
   * @throws SluiceError  whatever makes the job fail
   */
  async window(plan: WindowPlan): Promise<Window> {
    for (let tries = 0; ; tries++) {
      this.#settings.signal.throwIfAborted();
      const scale = this.#scaleOf(plan) * HASTE ** tries;
      const current = await this.#ready(plan, scale);
      for (const { head } of current.sources)
        current.run.sources[head]!.setRate(plan.rates?.get(head) ?? null);
      const set = this.#read(current);
      await this.#pass(current, plan.settleMs * scale);
      const before = markersOf(current);
      const enoughMs = Math.min(WINDOW_MS_MIN, plan.windowMs / 2);
      const readings = await this.#watch(current, Math.max(enoughMs, plan.windowMs * scale));
      const [begin, end] = [readings[0]!, readings.at(-1)!];
      if (begin.isFlowing && end.atMs - begin.atMs >= enoughMs) {
        const window = {
          ...measured(current, plan, set, readings),
          latency: plan.rates === null ? null : await this.#latency(current, before, end.atMs),
        };
        if (plan.rates === null) this.#fullSpeed = window.perSecond;
        return window;
      }
      const last = this.#read(current);
      const lastedMs = last.atMs - current.beganMs;
      const records = sumOf(last.records);
      await this.end();
      if (tries === TRIES_MAX) throw inputShort(records, lastedMs);
      this.#fullSpeed = Math.max(this.#fullSpeed ?? 0, (records * 1_000) / lastedMs);
    }
  }

  /** Ends the run at hand, if there is one. */
  async end(): Promise<void> {
    const current = this.#current;
    this.#current = null;
    await current?.run.cancel();
  }

  /** Ends the run at hand after what it has read. @returns bytes on the heaps of its threads; null without a run */
  async finish(): Promise<number | null> {
    const current = this.#current;
    if (current === null) return null;
    const { run, sources } = current;
    for (const { head } of sources) run.sources[head]!.setRate(null);
    const { tasks } = await run.stop();
    this.#current = null;
    return tasks.reduce((sum, { heapBytes = 0 }) => sum + heapBytes, 0);
  }

  /** What of the times planned fits into an input that ends, 0..1. */
  #scaleOf({ rates, settleMs, windowMs }: WindowPlan): number {
    const total = this.#totalRecords;
    if (total === null || this.#fullSpeed === null) return 1;
    const perSecond = rates === null ? this.#fullSpeed : sumOf(rates.values());
    const { warmUpMs } = this.#settings;
    const wanted = (warmUpMs * this.#fullSpeed + (settleMs + windowMs) * perSecond) / 1_000;
    return Math.min(1, (USABLE * total) / wanted);
  }

  async #ready(plan: WindowPlan, scale: number): Promise<Current> {
    if (this.#current !== null && !this.#lasts(this.#current, plan, scale)) await this.end();
    return (this.#current ??= await this.#begin(scale));
  }

  /** True if the input at hand lasts for another window. */
  #lasts(current: Current, { rates, settleMs, windowMs }: WindowPlan, scale: number): boolean {
    const { planned, hasEnded } = current;
    if (hasEnded) return false;
    const { operators } = planned.built.plan;
    const isBounded = operators.some(({ config }) => config.kind === 'source' && config.bounded);
    if (!isBounded) return true;
    const total = this.#totalRecords;
    if (total === null || scale < 1) return false;
    const { records } = this.#read(current);
    const perSecond = rates === null ? (this.#fullSpeed ?? Number.POSITIVE_INFINITY) : sumOf(rates.values());
    const needed = ((settleMs + windowMs) * perSecond) / 1_000;
    return USABLE * (total - sumOf(records)) >= needed;
  }

  async #begin(scale: number): Promise<Current> {
    const { start, trial, warmUpMs, signal } = this.#settings;
    const { run, planned } = await launch(this.#job, { ...start, signal }, trial);
    const { graph } = planned;
    const sources = graph.vertices.filter(
      ({ index }) => !graph.exchanges.some(({ toVertex }) => toVertex === index),
    );
    const beganMs = SYSTEM_CLOCK.monotonicMs();
    const current: Current = { run, planned, sources, beganMs, hasEnded: false };
    this.#current = current;
    const noteEnd = (): void => {
      current.hasEnded = true;
    };
    run.finished.then(noteEnd, noteEnd);
    this.#totalRecords = run.metrics().recordsInTotal ?? null;
    for (const { head } of sources) run.sources[head]!.setRate(null);
    while (!this.#read(current).hasBegun && !current.hasEnded) await this.#pass(current, 1);
    await this.#pass(current, warmUpMs * scale);
    if (this.#totalRecords === null) await this.#steady(current, warmUpMs);
    return current;
  }

  /** Waits until the job gets no faster: compilers are done with it. An input that ends is not spent on this. */
  async #steady(current: Current, warmUpMs: number): Promise<void> {
    const sliceMs = warmUpMs / SLICES;
    let best = 0;
    for (let slices = 0; slices < SLICES_MAX; slices++) {
      const then = this.#read(current);
      await this.#pass(current, sliceMs);
      const now = this.#read(current);
      const perMs = (sumOf(now.records) - sumOf(then.records)) / (now.atMs - then.atMs);
      if (perMs <= best * FASTER) return;
      best = perMs;
    }
  }

  /** Lets time pass, or the run end. @throws what made the run fail */
  async #pass({ run }: Current, ms: number): Promise<void> {
    const over = new AbortController();
    const timer = sleep(ms, undefined, { signal: over.signal }).catch(() => {});
    try {
      await Promise.race([timer, run.finished]);
    } finally {
      over.abort();
    }
  }

  /** Readings over a time, while every source reads. */
  async #watch(current: Current, windowMs: number): Promise<readonly Reading[]> {
    const first = this.#read(current);
    const readings = [first];
    const isOver = ({ atMs, records }: Reading): boolean => {
      const passedMs = atMs - first.atMs;
      const isEmpty = sumOf(records) === sumOf(first.records);
      return passedMs >= windowMs * (isEmpty ? EMPTY_WINDOWS : 1);
    };
    while (!isOver(readings.at(-1)!)) {
      await this.#pass(current, Math.max(SAMPLE_MS_MIN, windowMs / SAMPLES));
      const reading = this.#read(current);
      if (!reading.isFlowing) break;
      readings.push(reading);
    }
    return readings;
  }

  #read({ run, sources, hasEnded }: Current): Reading {
    const { atMs, tasks } = metricsAt(run);
    const { user, system } = process.cpuUsage();
    const of = ({ id }: JobVertex): readonly TaskMetrics[] => tasks.filter(({ vertex }) => vertex === id);
    const states = sources.flatMap((vertex) => of(vertex).map(({ state }) => state));
    return {
      atMs,
      cpuMs: (user + system) / 1_000,
      tasks,
      records: sources.map((vertex) => of(vertex).reduce((sum, { recordsIn }) => sum + recordsIn, 0)),
      isFlowing: !hasEnded && !states.some((state) => ENDED.has(state)),
      hasBegun: states.every((state) => state === 'RUNNING' || ENDED.has(state)),
    };
  }

  /**
   * The markers that came since a window began, when all that were due before its end have come: whoever is last counts
   * too. One that does not come for seconds counts as that long.
   */
  async #latency(current: Current, before: Markers, endMs: number): Promise<LatencyHistogram | null> {
    const late = (): readonly number[] => markersOf(current).newestDueMs.filter((dueMs) => dueMs < endMs);
    while (late().length > 0 && !current.hasEnded && SYSTEM_CLOCK.monotonicMs() < endMs + LATE_MS_MAX)
      await this.#pass(current, SAMPLE_MS_MIN);
    const histogram = new LatencyHistogram(
      markersOf(current).counts.map((count, bucket) => count - (before.counts[bucket] ?? 0)),
    );
    const nowMs = SYSTEM_CLOCK.monotonicMs();
    if (!current.hasEnded) for (const dueMs of late()) histogram.addMs(nowMs - dueMs);
    return histogram.count === 0 ? null : histogram;
  }
}

const ENDED: ReadonlySet<string> = new Set(['FINISHED', 'CANCELED', 'FAILED']);

/** A reading that took longer than this is of no moment, and taken again, so often at most. */
const READ_MS_MAX = 1;
const READ_TRIES = 8;

/** Figures of all tasks, and when they were read: this thread may lose its core in between. */
function metricsAt(run: Run): { readonly atMs: number; readonly tasks: readonly TaskMetrics[] } {
  for (let tries = 1; ; tries++) {
    const beganMs = SYSTEM_CLOCK.monotonicMs();
    const { tasks } = run.metrics();
    const tookMs = SYSTEM_CLOCK.monotonicMs() - beganMs;
    if (tookMs <= READ_MS_MAX || tries === READ_TRIES) return { atMs: beganMs + tookMs / 2, tasks };
  }
}

/** Of all tasks with sinks that markers came to. */
interface Markers {
  readonly counts: Float64Array;
  readonly newestDueMs: readonly number[];
}

const isSink = ({ built }: PlannedJob, uid: string): boolean =>
  built.plan.operators.some(
    ({ uid: each, config: { kind } }) => each === uid && /^(sink|output)$/.test(kind),
  );

function markersOf({ run, planned }: Current): Markers {
  const lines = planned.graph.vertices
    .filter(({ operators }) => operators.some((uid) => isSink(planned, uid)))
    .flatMap(tasksOf)
    .flatMap((task) => run.latencyLines(task).slice(FIRST_LINE_OF_SOURCE));
  const counts = new Float64Array(HISTOGRAM_BUCKETS);
  for (const line of lines) for (const [bucket, count] of line.counts().entries()) counts[bucket]! += count;
  return { counts, newestDueMs: lines.map(({ newestMs }) => newestMs).filter((dueMs) => dueMs > 0) };
}

function measured(
  { sources, run, planned }: Current,
  { rates }: WindowPlan,
  set: Reading,
  readings: readonly Reading[],
): Omit<Window, 'latency'> {
  const [begin, end] = [readings[0]!, readings.at(-1)!];
  const ms = end.atMs - begin.atMs;
  const made = sources.map((_, i) => end.records[i]! - begin.records[i]!);
  const records = sumOf(made);
  const { graph } = planned;
  const shares = vertexShares(graph, begin.tasks, end.tasks, ms);
  return {
    ms,
    perSecond: (records * 1_000) / ms,
    perSecondOf: new Map(sources.map(({ head }, i) => [head, (made[i]! * 1_000) / ms])),
    lag: rates === null ? [] : readings.map((reading) => lagOf(sources, rates, set, reading)),
    cpuSecondsPerMillion: ((end.cpuMs - begin.cpuMs) * 1_000) / Math.max(1, records),
    shares,
    bottleneck: bottleneckOf(graph, begin.tasks, end.tasks),
    segmentBytes: run.metrics().segmentBytes,
  };
}

/** How far the source that is furthest behind is behind its schedule, which began when its rate was set. */
function lagOf(
  sources: readonly JobVertex[],
  rates: ReadonlyMap<string, number>,
  set: Reading,
  { atMs, records }: Reading,
): LagSample {
  const lags = sources.map(({ head }, i) => {
    const perMs = rates.get(head)! / 1_000;
    return atMs - set.atMs - (records[i]! - set.records[i]!) / perMs;
  });
  return { atMs, lagMs: Math.max(...lags) };
}

function sumOf(values: Iterable<number>): number {
  let sum = 0;
  for (const each of values) sum += each;
  return sum;
}

function inputShort(records: number, lastedMs: number): SluiceError {
  return new SluiceError(
    'BENCH_INPUT_SHORT',
    `the input of ${records} records lasted ${lastedMs.toFixed(0)} ms from the first task running to its end`,
    { detail: { records, lastedMs: Math.round(lastedMs) } },
  );
}
