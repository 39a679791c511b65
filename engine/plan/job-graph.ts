import { assert } from '../base/assert.js';
import type { FieldSpec, RowShape } from '../records/schema.js';
import { type ChainOptions, chainPlan, type EdgeChaining, parallelismOf } from './chaining.js';
import { isLiveEnd } from './live-ends.js';
import {
  edgeId,
  type LogicalPlan,
  type Partitioner,
  type PlanEdge,
  type PlanOperator,
  vertexId,
} from './logical-plan.js';
import { requiredFields } from './required-fields.js';

/** A plan cut into tasks: what is deployed. Plain data. */
export interface JobGraph {
  readonly job: string;
  /** Of the run. */
  readonly parallelism: number;
  readonly maxParallelism: number;
  /** In topological order. */
  readonly vertices: readonly JobVertex[];
  readonly exchanges: readonly JobExchange[];
  /** Subtasks of all vertices. */
  readonly taskCount: number;
  /** Subtasks that have a thread each; the others are live ends, which run beside the application. */
  readonly threadCount: number;
  /** uid -> fields observed downstream of it; see `requiredFields`. */
  readonly required: ReadonlyMap<string, readonly string[] | null>;
}

/** A chain of operators: one task, run by `parallelism` subtasks. */
export interface JobVertex {
  readonly index: number;
  /** 32 hex digits, derived from the head's uid. */
  readonly id: string;
  /** `parquet -> eventTime -> filter`; branches in parentheses. */
  readonly name: string;
  /** Uid of the operator that receives the input. */
  readonly head: string;
  /** Uids, an operator after the one that feeds it; the first is the head. */
  readonly operators: readonly string[];
  /** The edges between them: a tree. */
  readonly links: readonly PlanEdge[];
  readonly parallelism: number;
  /** `main`: a live end of the job, beside the application. */
  readonly place: 'worker' | 'main';
  /** Task index of subtask 0; the others follow. Task indices run over all vertices. */
  readonly firstTask: number;
}

/** Where records pass from the subtasks of one vertex to those of another. */
export interface JobExchange {
  /** Its position in `JobGraph.exchanges`. */
  readonly id: number;
  readonly fromVertex: number;
  /** Uid of the operator whose output travels; any of its chain. */
  readonly fromOperator: string;
  readonly toVertex: number;
  /** Id of its edge in the plan. */
  readonly edge: string;
  /** Which input of the operator it feeds; 1 is the second one. */
  readonly input: number;
  /** `pointwise`: each subtask is joined to an even share of those on the other side. */
  readonly pattern: 'all-to-all' | 'pointwise';
  readonly partitioner: Partitioner;
  /** The row that travels: what is observed downstream, in schema order. */
  readonly fields: RowShape;
  /** The same by name, also for undeclared rows; null: all fields. */
  readonly required: readonly string[] | null;
  /** Why this is not a function call. */
  readonly notChained: string;
}

/**
 * Cuts a valid plan into vertices and exchanges.
 *
 * @param plan  has passed `validatePlan` with the same parallelism
 */
export function jobGraph(plan: LogicalPlan, options: ChainOptions): JobGraph {
  const edges = chainPlan(plan, options);
  const required = requiredFields(plan);
  const vertices: JobVertex[] = [];
  const vertexOf = new Map<string, number>();
  let taskCount = 0;
  for (const operator of plan.operators) {
    if (edges.some(({ edge, notChained }) => edge.to === operator.uid && notChained === null)) continue;
    const vertex = chainFrom(plan, operator, edges, vertices.length, taskCount, options);
    for (const uid of vertex.operators) vertexOf.set(uid, vertex.index);
    vertices.push(vertex);
    taskCount += vertex.parallelism;
  }
  assert(vertexOf.size === plan.operators.length, 'every operator is in exactly one chain');
  const exchanges = edges
    .filter((each): each is EdgeChaining & { notChained: string } => each.notChained !== null)
    .map((each, id) => exchangeOf(plan, each, id, vertexOf, required));
  for (const { partitioner, fromVertex, toVertex } of exchanges) {
    const isEqual = vertices[fromVertex]!.parallelism === vertices[toVertex]!.parallelism;
    assert(partitioner.kind !== 'forward' || isEqual, 'a forward exchange joins equal parallelism');
  }
  const { job, maxParallelism } = plan;
  const { parallelism } = options;
  const threadCount = vertices.reduce((sum, each) => sum + (each.place === 'main' ? 0 : each.parallelism), 0);
  return { job, parallelism, maxParallelism, vertices, exchanges, taskCount, threadCount, required };
}

