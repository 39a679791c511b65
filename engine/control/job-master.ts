import { SYSTEM_CLOCK } from '../base/clock.js';
import { SluiceError } from '../base/errors.js';
import { ControlArena, createControlArena } from '../memory/control-arena.js';
import { createExchange } from '../memory/exchange-arena.js';
import type { LatencyLine } from '../memory/latency-line.js';
import type { SharedMemory } from '../memory/region.js';
import { subtaskOfTask, taskName, tasksOf } from '../plan/job-graph.js';
import { planFingerprint } from '../plan/logical-plan.js';
import { knownProofs } from '../records/proofs.js';
import type { Diagnosis } from './diagnosis/diagnosis.js';
import { type ExamineOptions, RunDoctor } from './diagnosis/run-doctor.js';
import type { LoadedJob } from './job-file/job-loader.js';
import { byName, type LiveEnds } from './live/live-ends.js';
import { LiveTasks } from './live/live-tasks.js';
import type { Metrics, MetricsWindow } from './metrics/metrics.js';
import { RunMeter } from './metrics/run-meter.js';
import { OutputCommit, type PreparedJob, runTag, setRates } from './prepared-job.js';
import type { FlameGraph, FlameGraphType } from './profile/flame-graph.js';
import { Profiler } from './profile/profiler.js';
import type { ProfileOptions, RunProfile } from './profile/run-profile.js';
import type { Run, Summary } from './run.js';
import { CategoryWatch, createCategories } from './run-categories.js';
import { RunLife } from './run-life.js';
import { runSources } from './run-sources.js';
import type { RunTaps } from './taps/run-taps.js';
import { KeyCalls } from './threads/key-calls.js';
import type { PlacedWorker } from './threads/placed-worker.js';
import { committablesOf, type Deployment, type TaskAgent, type TaskReport } from './threads/protocol.js';
import { unwrapped } from './threads/rpc.js';
import type { WorkerPool } from './threads/worker-pool.js';
import { Watchdog, withStack } from './watchdog.js';

/** Importing the job module and compiling the chains is all that a deploy does. */
const DEPLOY_TIME_MS_MAX = 60_000;
/** Time that tasks get to end after their stop word was raised, before their threads are terminated. */
const STOP_GRACE_MS = 5_000;
export const ATTEMPT = 1;

/**
 * Takes a prepared job through its life: deploys every subtask on a thread of its own, starts them all, waits, commits
 * the outputs, and leaves nothing behind whatever happens.
 *
 * Runs in: the main thread, which sleeps while data flows.
 */
export class JobMaster implements Run {
  readonly id: string;
  readonly job: string;
  readonly finished: Promise<Summary>;
  readonly inputs: Run['inputs'];
  readonly outputs: Run['outputs'];
  readonly sources: Run['sources'];
  readonly url: string | null;
  readonly life = new RunLife();
  /** Settles when records flow, or with the error that prevented it once nothing is left of the run. */
  readonly started: Promise<void>;
  #onStarted!: () => void;
  readonly #loaded: LoadedJob;
  readonly #prepared: PreparedJob;
  readonly #pool: WorkerPool;
  readonly #live: LiveEnds;
  readonly #inputs: Readonly<Record<string, readonly object[]>>;
  readonly #control: ControlArena;
  readonly #controlMemory: SharedMemory;
  readonly #exchanges: readonly SharedMemory[];
  readonly #categories: SharedMemory | null;
  readonly #categoryWatch: CategoryWatch | null;
  readonly #meter: RunMeter;
  readonly #doctor: RunDoctor;
  readonly #profiler: Profiler;
  /** Null: nobody watches the tasks. */
  readonly #taps: RunTaps | null;
  #isCanceled = false;
  /** Outputs become visible: from here on it is too late to cancel. */
  #isCommitting = false;
  /** By task; live ends have none. */
  #workers: ReadonlyMap<number, PlacedWorker<TaskAgent>> = new Map();
  #liveTasks: LiveTasks | null = null;
  #graceTimer: NodeJS.Timeout | undefined;
  #watchTimer: NodeJS.Timeout | undefined;
  readonly #onWarning: (warning: SluiceError) => void;
  #runningMs = 0;

