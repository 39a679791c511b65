import { availableParallelism } from 'node:os';
import { SluiceError } from '../../base/errors.js';
import type { LatencyHistogram } from '../../base/latency-histogram.js';
import type { OptionLayer } from '../../base/option-catalogue.js';
import type { LoadedJob } from '../job-file/job-loader.js';
import {
  BENCH_FORM,
  type BenchReport,
  figuresOf,
  type LoadLatency,
  type Repetition,
} from './bench-report.js';
import { JobTrials, type Window } from './job-trials.js';
import { OneThread } from './one-thread.js';
import { searchRate } from './rate-search.js';
import { isHeld } from './schedule-lag.js';

/** What is asked of a bench. */
export interface BenchRequest {
  readonly params: Readonly<Record<string, string>>;
  readonly layers: readonly OptionLayer[];
  /** How long each measurement takes. */
  readonly seconds: number;
  readonly discardsSinks: boolean;
  /** Path of a module with a function to compare with. */
  readonly against: string | null;
  readonly signal: AbortSignal;
  readonly onWarning: (message: string) => void;
  /** Told what is being measured, in a few words. */
  readonly onPhase: (phase: string) => void;
  /** Around what is done with the function to compare with, which may block this thread; no run is there meanwhile. */
  readonly whileBlocked: <T>(work: () => Promise<T>) => Promise<T>;
}

const REPETITIONS = 3;
/** A run is warmed up for as long as a measurement takes, and no longer. */
const WARM_UP_MS_MAX = 2_000;
/** After a rate was set, as a share of a measurement; longer before a latency, so that queues have emptied. */
const SETTLE = { rate: 0.25, latency: 0.5 } as const;
const SETTLE_MS_MAX = 1_000;
/** Shares of the sustainable rate at which latency is measured. */
const LOADS = [0.5, 0.8] as const;
/** The first rate that is tried, as a share of full speed. */
const FIRST_GUESS = 0.9;
const RATE_MIN = 0.001;
const RATE_MAX = 1e9;
const MARKER_INTERVAL = '1 ms';
/** A source may catch up with all that it missed: the schedule is kept. */
const CATCH_UP = '1 h';

/**
 * Finds out how much a job can do and how long it takes.
 *
 * @throws SluiceError BENCH_INPUT_SHORT, BENCH_RATE_UNSTEADY, BENCH_AGAINST_INVALID; and whatever a run throws
 */
export async function benchJob(job: LoadedJob, request: BenchRequest): Promise<BenchReport> {
  return new JobBench(job, request).report();
}

class JobBench {
  readonly #job: LoadedJob;
  readonly #request: BenchRequest;
  readonly #windowMs: number;
  readonly #trials: JobTrials;

