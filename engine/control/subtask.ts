import { assert } from '../base/assert.js';
import type { Clock } from '../base/clock.js';
import type { EngineOptions } from '../base/option-catalogue.js';
import type { SinkWriter, Source, Split } from '../connectors/connector.js';
import type { HardWaiter } from '../exchange/hard-waiter.js';
import { type InputGate, openGate } from '../exchange/input-gate.js';
import { LatencyEmitter } from '../exchange/latency-emitter.js';
import { openPartition } from '../exchange/open-partition.js';
import type { ResultPartition } from '../exchange/result-partition.js';
import type { SegmentLender } from '../exchange/segment-lender.js';
import type { ControlArena } from '../memory/control-arena.js';
import type { Exchange } from '../memory/exchange-arena.js';
import { type JobExchange, type JobGraph, subtaskOfTask } from '../plan/job-graph.js';
import type { BuiltJob } from '../plan/logical-plan.js';
import { type ChainSpec, type RunCategories, requiredFields } from '../runtime/chain-spec.js';
import { type CompiledChain, compileChain } from '../runtime/codegen/chain-compiler.js';
import type { CodeMap } from '../runtime/codegen/code-map.js';
import { GateInput, type GateParts } from '../runtime/gate-input.js';
import { GatesInput } from '../runtime/gates-input.js';
import { HeldInput, type ReleasableInput } from '../runtime/held-input.js';
import { type KeySample, KeySampler } from '../runtime/key-sampler.js';
import { LatencyMarkers, SourceMarkers } from '../runtime/latency-markers.js';
import { PushInput } from '../runtime/push-input.js';
import type { RowQueue } from '../runtime/row-queue.js';
import { SourceInput } from '../runtime/source-input.js';
import { Task } from '../runtime/task.js';
import type { TaskInput } from '../runtime/task-input.js';
import { TokenBucket } from '../runtime/token-bucket.js';
import type { LearnedReport } from '../runtime/undeclared-writer.js';
import { WatermarkValve } from '../runtime/watermark-valve.js';
import type { LiveEnds } from './live/live-ends.js';
import type { TaskReport } from './threads/protocol.js';

/** What a subtask is put together from; the same on a thread and on the inline host. */
export interface SubtaskSetting {
  readonly built: BuiltJob;
  readonly graph: JobGraph;
  readonly options: EngineOptions;
  /** By exchange id; only those that the subtask touches need to be there. */
  readonly exchanges: ReadonlyMap<number, Exchange>;
  readonly control: ControlArena;
  /** One for all subtasks of a thread; null: values of categories travel as strings. */
  readonly categories: RunCategories | null;
  /** By the uid of the source. */
  readonly splits: ReadonlyMap<string, readonly Split[]>;
  /** Split cursor of each source, by uid. */
  readonly cursors: ReadonlyMap<string, number>;
  readonly runId: string;
  readonly clock: Clock;
  /** What an application holds of the job; only in its thread. */
  readonly live?: LiveEnds;
  /** Records a step begins with and may at most take; fixed for a host that must repeat itself exactly. */
  readonly fixedBudget?: number;
  /** Where somebody watches. tap/installed */
  readonly Lender?: typeof SegmentLender;
}

export interface Subtask {
  readonly task: Task;
  /** One for each exchange that feeds it. */
  readonly gates: readonly InputGate[];
  readonly partitions: readonly ResultPartition[];
  readonly codeMap: CodeMap;
  /** Splits read to their end; 0 without a source. */
  splitsDone(): number;
  /** What became of the shapes of its undeclared outputs. */
  learned(): readonly LearnedReport[];
  /** About how long it took to write, and to unpack, rows that nobody declared. */
  undeclaredMs(): number;
  /** Begins to count the keys of its rows, if they have some; and gives what was counted. */
  sampleKeys(): void;
  takeKeys(): KeySample | null;
}

/**
 * Builds the task with the given index: gates, partitions, compiled chain, input and writers.
 *
 * @throws SluiceError CODEGEN_FORBIDDEN, ARENA_INVALID, and whatever a sink's writer throws
 */
