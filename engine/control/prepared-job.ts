import { randomBytes } from 'node:crypto';
import { buildJob, buildJobChecked } from '../api/build-job.js';
import type { JobModule } from '../api/job.js';
import { SluiceError } from '../base/errors.js';
import type { Json } from '../base/json.js';
import type { EngineOptions, OptionLayer } from '../base/option-catalogue.js';
import type { Committable, Committer, Sink, Split } from '../connectors/connector.js';
import type { ControlArena } from '../memory/control-arena.js';
import { type JobGraph, jobGraph } from '../plan/job-graph.js';
import { isLiveEnd, type LiveNames, NOTHING_LIVE, withLiveEnds } from '../plan/live-ends.js';
import type { PlanOperator } from '../plan/logical-plan.js';
import { returnedFields } from '../records/returned-fields.js';
import type { FieldSpec } from '../records/schema.js';
import { type Blueprint, blueprint } from './blueprint.js';
import { type ConnectedJob, connectEndpoints, type InputGiven } from './endpoints.js';
import { liveNamesOf, type OutputWish } from './live/live-ends.js';
import { machineSurroundings } from './options/machine-memory.js';
import { type EffectiveOption, effectiveOptions } from './options/options.js';
import { discarding, type Trial } from './trial.js';

/** A job as it will run, checked in every way that needs neither a file nor a thread. */
export interface PlannedJob {
  readonly built: ConnectedJob;
  readonly live: LiveNames;
  readonly params: Readonly<Record<string, Json>>;
  readonly options: EngineOptions;
  /** The same for people, with where each is from. */
  readonly optionEntries: readonly EffectiveOption[];
  readonly graph: JobGraph;
  readonly blueprint: Blueprint;
  /** Position of a source's split cursor, by uid. */
  readonly cursors: ReadonlyMap<string, number>;
  /** Those that are written and committed. */
  readonly sinks: readonly PreparedSink[];
  /** Null: the run is for its outputs. */
  readonly trial: Trial | null;
}

/** A planned job whose inputs were found and whose outputs can be written. */
export interface PreparedJob extends PlannedJob {
  readonly splits: ReadonlyMap<string, readonly Split[]>;
  /** Records in all sources together, where all know. */
  readonly recordsInTotal: number | undefined;
}

export interface PreparedSink {
  readonly uid: string;
  readonly sink: Sink;
  readonly fields: readonly FieldSpec[] | null;
  readonly parallelism: number;
}

export interface PrepareInput {
  readonly params: Readonly<Record<string, unknown>>;
  readonly inputs: Readonly<Record<string, InputGiven>>;
  /** What is wished of named outputs, where the job may have live ends; without it, it has none. */
  readonly outputs?: Readonly<Record<string, OutputWish>>;
  /** In place of the lists of named outputs. */
  readonly sinks?: Readonly<Record<string, Sink>>;
  readonly optionLayers: readonly OptionLayer[];
  readonly trial?: Trial | null;
}

/**
 * Builds a job and checks options, parameters, plan and memory, in this order.
 *
 * @throws SluiceError  whatever is wrong with it
 */
export function planJob(job: JobModule<any, any, any>, input: PrepareInput): PlannedJob {
  const layers = [
    ...input.optionLayers,
    { origin: 'job()', values: (job.options ?? {}) as OptionLayer['values'] },
  ];
  const { options, entries: optionEntries } = effectiveOptions(layers, machineSurroundings());
  const build = CHECKED ? buildJobChecked : buildJob;
  const { parallelism, maxParallelism } = options;
  const plain = build(job, {
    params: input.params,
    parallelism,
    ...(maxParallelism !== null && { maxParallelism }),
  });
  const live =
    input.outputs === undefined ? NOTHING_LIVE : liveNamesOf(plain.plan, input.inputs, input.outputs);
  const plan = withLiveEnds(plain.plan, live);
  const { trial = null } = input;
  const built = discarding(connectEndpoints({ ...plain, plan }, input.inputs, input.sinks), trial);
  const graph = jobGraph(built.plan, { parallelism, chaining: options.chaining });
  const heads = built.plan.operators.filter(isOrigin).map(({ uid }) => uid);
  const regions = blueprint(graph, new Set(heads), options);
  for (const { uid, config } of built.plan.operators) {
    // What the tasks will ask of undeclared maps is proven here, once, and travels with the deployment.
    if (config.kind === 'map' && !config.declared) returnedFields(built.functions.get(uid)!.fn!);
  }
  return {
    built,
    live,
    params: built.plan.params,
    options,
    optionEntries,
    graph,
    blueprint: regions,
    cursors: new Map(regions.readerVertices.map(({ head }, cursor) => [head, cursor] as const)),
    sinks: sinksOf(built, graph),
    trial,
  };
}