  constructor(job: LoadedJob, request: BenchRequest) {
    this.#job = job;
    this.#request = request;
    this.#windowMs = request.seconds * 1_000;
    const values = { 'metrics.latency.interval': MARKER_INTERVAL, 'sluice.source.catch-up': CATCH_UP };
    this.#trials = new JobTrials(job, {
      start: {
        params: request.params,
        optionLayers: [{ origin: 'sluice bench', values }, ...request.layers],
        onWarning: ({ message }) => request.onWarning(message),
      },
      trial: { discardsAll: request.discardsSinks },
      warmUpMs: Math.min(this.#windowMs, WARM_UP_MS_MAX),
      signal: request.signal,
    });
  }

  async report(): Promise<BenchReport> {
    const { against, params, layers, seconds, discardsSinks } = this.#request;
    const oneThread = against === null ? null : await this.#openOneThread(against);
    const repetitions: Repetition[] = [];
    let last: Window | null = null;
    try {
      for (let number = 1; number <= REPETITIONS; number++) {
        const { repetition, atFullSpeed } = await this.#repeat(number, repetitions.at(-1) ?? null, oneThread);
        repetitions.push(repetition);
        last = atFullSpeed;
      }
    } finally {
      await this.#trials.end();
    }
    return {
      form: BENCH_FORM,
      job: this.#job.job.name,
      at: new Date().toISOString(),
      node: process.versions.node,
      cores: availableParallelism(),
      params,
      options: Object.assign({}, ...[...layers].reverse().map(({ values }) => values)),
      seconds,
      sinks: discardsSinks ? 'discarded' : 'own',
      figures: figuresOf(repetitions),
      vertices: last!.shares,
      bottleneck: last!.bottleneck,
      memory: {
        peakRssBytes: process.resourceUsage().maxRSS * 1024,
        segmentBytes: last!.segmentBytes,
      },
      against: oneThread && {
        module: against!,
        records: oneThread.records.count,
        areInMemory: oneThread.records.areInMemory,
      },
      repetitions,
    };
  }

  async #openOneThread(against: string): Promise<OneThread> {
    const { params, layers, onPhase, whileBlocked } = this.#request;
    onPhase('reading the records for the function to compare with');
    return whileBlocked(() => OneThread.open(against, this.#job, { params, layers }));
  }

  async #repeat(
    number: number,
    before: Repetition | null,
    oneThread: OneThread | null,
  ): Promise<{ readonly repetition: Repetition; readonly atFullSpeed: Window }> {
    const { onPhase } = this.#request;
    const tell = (what: string): void => onPhase(`${number} of ${REPETITIONS}: ${what}`);
    tell('full speed');
    const atFullSpeed = await this.#trials.window({ rates: null, settleMs: 0, windowMs: this.#windowMs });
    if (atFullSpeed.perSecond === 0)
      throw new SluiceError('BENCH_RATE_UNSTEADY', `no record came in ${atFullSpeed.ms.toFixed(0)} ms`);
    const share = sharesOf(atFullSpeed);
    const at = (perSecond: number, settle: number): Promise<Window> =>
      this.#trials.window({
        rates: new Map([...share].map(([uid, part]) => [uid, clamp(perSecond * part)])),
        settleMs: Math.min(SETTLE_MS_MAX, settle * this.#windowMs),
        windowMs: this.#windowMs,
      });
    const guess = before?.sustainablePerSecond ?? FIRST_GUESS * atFullSpeed.perSecond;
    const { heldPerSecond, trials } = await searchRate(clamp(guess), async (perSecond) => {
      tell(`is ${Math.round(perSecond)} records/s held?`);
      return isHeld((await at(perSecond, SETTLE.rate)).lag);
    });
    if (heldPerSecond === null) throw unsteady(trials.map(({ perSecond }) => perSecond));
    const latencies: LoadLatency[] = [];
    for (const load of LOADS) {
      tell(`latency at ${load * 100} % of ${Math.round(heldPerSecond)} records/s`);
      const { perSecond, latency } = await at(heldPerSecond * load, SETTLE.latency);
      latencies.push({ load, perSecond, ...latencyFigures(latency) });
    }
    const heapBytes = await this.#trials.finish();
    if (oneThread !== null) tell('the function to compare with');
    const againstPerSecond =
      oneThread === null ? null : await this.#request.whileBlocked(() => oneThread.turn(this.#windowMs));
    const repetition = {
      fullSpeedPerSecond: atFullSpeed.perSecond,
      sustainablePerSecond: heldPerSecond,
      trials,
      cpuSecondsPerMillion: atFullSpeed.cpuSecondsPerMillion,
      latencies,
      heapBytes,
      againstPerSecond,
    };
    return { repetition, atFullSpeed };
  }
}

/** What each source gives of all records, of which there are some. */
function sharesOf({ perSecond, perSecondOf }: Window): ReadonlyMap<string, number> {
  return new Map([...perSecondOf].map(([uid, own]) => [uid, own / perSecond]));
}

function clamp(perSecond: number): number {
  return Math.min(RATE_MAX, Math.max(RATE_MIN, perSecond));
}

function latencyFigures(histogram: LatencyHistogram | null): Pick<LoadLatency, 'markers' | 'ms'> {
  if (histogram === null) return { markers: 0, ms: null };
  const at = (quantile: number): number => histogram.atMs(quantile);
  return {
    markers: histogram.count,
    ms: { p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), max: at(1) },
  };
}

function unsteady(tried: readonly number[]): SluiceError {
  const list = tried.map((perSecond) => Math.round(perSecond)).join(', ');
  return new SluiceError('BENCH_RATE_UNSTEADY', `the source fell behind at each of ${list} records/s`, {
    detail: { tried: list },
  });
}
