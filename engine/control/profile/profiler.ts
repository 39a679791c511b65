import { SYSTEM_CLOCK } from '../../base/clock.js';
import { isSluiceError, SluiceError } from '../../base/errors.js';
import type { SharedMemory } from '../../memory/region.js';
import { waitPicture } from '../../memory/wait-picture.js';
import { type JobGraph, subtaskOfTask, tasksOf } from '../../plan/job-graph.js';
import type { LogicalPlan } from '../../plan/logical-plan.js';
import type { TimeSample } from '../metrics/task-sample.js';
import { FLAME_GRAPH_NOT_THERE, type FlameGraph, type FlameGraphType } from './flame-graph.js';
import { offCpu, WaitLooks } from './off-cpu.js';
import { PROFILE_SECONDS } from './profile-seconds.js';
import { type ProfileOptions, RunProfile } from './run-profile.js';
import { SourcePlaces } from './source-places.js';
import { stackIn } from './stuck-stack.js';
import { TASK_TEXT } from './task-beacon.js';
import { chainNames, sampledTask, soleSink, type TaskProfile } from './task-profile.js';
import { type InspectedThread, ThreadInspector } from './thread-inspector.js';
import { ThreadProbe, type ThreadSamples } from './thread-probe.js';

/** What a profiler has to know of a run. */
export interface ProfiledRun {
  readonly runId: string;
  readonly plan: LogicalPlan;
  readonly graph: JobGraph;
  readonly control: SharedMemory;
  readonly exchanges: readonly SharedMemory[];
  readonly nameOf: (task: number) => string;
  readonly readClock: (task: number) => TimeSample;
  /** A flame graph so old is shown, and made anew. */
  readonly graphFreshMs: number;
}

/** Between two looks at who waits for whom. */
const LOOK_MS = 20;
/** Of a flame graph that somebody asks for again and again. */
const GRAPH_SECONDS = 1;

/**
 * Profiles the tasks of a run, when somebody asks.
 *
 * Runs in: the main thread. While nobody asks, nothing of it exists in any thread.
 */
export class Profiler {
  readonly #run: ProfiledRun;
  readonly #ends = new Set<() => void>();
  readonly #working = new Set<Promise<unknown>>();
  #isOver = false;
  #graphs: RunProfile | null = null;
  #graphsComing = false;

  constructor(run: ProfiledRun) {
    this.#run = run;
  }