/**
 * Finds the inputs of a planned job and checks its outputs.
 *
 * @throws SluiceError  an input is missing, damaged or does not match; an output cannot be written. Nothing was written
 */
export async function checkEndpoints(planned: PlannedJob): Promise<PreparedJob> {
  const { built, graph } = planned;
  const splits = new Map<string, readonly Split[]>();
  let recordsInTotal: number | undefined = planned.live.inputs.length === 0 ? 0 : undefined;
  for (const { uid } of sourcesOf(built)) {
    const readers = graph.vertices.find(({ head }) => head === uid)!.parallelism;
    const found = await built.functions.get(uid)!.source!.discover({ parallelism: readers });
    splits.set(uid, found.splits);
    if (found.recordsTotal === undefined) recordsInTotal = undefined;
    else if (recordsInTotal !== undefined) recordsInTotal += found.recordsTotal;
  }
  for (const { sink, fields } of planned.sinks) await sink.check(fields);
  return { ...planned, splits, recordsInTotal };
}

const isOrigin = ({ config }: PlanOperator): boolean => config.kind === 'source' || config.kind === 'input';

/** Operators with splits and readers. */
function sourcesOf({ plan }: ConnectedJob): readonly PlanOperator[] {
  return plan.operators.filter((operator) => isOrigin(operator) && !isLiveEnd(operator));
}

function sinksOf(built: ConnectedJob, graph: JobGraph): readonly PreparedSink[] {
  return built.plan.operators.flatMap((operator) => {
    const { uid, config, output } = operator;
    if ((config.kind !== 'sink' && config.kind !== 'output') || isLiveEnd(operator)) return [];
    const { parallelism } = graph.vertices.find((vertex) => vertex.operators.includes(uid))!;
    return [{ uid, sink: built.functions.get(uid)!.sink!, fields: output.fields, parallelism }];
  });
}

/** The committers of a run's sinks. */
export class OutputCommit {
  readonly #committers: readonly (PreparedSink & { readonly committer: Committer })[];

  constructor(sinks: readonly PreparedSink[], runId: string) {
    this.#committers = sinks.map((each) => ({
      ...each,
      committer: each.sink.createCommitter({ runId, parallelism: each.parallelism, fields: each.fields }),
    }));
  }

  /**
   * Makes the outputs visible, one after another.
   *
   * @param committablesOf  what the writers of a sink prepared, one per subtask, in order
   */
  async commit(committablesOf: (uid: string) => readonly Committable[]): Promise<void> {
    for (const { uid, committer, parallelism } of this.#committers) {
      const committables = committablesOf(uid);
      if (committables.length !== parallelism) {
        throw new SluiceError(
          'TASK_FAILED',
          `${committables.length} of ${parallelism} writers of ${uid} are ready to commit`,
        );
      }
      await committer.commit(committables);
    }
  }

  /** Removes what is not visible yet. Never rejects: the error that led here is the one to report. */
  async abort(): Promise<void> {
    for (const { committer } of this.#committers) await committer.abort().catch(() => {});
  }
}

/** Sets the rates that the job gives its sources. */
export function setRates({ built, cursors }: PlannedJob, control: ControlArena): void {
  for (const { uid, config } of built.plan.operators) {
    const cursor = cursors.get(uid);
    if (config.kind === 'source' && cursor !== undefined)
      control.setRate(cursor, config.ratePerSecond ?? 0, []);
  }
}

/** Names a run: 32 hex digits, as the ids of jobs are in Flink. */
export function newRunId(): string {
  return randomBytes(16).toString('hex');
}

/** What of a run's id is in the names of its temporary files, which have their length limited. */
export function runTag(runId: string): string {
  return runId.slice(0, 8);
}
