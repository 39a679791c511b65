import { availableParallelism } from 'node:os';
import { isSluiceError, SluiceError } from '../../base/errors.js';
import type { JobGraph } from '../../plan/job-graph.js';
import type { LogicalPlan } from '../../plan/logical-plan.js';
import type { Metrics } from '../metrics/metrics.js';
import type { PastMoment } from '../metrics/sample-history.js';
import type { ProfileOptions, RunProfile } from '../profile/run-profile.js';
import { diagnose } from './diagnose.js';
import type { Diagnosis, Finding } from './diagnosis.js';
import { DiagnosisHistory } from './diagnosis-history.js';
import { DiagnosisLog, LOOK_MS, type LoggedFinding } from './diagnosis-log.js';
import { EXAMINE_SECONDS } from './examine-seconds.js';
import { fullBuffers } from './full-buffers.js';
import { hotCode, isOfItsWork } from './hot-code.js';
import { type KeyAsker, KeyWatch } from './key-watch.js';

/** What a doctor has to know of a run. */
export interface Patient {
  readonly graph: JobGraph;
  readonly plan: LogicalPlan;
  readonly metrics: () => Metrics;
  /** What all tasks had come to in the last minute, the oldest first. */
  readonly past: () => readonly PastMoment[];
  readonly keys: KeyAsker;
  /** Null: nobody may profile it. */
  readonly profile: ((options: ProfileOptions) => Promise<RunProfile>) | null;
}

/** How a run is examined, for `run.examine`. */
export interface ExamineOptions {
  /** How long what limits it is profiled, 0.05 to 60; 1 if not given. */
  readonly seconds?: number;
}

/**
 * Looks at a run once a second, says what holds it up now, and what did for most of its time.
 *
 * Runs in: the main thread. Cost of a look: that of a reading of the metrics, and some microseconds a task.
 */
export class RunDoctor {
  readonly #patient: Patient;
  readonly #log = new DiagnosisLog();
  readonly #history = new DiagnosisHistory();
  readonly #keys: KeyWatch;
  readonly #notices = new Map<string, string>();
  #examining: Promise<Diagnosis> | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(patient: Patient) {
    this.#patient = patient;
    this.#keys = new KeyWatch(patient.keys);
  }

  begin(): void {
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  diagnose(): Diagnosis {
    const { graph, plan, metrics, past } = this.#patient;
    const { samples: keys } = this.#keys;
    const cores = availableParallelism();
    const diagnosis = diagnose({ graph, plan, metrics: metrics(), past: past(), keys, cores });
    return { ...diagnosis, history: this.#history.episodes };
  }

  /**
   * The same, and of what limits the run by its work also the function that takes most of it. Whoever asks while
   * somebody else does gets the same answer.
   *
   * @throws SluiceError ARGUMENT_INVALID
   */
  async examine({ seconds = EXAMINE_SECONDS.default }: ExamineOptions = {}): Promise<Diagnosis> {
    const { min, max } = EXAMINE_SECONDS;
    if (!(seconds >= min && seconds <= max))
      throw new SluiceError(
        'ARGUMENT_INVALID',
        `examine(options): seconds is a number from ${min} to ${max}, not ${seconds}`,
      );
    this.#examining ??= this.#examine(seconds).finally(() => {
      this.#examining = null;
    });
    return this.#examining;
  }

  get limit(): LoggedFinding | null {
    return this.#log.limit;
  }

  /** What was seen to go wrong for a while without holding the run up by itself; a line each, for people. */
  get notices(): readonly string[] {
    return [...this.#notices.values()];
  }

  #look(): void {
    const diagnosis = this.diagnose();
    this.#log.add(diagnosis);
    this.#history.add(diagnosis, Date.now());
    this.#keys.look(diagnosis, performance.now());
    const { graph, past } = this.#patient;
    const untold = graph.vertices.filter(({ id }) => !this.#notices.has(id));
    for (const { vertex, notice } of fullBuffers(untold, past())) this.#notices.set(vertex, notice);
  }

  async #examine(seconds: number): Promise<Diagnosis> {
    const diagnosis = this.diagnose();
    const { profile } = this.#patient;
    const limit = diagnosis.findings.find(isOfItsWork);
    if (profile === null || limit === undefined) return diagnosis;
    const found = await this.#codeOf(limit, seconds, profile);
    const findings = diagnosis.findings.map((each) =>
      each === limit ? { ...each, evidence: [...each.evidence, ...found] } : each,
    );
    return { ...diagnosis, findings };
  }

  async #codeOf(
    { vertex: id, subtask }: Finding,
    seconds: number,
    profile: NonNullable<Patient['profile']>,
  ): Promise<readonly string[]> {
    const { firstTask } = this.#patient.graph.vertices.find((each) => each.id === id)!;
    const of = subtask === null ? { vertex: id } : { task: firstTask + subtask };
    try {
      return hotCode((await profile({ seconds, ...of })).tasks);
    } catch (error) {
      if (isSluiceError(error)) return []; // it has ended meanwhile, or cannot be profiled: all else is as true
      throw error;
    }
  }
}
