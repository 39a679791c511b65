import type { JobGraph, JobVertex } from '../../plan/job-graph.js';
import type { LogicalPlan, PlanOperator } from '../../plan/logical-plan.js';
import { cpuProfileOf } from './cpu-profile-file.js';
import { type OwnedSamples, ownedSamples, sharedOut } from './cpu-samples.js';
import type { Frame } from './frame-tree.js';
import { type ChainNames, type OnCpu, onCpu } from './on-cpu.js';
import type { SourcePlaces } from './source-places.js';
import type { ThreadSamples } from './thread-probe.js';
import type { V8Profile } from './v8-profile.js';

/** Where the time of one task went. */
export interface TaskProfile {
  /** Id of its vertex, 32 hex digits, and its position in `metrics().tasks`. */
  readonly vertex: string;
  readonly task: number;
  readonly name: string;
  readonly subtask: number;
  /** How long it was looked at. */
  readonly elapsedMs: number;
  /** At work meanwhile, by its clock. */
  readonly busyMs: number;
  /** By samples of its thread; null where there are none, and then `missing` says why. */
  readonly onCpu: OnCpu | null;
  readonly missing: string | null;
  readonly offCpu: Frame;
  /** As V8 writes it, with the places of the source; null without samples. */
  readonly cpuProfile: V8Profile | null;
}

/** What samples of a task say. */
export function sampledTask(
  { whole, profile, scripts, functions }: ThreadSamples,
  vertex: JobVertex,
  names: ChainNames,
  sink: string | null,
  places: SourcePlaces,
): { readonly onCpu: OnCpu; readonly cpuProfile: V8Profile } {
  const table = { scripts, functions, head: vertex.head, outputs: names.outputs.length, sink };
  const samples = ownedSamples(whole, profile, table, places);
  const taken = samples.reduce((sum: number, each: OwnedSamples) => sum + each.samples, 0);
  const msPerSample = (profile.endTime - profile.startTime) / 1e3 / Math.max(1, taken);
  return {
    onCpu: onCpu(sharedOut(samples), names, places, msPerSample),
    cpuProfile: cpuProfileOf(profile, samples, names, places),
  };
}

export function chainNames(graph: JobGraph, plan: LogicalPlan, vertex: JobVertex): ChainNames {
  const nameOf = (uid: string): string => operatorOf(plan, uid).name;
  return {
    task: vertex.name,
    operators: vertex.operators.map((uid) => [uid, nameOf(uid)] as const),
    outputs: graph.exchanges
      .filter(({ fromVertex }) => fromVertex === vertex.index)
      .map(({ toVertex }) => nameOf(graph.vertices[toVertex]!.head)),
  };
}

/** The only operator of a vertex with a sink, if there is one. */
export function soleSink(plan: LogicalPlan, vertex: JobVertex): string | null {
  const sinks = vertex.operators.filter((uid) => /^(sink|output)$/.test(operatorOf(plan, uid).config.kind));
  return sinks.length === 1 ? sinks[0]! : null;
}

function operatorOf(plan: LogicalPlan, uid: string): PlanOperator {
  return plan.operators.find((each) => each.uid === uid)!;
}