/** Task indices of a vertex's subtasks, in order. */
export function tasksOf({ firstTask, parallelism }: JobVertex): readonly number[] {
  return Array.from({ length: parallelism }, (_, subtask) => firstTask + subtask);
}

/** The vertex and subtask of a task index. */
export function subtaskOfTask(
  graph: JobGraph,
  task: number,
): { readonly vertex: JobVertex; readonly subtask: number } {
  const vertex = graph.vertices.find(
    (each) => task >= each.firstTask && task < each.firstTask + each.parallelism,
  );
  assert(vertex !== undefined, () => `a task index is from 0 to ${graph.taskCount - 1}; ${task} is`);
  return { vertex, subtask: task - vertex.firstTask };
}

/** A task as messages name it. */
export function taskName(graph: JobGraph, task: number): string {
  const { vertex, subtask } = subtaskOfTask(graph, task);
  return `${vertex.name} (${subtask})`;
}

function chainFrom(
  plan: LogicalPlan,
  head: PlanOperator,
  edges: readonly EdgeChaining[],
  index: number,
  firstTask: number,
  { parallelism }: ChainOptions,
): JobVertex {
  const members = new Set([head.uid]);
  const links: PlanEdge[] = [];
  // Operators come after their inputs, so one pass over the plan collects the whole tree.
  for (const { uid } of plan.operators) {
    for (const { edge, notChained } of edges) {
      if (edge.to !== uid || notChained !== null || !members.has(edge.from)) continue;
      members.add(uid);
      links.push(edge);
    }
  }
  const byUid = new Map(plan.operators.map((operator) => [operator.uid, operator]));
  return {
    index,
    id: vertexId(head.uid),
    name: chainName(head.uid, links, byUid),
    head: head.uid,
    operators: [...members],
    links,
    parallelism: parallelismOf(head, parallelism),
    place: isLiveEnd(head) ? 'main' : 'worker',
    firstTask,
  };
}

function chainName(
  uid: string,
  links: readonly PlanEdge[],
  byUid: ReadonlyMap<string, PlanOperator>,
): string {
  const next = links.filter(({ from }) => from === uid).map(({ to }) => chainName(to, links, byUid));
  const { name } = byUid.get(uid)!;
  if (next.length === 0) return name;
  return `${name} -> ${next.length === 1 ? next[0] : `(${next.join(', ')})`}`;
}

function exchangeOf(
  plan: LogicalPlan,
  { edge, partitioner, notChained }: EdgeChaining & { readonly notChained: string },
  id: number,
  vertexOf: ReadonlyMap<string, number>,
  requiredByUid: ReadonlyMap<string, readonly string[] | null>,
): JobExchange {
  const { from, to } = edge;
  const { output } = plan.operators.find(({ uid }) => uid === from)!;
  const required = requiredByUid.get(from) ?? null;
  return {
    id,
    fromVertex: vertexOf.get(from)!,
    fromOperator: from,
    toVertex: vertexOf.get(to)!,
    edge: edgeId(edge),
    input: edge.input ?? 0,
    pattern: partitioner.kind === 'forward' || partitioner.kind === 'rescale' ? 'pointwise' : 'all-to-all',
    partitioner,
    fields: { fields: output.fields && onlyFields(output.fields, required) },
    required,
    notChained,
  };
}

function onlyFields(fields: readonly FieldSpec[], required: readonly string[] | null): readonly FieldSpec[] {
  return required === null ? fields : fields.filter(({ name }) => required.includes(name));
}
