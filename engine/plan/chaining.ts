import type { LogicalPlan, Partitioner, PlanEdge, PlannedPartitioner, PlanOperator } from './logical-plan.js';

export interface ChainOptions {
  /** Of the run; what `inherit` stands for. */
  readonly parallelism: number;
  /** False: each operator stands alone. */
  readonly chaining: boolean;
}

/** An edge that is a function call (`notChained` null), or an exchange and the reason why. */
export interface EdgeChaining {
  readonly edge: PlanEdge;
  /** What the edge's comes to in this run. */
  readonly partitioner: Partitioner;
  readonly notChained: string | null;
}

/**
 * Decides for each edge of a plan whether it becomes a function call.
 *
 * Since a chained operator has one input, chains are trees: an operator may feed several chained ones.
 * Source: Flink, StreamingJobGraphGenerator.isChainable.
 */
export function chainPlan(plan: LogicalPlan, options: ChainOptions): readonly EdgeChaining[] {
  const byUid = new Map(plan.operators.map((operator) => [operator.uid, operator]));
  return plan.edges.map((edge) => {
    const [upstream, downstream] = [byUid.get(edge.from)!, byUid.get(edge.to)!];
    const before = parallelismOf(upstream, options.parallelism);
    const after = parallelismOf(downstream, options.parallelism);
    const partitioner = partitionerOf(edge.partitioner, before, after);
    const notChained =
      edge.partitioner.kind === 'default' && before !== after
        ? `parallelism changes from ${before} to ${after}`
        : downstream.config.kind === 'side-output'
          ? null // it is a part of the operator before
          : reasonAgainst(plan, edge, partitioner, upstream, downstream, options);
    return { edge, partitioner, notChained };
  });
}

/** Source: Flink, StreamGraph.createActualEdge. */
function partitionerOf(planned: PlannedPartitioner, before: number, after: number): Partitioner {
  if (planned.kind !== 'default') return planned;
  return { kind: before === after ? 'forward' : 'rebalance' };
}

export function parallelismOf(operator: PlanOperator, ofRun: number): number {
  return operator.parallelism === 'inherit' ? ofRun : operator.parallelism;
}

function reasonAgainst(
  plan: LogicalPlan,
  { to }: PlanEdge,
  partitioner: Partitioner,
  upstream: PlanOperator,
  downstream: PlanOperator,
  { chaining }: ChainOptions,
): string | null {
  if (partitioner.kind !== 'forward') return `${partitioner.kind} partitioner`;
  if (plan.edges.filter((edge) => edge.to === to).length > 1) return `${downstream.name} has several inputs`;
  if (!chaining) return 'chaining is off';
  if (upstream.chaining === 'never') return `${upstream.name} disables chaining`;
  if (downstream.chaining === 'never') return `${downstream.name} disables chaining`;
  if (downstream.chaining === 'head') return `${downstream.name} starts a new chain`;
  return null;
}