  constructor(
    loaded: LoadedJob,
    prepared: PreparedJob,
    pool: WorkerPool,
    live: LiveEnds,
    options: {
      id: string;
      url: string | null;
      startedMs: number;
      inputs: Readonly<Record<string, readonly object[]>>;
      taps: RunTaps | null;
      onWarning?: (warning: SluiceError) => void;
      signal?: AbortSignal;
    },
  ) {
    this.id = options.id;
    this.url = options.url;
    this.job = prepared.built.plan.job;
    this.#loaded = loaded;
    this.#prepared = prepared;
    this.#pool = pool;
    this.#live = live;
    this.#inputs = options.inputs;
    this.#taps = options.taps;
    this.#onWarning = options.onWarning ?? warnProcess;
    const { blueprint } = prepared;
    this.#controlMemory = createControlArena({ ...blueprint.control, attempt: ATTEMPT });
    this.#control = new ControlArena(this.#controlMemory, ATTEMPT);
    setRates(prepared, this.#control);
    this.#exchanges = blueprint.exchanges.map((spec) => createExchange(spec, ATTEMPT));
    const { categories } = blueprint;
    this.#categories = createCategories(categories, ATTEMPT);
    this.#categoryWatch =
      categories && new CategoryWatch(this.#categories!, ATTEMPT, prepared.graph, categories);
    this.#meter = new RunMeter(prepared, this.#control, this.#exchanges, options.startedMs);
    this.#profiler = new Profiler({
      runId: runTag(this.id), // as tasks know it
      plan: prepared.built.plan,
      graph: prepared.graph,
      control: this.#controlMemory,
      exchanges: this.#exchanges,
      nameOf: (task) => taskName(prepared.graph, task),
      readClock: (task) => this.#meter.readClock(task),
      graphFreshMs: prepared.options.flameGraphFreshMs,
    });
    this.#doctor = new RunDoctor({
      graph: prepared.graph,
      plan: prepared.built.plan,
      metrics: () => this.metrics(),
      past: () => this.#meter.past(),
      keys: new KeyCalls(prepared.graph, () => this.#workers),
      profile: prepared.options.flameGraphs ? (wanted) => this.#profiler.profile(wanted) : null,
    });
    const flowing = new Promise<void>((resolve) => {
      this.#onStarted = resolve;
    });
    const onAbort = (): void => void this.cancel(options.signal?.reason);
    this.finished = this.#wholeLife().finally(() => options.signal?.removeEventListener('abort', onAbort));
    this.inputs = byName(this.job, 'live input', live.inputs);
    this.outputs = byName<AsyncIterable<any>>(this.job, 'output', [
      ...[...prepared.built.outputs].map(
        ([name, list]) => [name, rowsAfter(this.finished, () => list.rows)] as const,
      ),
      ...live.outputs,
    ]);
    this.sources = byName(this.job, 'source with the uid', runSources(prepared, this.#control));
    this.finished.catch(() => {}); // a run that nobody waits for must not end the process
    this.started = Promise.race([flowing, this.finished.then(() => {})]);
    this.started.catch(() => {});
    options.signal?.addEventListener('abort', onAbort, { once: true });
    if (options.signal?.aborted) onAbort();
  }

  metrics(window: MetricsWindow = '1s'): Metrics {
    return this.#meter.metrics(this.life.state, window);
  }

  diagnose(): Diagnosis {
    return this.#doctor.diagnose();
  }

  async examine(options: ExamineOptions = {}): Promise<Diagnosis> {
    return this.#doctor.examine(options);
  }

  get notices(): readonly string[] {
    return [...this.#prepared.blueprint.notices, ...this.#doctor.notices];
  }

  async profile(options: ProfileOptions = {}): Promise<RunProfile> {
    return this.#profiler.profile(options);
  }

  /** As Flink's REST API has it; see Profiler. */
  flameGraph(vertex: string, type: FlameGraphType, subtask?: number): FlameGraph {
    return this.#profiler.flameGraph(vertex, type, subtask);
  }

  /** What latency markers told a task, as latency-line.ts tells; none where none are sent. */
  latencyLines(task: number): readonly LatencyLine[] {
    return this.#control.latencyLines(task);
  }

  async stop(): Promise<Summary> {
    if (this.life.state === 'RUNNING' && !this.#isCommitting) {
      this.life.become('STOPPING');
      for (const vertex of this.#prepared.blueprint.sourceVertices) {
        for (const task of tasksOf(vertex)) this.#control.requestDrain(task);
      }
      this.#live.stop();
    } else if (this.life.state === 'CREATED') {
      await this.cancel();
    }
    return this.finished;
  }

  async cancel(reason?: unknown): Promise<void> {
    if (!this.life.isOver && !this.#isCommitting) {
      this.#isCanceled = true;
      this.#fail(new SluiceError('RUN_ABORTED', `the run of ${this.job} was cancelled`, { cause: reason }));
    }
    await this.finished.catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cancel();
  }

  /** The whole life; settles when nothing of the run is left. */
  async #wholeLife(): Promise<Summary> {
    const { sinks } = this.#prepared;
    const outputs = new OutputCommit(sinks, runTag(this.id));
    const pool = this.#pool;
    try {
      await this.#deploy(pool);
      const reports = await this.#runAll();
      await this.#profiler.finish();
      this.#throwIfFailed();
      this.#isCommitting = true;
      if (this.#prepared.trial === null) await outputs.commit((uid) => committablesOf(reports, uid));
      else await outputs.abort();
      this.life.become(this.life.state === 'STOPPING' ? 'STOPPED' : 'FINISHED');
      this.#meter.stop();
      await pool.close();
      this.#live.finish();
      const summary = this.#meter.summary(this.life.state, this.#runningMs, (task) => reports.get(task));
      const trace = this.#taps?.end() ?? null;
      return { ...summary, limit: this.#doctor.limit, ...(trace !== null && { trace }) };
    } catch (error) {
      this.#fail(error);
      await this.#profiler.finish();
      await pool.close(STOP_GRACE_MS);
      this.#warnOfQuarantine(pool.quarantinedThreads);
      await outputs.abort();
      this.#meter.stop();
      this.life.become(this.#isCanceled ? 'CANCELED' : 'FAILED');
      throw this.life.failures[0]!.error;
    } finally {
      clearTimeout(this.#graceTimer);
      clearInterval(this.#watchTimer);
      this.#doctor.stop();
      this.#taps?.end();
    }
  }

  /** Looks now and then whether a task waits for ever, until the run is over. */
  #watch(): void {
    const { graph, options } = this.#prepared;
    if (options.watchdogAction === 'off') return;
    const watchdog = new Watchdog({
      control: this.#controlMemory,
      exchanges: this.#exchanges,
      nameOf: (task) => taskName(graph, task),
      stuckAfterMs: options.stuckAfterMs,
    });
    this.#watchTimer = setInterval(() => {
      this.#warnOfCategories();
      for (const finding of watchdog.look(SYSTEM_CLOCK.monotonicMs())) void this.#tell(finding);
    }, options.watchdogIntervalMs).unref();
  }

  async #tell(finding: SluiceError): Promise<void> {
    const told = finding.code === 'TASK_STUCK' ? await withStack(finding, this.#profiler) : finding;
    if (this.life.isOver) return;
    if (this.#prepared.options.watchdogAction === 'fail') this.#fail(told);
    else this.#onWarning(told);
  }

  #warnOfCategories(): void {
    for (const warning of this.#categoryWatch?.look() ?? []) this.#onWarning(warning);
  }

  /** attempt/quarantine: nothing else would tell why the process does not end. */
  #warnOfQuarantine(threads: number): void {
    if (threads === 0) return;
    const what = `${threads} threads of ${this.job} were terminated and did not end: they are inside calls to the system`;
    this.#onWarning(new SluiceError('THREADS_QUARANTINED', what, { detail: { threads } }));
  }

  async #deploy(pool: WorkerPool): Promise<void> {
    const { graph } = this.#prepared;
    pool.admit(graph.threadCount);
    const tasks = graph.vertices.filter(({ place }) => place === 'worker').flatMap(tasksOf);
    this.life.deploys();
    const placed = tasks.map(async (task) => [task, await pool.place(task, taskName(graph, task))] as const);
    this.#workers = new Map(await Promise.all(placed));
    const deployed = [...this.#workers].map(([task, worker]) =>
      worker.client.call('deploy', [this.#deployment(task)], { timeoutMs: DEPLOY_TIME_MS_MAX }),
    );
    const memory = {
      control: this.#controlMemory,
      categories: this.#categories,
      exchanges: this.#exchanges,
      attempt: ATTEMPT,
    };
    this.#liveTasks = new LiveTasks(this.#prepared, this.#live, memory, runTag(this.id), this.#taps);
    await firstError(deployed);
    this.#throwIfFailed();
  }

  async #runAll(): Promise<ReadonlyMap<number, TaskReport>> {
    this.life.become('RUNNING');
    this.#watch();
    this.#meter.begin();
    this.#doctor.begin();
    this.#taps?.begin(this.#control, this.#exchanges);
    const began = SYSTEM_CLOCK.monotonicMs();
    const calls = [...this.#workers].map(([task, { client }]) => [task, client.call('run', [])] as const);
    const runs = [...calls, ...this.#liveTasks!.run()].map(async ([task, report]) => {
      try {
        return [task, await report] as const;
      } catch (error) {
        this.#fail(error, task);
        return null;
      } finally {
        this.life.endsTask(task);
      }
    });
    this.#onStarted();
    const reports = (await Promise.all(runs)).filter((report) => report !== null);
    this.#runningMs = SYSTEM_CLOCK.monotonicMs() - began;
    this.#warnOfCategories(); // of short runs too, and where nobody watches
    return new Map(reports.sort(([a], [b]) => a - b));
  }

  #deployment(task: number): Deployment {
    const { graph, blueprint, built, params, options, splits, cursors } = this.#prepared;
    const { vertex, subtask } = subtaskOfTask(graph, task);
    const touched = graph.exchanges.filter(
      ({ fromVertex, toVertex }) => fromVertex === vertex.index || toVertex === vertex.index,
    );
    return {
      moduleUrl: this.#loaded.moduleUrl,
      jobUrl: this.#loaded.jobUrl,
      params,
      fingerprint: planFingerprint(built.plan),
      subtask: {
        vertexId: vertex.id,
        taskName: vertex.name,
        subtaskIndex: subtask,
        parallelism: vertex.parallelism,
      },
      attempt: ATTEMPT,
      engine: {
        task,
        runId: runTag(this.id),
        options,
        exchanges: touched.map(({ id }) => ({
          spec: blueprint.exchanges[id]!,
          memory: this.#exchanges[id]!,
        })),
        control: this.#controlMemory,
        categories: this.#categories,
        splits: [...splits],
        cursors: [...cursors],
        proofs: knownProofs(),
        inputs: this.#inputs,
        live: this.#prepared.live,
        trial: this.#prepared.trial,
        taps: this.#taps?.deployment(task) ?? null,
      },
    };
  }

  /** Keeps the first error and asks every task to end; threads that do not are terminated when the grace is over. */
  #fail(error: unknown, task: number | null = null): void {
    if (this.life.isOver) return;
    this.life.fails(unwrapped(error), task);
    this.#graceTimer ??= setTimeout(() => {
      for (const worker of this.#workers.values())
        void worker.terminate('it did not end when it was asked to');
    }, STOP_GRACE_MS);
    for (let task = 0; task < this.#prepared.graph.taskCount; task++) this.#control.requestStop(task);
    this.#live.fail(this.life.failures[0]!.error);
  }

  #throwIfFailed(): void {
    const [failure] = this.life.failures;
    if (failure !== undefined) throw failure.error;
  }
}

async function* rowsAfter(finished: Promise<unknown>, rows: () => readonly any[]): AsyncGenerator<any> {
  await finished;
  yield* rows();
}

/** For whoever starts a run and does not say where its warnings shall go. */
function warnProcess({ message, code }: SluiceError): void {
  process.emitWarning(message, { type: 'SluiceWarning', code });
}

/** Waits for all, then throws the first error; none is left unhandled. */
async function firstError(promises: readonly Promise<unknown>[]): Promise<void> {
  const settled = await Promise.allSettled(promises);
  for (const each of settled) if (each.status === 'rejected') throw each.reason;
}