  /**
   * @throws SluiceError ARGUMENT_INVALID  the options, or the run is over
   * @throws SluiceError PROFILE_UNAVAILABLE  this Node.js has no inspector
   * Cost: see ThreadProbe; while samples are taken, about a tenth of what a busy thread does.
   */
  profile(options: ProfileOptions = {}): Promise<RunProfile> {
    const { seconds = PROFILE_SECONDS.default } = options;
    const tasks = chosenTasks(this.#run.graph, options);
    if (!(seconds >= PROFILE_SECONDS.min && seconds <= PROFILE_SECONDS.max))
      throw argument(
        `seconds is a number from ${PROFILE_SECONDS.min} to ${PROFILE_SECONDS.max}, not ${seconds}`,
      );
    if (this.#isOver) throw argument('the run is over');
    const working = this.#profile(tasks, seconds);
    const done = working.then(
      () => {},
      () => {},
    );
    this.#working.add(done);
    done.then(() => this.#working.delete(done));
    return working;
  }

  /**
   * The flame graph of a vertex, for those who ask every few seconds: the latest there is, and a new one is begun where
   * that is old. `data` is absent until the first is there, and when the run is over; `endTimestamp` says which.
   */
  flameGraph(vertex: string, type: FlameGraphType, subtask?: number): FlameGraph {
    if (this.#isOver) return { endTimestamp: FLAME_GRAPH_NOT_THERE.terminated };
    const isOld = this.#graphs === null || Date.now() - this.#graphs.endedAt > this.#run.graphFreshMs;
    if (isOld && !this.#graphsComing) void this.#drawGraphs();
    if (this.#graphs === null) return { endTimestamp: FLAME_GRAPH_NOT_THERE.waiting };
    return this.#graphs.toFlameGraph(vertex, type, subtask);
  }

  async #drawGraphs(): Promise<void> {
    this.#graphsComing = true;
    try {
      this.#graphs = await this.profile({ seconds: GRAPH_SECONDS });
    } catch {
      // Nobody waits for it: whoever asks next is told that there is none yet, and begins another one.
    } finally {
      this.#graphsComing = false;
    }
  }

  /**
   * The functions that a task is inside of, the innermost first, a line each: `score (job.ts:14:3)`.
   *
   * @throws SluiceError PROFILE_UNAVAILABLE  it cannot be seen, such as inside a call to the system
   */
  async stackOf(task: number): Promise<readonly string[]> {
    const inspector = await ThreadInspector.attach();
    try {
      const thread = (await threadsOf(inspector, this.#run.runId)).get(task);
      if (thread === undefined) throw new SluiceError('PROFILE_UNAVAILABLE', 'its thread does not answer');
      return await stackIn(thread, new SourcePlaces());
    } finally {
      inspector.detach();
    }
  }

  /** Ends what is in progress with what there is. Called before threads go. */
  async finish(): Promise<void> {
    this.#isOver = true;
    for (const end of this.#ends) end();
    await Promise.all(this.#working);
  }

  async #profile(tasks: readonly number[], seconds: number): Promise<RunProfile> {
    const inspector = await ThreadInspector.attach();
    try {
      const threads = await threadsOf(inspector, this.#run.runId);
      const probes = tasks.flatMap((task) => {
        const thread = threads.get(task);
        return thread === undefined ? [] : [new TaskProbe(task, new ThreadProbe(thread))];
      });
      await Promise.all(probes.map((probe) => probe.attempt((each) => each.learn())));
      await Promise.all(probes.map((probe) => probe.attempt(async (each) => each.begin())));
      const read = (): readonly TimeSample[] => tasks.map((task) => this.#run.readClock(task));
      const beganMs = SYSTEM_CLOCK.monotonicMs();
      const then = read();
      const looks = new WaitLooks();
      await this.#watch(looks, seconds);
      const now = read();
      const elapsedMs = SYSTEM_CLOCK.monotonicMs() - beganMs;
      await Promise.all(
        probes.map((probe) => probe.attempt(async (each) => void (probe.samples = await each.end()))),
      );
      const places = new SourcePlaces();
      const profiles = tasks.map((task, i) => {
        const probe = probes.find((each) => each.task === task);
        return this.#taskProfile(task, [then[i]!, now[i]!], elapsedMs, probe, looks, places);
      });
      return new RunProfile(this.#run.graph.job, Date.now(), elapsedMs, profiles);
    } finally {
      inspector.detach();
    }
  }

  /** Looks who waits for whom until the time is over or the run ends. */
  async #watch(looks: WaitLooks, seconds: number): Promise<void> {
    const { control, exchanges } = this.#run;
    const looking = setInterval(
      () => looks.add(waitPicture(control, exchanges, SYSTEM_CLOCK.monotonicMs())),
      LOOK_MS,
    );
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => end(), seconds * 1_000);
      const end = (): void => {
        clearTimeout(timer);
        this.#ends.delete(end);
        resolve();
      };
      this.#ends.add(end);
      if (this.#isOver) end();
    });
    clearInterval(looking);
  }

  #taskProfile(
    task: number,
    readings: readonly [TimeSample, TimeSample],
    elapsedMs: number,
    probe: TaskProbe | undefined,
    looks: WaitLooks,
    places: SourcePlaces,
  ): TaskProfile {
    const { graph, plan, nameOf } = this.#run;
    const { vertex, subtask } = subtaskOfTask(graph, task);
    const names = chainNames(graph, plan, vertex);
    const sampled =
      probe?.samples === undefined
        ? null
        : sampledTask(probe.samples, vertex, names, soleSink(plan, vertex), places);
    const isBeside = vertex.place === 'main';
    const missing = isBeside
      ? 'it runs beside the application, in its thread'
      : (probe?.missing ?? 'its thread does not answer');
    const [then, now] = readings;
    return {
      vertex: vertex.id,
      task,
      name: vertex.name,
      subtask,
      elapsedMs,
      busyMs: now.times.busyMs - then.times.busyMs,
      onCpu: sampled?.onCpu ?? null,
      missing: sampled === null ? missing : null,
      offCpu: offCpu(vertex.name, task, readings, looks, nameOf),
      cpuProfile: sampled?.cpuProfile ?? null,
    };
  }
}

/** The probe of one task; what goes wrong with it is the matter of that task alone. */
class TaskProbe {
  readonly task: number;
  readonly #probe: ThreadProbe;
  samples: ThreadSamples | undefined;
  missing: string | null = null;

  constructor(task: number, probe: ThreadProbe) {
    this.task = task;
    this.#probe = probe;
  }

  async attempt(step: (probe: ThreadProbe) => Promise<void>): Promise<void> {
    if (this.missing !== null) return;
    try {
      await step(this.#probe);
    } catch (error) {
      if (!isSluiceError(error)) throw error;
      this.missing = error.message;
    }
  }
}

/** Threads by the task of this run that lives there. */
async function threadsOf(
  inspector: ThreadInspector,
  runId: string,
): Promise<ReadonlyMap<number, InspectedThread>> {
  const found = await Promise.all(
    inspector.threads.map(async (thread) => {
      try {
        const shown = await thread.evaluate<{ runId?: string; task?: number }>(TASK_TEXT);
        return shown.runId === runId ? ([shown.task!, thread] as const) : null;
      } catch {
        return null; // such as one that is just ending
      }
    }),
  );
  return new Map(found.filter((each) => each !== null));
}

function chosenTasks(graph: JobGraph, { task, vertex }: ProfileOptions): readonly number[] {
  const all = graph.vertices.flatMap(tasksOf);
  if (task !== undefined && !all.includes(task))
    throw argument(`task is a whole number from 0 to ${all.length - 1}, not ${String(task)}`);
  const among = graph.vertices.find(({ id }) => id === vertex);
  if (vertex !== undefined && among === undefined)
    throw argument(`no vertex of the job has the id '${String(vertex)}'; metrics().vertices has them`);
  const chosen = among === undefined ? all : tasksOf(among);
  return task === undefined ? chosen : chosen.filter((each) => each === task);
}

function argument(what: string): SluiceError {
  return new SluiceError('ARGUMENT_INVALID', `profile(options): ${what}`);
}