export function createSubtask(setting: SubtaskSetting, taskIndex: number, waiter: HardWaiter): Subtask {
  const { built, graph, control, exchanges, categories } = setting;
  const { vertex, subtask } = subtaskOfTask(graph, taskIndex);
  const spec = chainSpec(built, graph, vertex.index);
  const incoming = graph.exchanges.filter((each) => each.toVertex === vertex.index);
  const gates = openGates(setting, incoming, subtask);
  const outgoing = graph.exchanges
    .filter((each) => each.fromVertex === vertex.index)
    .map(({ id }) => exchanges.get(id)!);
  const partitions = outgoing.map((exchange) => openPartition(exchange, subtask, control, waiter));
  const writers = createWriters(setting, spec, subtask, vertex.parallelism);
  const chain = compileChain(
    spec,
    {
      subtask,
      parallelism: vertex.parallelism,
      clock: setting.clock,
      inputViews: gates.map(({ view }) => view),
      partitions,
      outputViews: outgoing.map((exchange) => exchange.view),
      writers,
      categories,
    },
    built.sites,
  );
  const markers = latencyMarkers(setting, taskIndex, partitions, outgoing);
  const valve = new WatermarkValve(gates.reduce((sum, { gate }) => sum + gate.channelCount, 0));
  const gateInputs = gates.map(
    (parts) => new GateInput(chain, parts, valve, categories?.known ?? null, markers),
  );
  const input =
    gates.length === 0
      ? originInput(setting, spec, chain, taskIndex, markers)
      : heldInput(setting, spec, gateInputs.length === 1 ? gateInputs[0]! : new GatesInput(gateInputs));
  const { bufferTimeoutMs } = setting.options;
  const task = new Task({
    subtask,
    chain,
    input,
    partitions,
    writers,
    clock: setting.clock,
    bufferTimeoutMs: bufferTimeoutMs ?? Number.POSITIVE_INFINITY,
    watermarkIntervalMs: setting.options.autoWatermarkIntervalMs,
    ...(setting.fixedBudget !== undefined && { fixedBudget: setting.fixedBudget }),
  });
  return {
    task,
    gates: gates.map(({ gate }) => gate),
    partitions,
    codeMap: chain.codeMap,
    splitsDone: () => (input instanceof SourceInput ? input.splitsDone : 0),
    learned: () => chain.undeclared.map(({ report }) => report),
    undeclaredMs: () =>
      chain.undeclared.reduce((sum, { cost }) => sum + cost.totalMs, chain.unpacking.totalMs),
    ...keyCounting(gateInputs, gates, setting),
  };
}

/** The gates of a task, in the order of the exchanges. */
function openGates(
  { options, control, exchanges, Lender }: SubtaskSetting,
  incoming: readonly JobExchange[],
  subtask: number,
): readonly GateParts[] {
  let firstChannel = 0;
  return incoming.map(({ id, partitioner, fields: { fields } }, number) => {
    const exchange = exchanges.get(id)!;
    const gate = openGate(exchange, subtask, control, options.debloat, Lender);
    const declared = fields === null ? null : { fields, isPacked: false };
    const keys = partitioner.kind === 'hash' ? partitioner.fields : null;
    const parts = { gate, view: exchange.view, number, firstChannel, declared, keys };
    firstChannel += gate.channelCount;
    return parts;
  });
}

/** Rows of all gates are counted together: they meet in one state. */
function keyCounting(
  inputs: readonly GateInput[],
  gates: readonly GateParts[],
  { categories }: SubtaskSetting,
): Pick<Subtask, 'sampleKeys' | 'takeKeys'> {
  let sampler: KeySampler | null = null;
  const use = (next: KeySampler | null): void => {
    sampler = next;
    for (const input of inputs) input.sampler = next;
  };
  return {
    sampleKeys: () => {
      if (gates.some(({ keys }) => keys !== null)) use(new KeySampler(categories?.known ?? null));
    },
    takeKeys: () => {
      const sample = sampler?.sample ?? null;
      use(null);
      return sample;
    },
  };
}

/** What one vertex runs, from the job graph and the functions of the job module. */
export function chainSpec(built: BuiltJob, graph: JobGraph, vertexIndex: number): ChainSpec {
  const vertex = graph.vertices[vertexIndex]!;
  const children = new Map<string, string[]>();
  for (const { from, to } of vertex.links) children.set(from, [...(children.get(from) ?? []), to]);
  return {
    name: vertex.name,
    head: vertex.head,
    operators: new Map(
      vertex.operators.map((uid) => [uid, built.plan.operators.find((each) => each.uid === uid)!] as const),
    ),
    functions: built.functions,
    children,
    outputs: graph.exchanges
      .filter((each) => each.fromVertex === vertexIndex)
      .map(({ fromOperator, edge, partitioner, fields, required }) => ({
        from: fromOperator,
        edge,
        partitioner,
        shape: fields,
        required,
      })),
    inputs: graph.exchanges
      .filter((each) => each.toVertex === vertexIndex)
      .map(({ input, fields }) => ({ input, shape: fields })),
    required: graph.required,
    maxParallelism: graph.maxParallelism,
  };
}

