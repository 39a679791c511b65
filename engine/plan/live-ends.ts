import type { LogicalPlan, PlanEdge, PlanOperator } from './logical-plan.js';

/** Names of the inputs and outputs of a job that an application holds while it runs. */
export interface LiveNames {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

export const NOTHING_LIVE: LiveNames = { inputs: [], outputs: [] };

/**
 * The same job with live ends: their operators run once each, beside the application, and records pass between them and
 * the rest through exchanges, hashed where `keyBy` follows directly and else in turn.
 *
 * An `eventTime` that reads one live input and nothing else runs with it: one place sees all records in the order in
 * which they were pushed, so its watermark holds nobody back.
 *
 * Equal arguments give equal plans, in every thread.
 */
export function withLiveEnds(plan: LogicalPlan, live: LiveNames): LogicalPlan {
  const isLive = ({ config }: PlanOperator): boolean =>
    (config.kind === 'input' && live.inputs.includes(config.input)) ||
    (config.kind === 'output' && live.outputs.includes(config.output));
  const liveUids = new Set(plan.operators.filter(isLive).map(({ uid }) => uid));
  if (liveUids.size === 0) return plan;
  const followers = new Set(
    plan.operators.filter((each) => followsLive(each, plan, liveUids)).map(({ uid }) => uid),
  );
  const operators = plan.operators.map((operator): PlanOperator => {
    const { uid, config } = operator;
    if (followers.has(uid)) return { ...operator, parallelism: 1 };
    if (!liveUids.has(uid) || (config.kind !== 'input' && config.kind !== 'output')) return operator;
    return { ...operator, parallelism: 1, config: { ...config, live: true } };
  });
  const edges = plan.edges.map((edge): PlanEdge => {
    const crosses = !followers.has(edge.to) && [edge.from, edge.to].some((uid) => liveUids.has(uid));
    const leaves = followers.has(edge.from);
    return isOneToOne(edge) && (crosses || leaves) ? { ...edge, partitioner: { kind: 'rebalance' } } : edge;
  });
  return { ...plan, operators, edges };
}

function followsLive(
  { uid, config, parallelism }: PlanOperator,
  plan: LogicalPlan,
  liveUids: ReadonlySet<string>,
): boolean {
  if (config.kind !== 'event-time' || (parallelism !== 'inherit' && parallelism !== 1)) return false;
  if (config.generator !== undefined) return false; // no functions of the user run there
  const [edge, ...others] = plan.edges.filter(({ to }) => to === uid);
  return edge !== undefined && others.length === 0 && liveUids.has(edge.from) && isOneToOne(edge);
}

/** True if rows would stay in the subtask where they are, were the parallelism equal. */
function isOneToOne({ partitioner: { kind } }: PlanEdge): boolean {
  return kind === 'forward' || kind === 'default';
}

/** True for an operator that runs beside the application. */
export function isLiveEnd({ config }: PlanOperator): boolean {
  return (config.kind === 'input' || config.kind === 'output') && config.live === true;
}
