import type { LogicalPlan, PlanEdge, PlanOperator } from './logical-plan.js';

export interface ChainOptions {
  /** Of the run; what `inherit` stands for. */
  readonly parallelism: number;
  /** False: each operator stands alone. */
  readonly chaining: boolean;
}

/** An edge that is a function call (`barrier` null), or an exchange and the reason why. */
export interface EdgeChaining {
  readonly edge: PlanEdge;
  readonly barrier: string | null;
}

/**
 * Decides for each edge of a plan whether it becomes a function call.
 *
 * Since a chained operator has one input, chains are trees: an operator may feed several chained ones.
 * Source: Flink, StreamingJobGraphGenerator.isChainable.
 */
export function chainPlan(plan: LogicalPlan, options: ChainOptions): readonly EdgeChaining[] {
  const byUid = new Map(plan.operators.map((operator) => [operator.uid, operator]));
  return plan.edges.map((edge) => ({
    edge,
    barrier: barrierOf(plan, edge, byUid.get(edge.from)!, byUid.get(edge.to)!, options),
  }));
}

export function parallelismOf(operator: PlanOperator, ofRun: number): number {
  return operator.parallelism === 'inherit' ? ofRun : operator.parallelism;
}

function barrierOf(
  plan: LogicalPlan,
  { to, partitioner }: PlanEdge,
  upstream: PlanOperator,
  downstream: PlanOperator,
  { parallelism, chaining }: ChainOptions,
): string | null {
  if (partitioner.kind !== 'forward') return `${partitioner.kind} partitioner`;
  const [before, after] = [parallelismOf(upstream, parallelism), parallelismOf(downstream, parallelism)];
  if (before !== after) return `parallelism changes from ${before} to ${after}`;
  if (plan.edges.filter((edge) => edge.to === to).length > 1) return `${downstream.name} has several inputs`;
  if (!chaining) return 'chaining is off';
  if (upstream.chaining === 'never') return `${upstream.name} disables chaining`;
  if (downstream.chaining === 'never') return `${downstream.name} disables chaining`;
  if (downstream.chaining === 'head') return `${downstream.name} starts a new chain`;
  return null;
}