/** What the master has to know of a task that has ended. */
export function reportOf({ task, learned }: Subtask, end: 'FINISHED' | 'CANCELED'): TaskReport {
  return { committables: end === 'FINISHED' ? [...task.committables] : [], learned: learned() };
}

/** A live output is read no faster than it is by the application, and not at all once its reader has left. */
function heldInput(
  { live }: SubtaskSetting,
  { head, operators }: ChainSpec,
  input: ReleasableInput,
): TaskInput {
  const queue = live?.queue(head);
  if (queue === undefined) return input;
  assert(operators.size === 1, 'the task of a live output does nothing beside it'); // release/drop
  return new HeldInput(input, queue);
}

function originInput(
  setting: SubtaskSetting,
  spec: ChainSpec,
  chain: CompiledChain,
  taskIndex: number,
  markers: LatencyMarkers | null,
): TaskInput {
  const pushed = setting.live?.input(spec.head);
  if (pushed !== undefined) return new PushInput(chain.core, chain.batch!, pushed.buffer);
  const { vertex, subtask } = subtaskOfTask(setting.graph, taskIndex);
  const { parallelism } = vertex;
  const source: Source = setting.built.functions.get(spec.head)!.source!;
  const fields = requiredFields(spec, spec.head);
  const reader = source.createReader({ subtask, parallelism, fields, clock: setting.clock });
  const cursor = setting.cursors.get(spec.head)!;
  const { latencyIntervalMs, catchUpMs } = setting.options;
  const share = (): number => shareOf(setting.control.rate(cursor), parallelism);
  const pace = new TokenBucket(setting.clock, share, catchUpMs);
  const supply = {
    splits: setting.splits.get(spec.head) ?? [],
    take: () => setting.control.takeSplit(cursor),
    isDrained: () => setting.control.isDrainRequested(taskIndex),
    pace,
    markers: markers === null ? null : new SourceMarkers(markers, cursor, pace, latencyIntervalMs),
  };
  const names = fields?.map((field) => field.name) ?? null;
  return new SourceInput(chain.core, chain.batch!, reader, supply, { fields: names, make: source.make });
}

function latencyMarkers(
  { control, clock }: SubtaskSetting,
  taskIndex: number,
  partitions: readonly ResultPartition[],
  exchanges: readonly Exchange[],
): LatencyMarkers | null {
  const lines = control.latencyLines(taskIndex);
  if (lines.length === 0) return null;
  const emitters = partitions.map(
    (partition, i) => new LatencyEmitter(partition, exchanges[i]!.view, taskIndex),
  );
  return new LatencyMarkers(lines, emitters, clock);
}

/** @param perSecond  of the source; 0: no limit */
function shareOf(perSecond: number, parallelism: number): number {
  return perSecond === 0 ? Number.POSITIVE_INFINITY : perSecond / parallelism;
}

function createWriters(
  { built, runId, clock, live }: SubtaskSetting,
  spec: ChainSpec,
  subtask: number,
  parallelism: number,
): ReadonlyMap<string, SinkWriter> {
  const writers = new Map<string, SinkWriter>();
  for (const [uid, operator] of spec.operators) {
    if (operator.config.kind !== 'sink' && operator.config.kind !== 'output') continue;
    const queue = live?.queue(uid);
    if (queue !== undefined) {
      writers.set(uid, queueWriter(queue));
      continue;
    }
    const sink = built.functions.get(uid)!.sink!;
    writers.set(
      uid,
      sink.createWriter({ subtask, parallelism, runId, fields: operator.output.fields, clock }),
    );
  }
  return writers;
}

/** What is written to a live output is the application's at once: there is nothing to commit. */
function queueWriter(queue: RowQueue): SinkWriter {
  return { write: (row) => queue.write(row), flush: () => {}, prepareCommit: () => null, close: () => {} };
}
