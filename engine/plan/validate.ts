import { resolve } from 'node:path';
import { didYouMean } from '../base/nearest.js';
import { PARALLELISM_LIMIT } from '../records/key.js';
import { fieldOf, isSound, type PlanDraft } from './draft.js';
import type { Fault } from './faults.js';
import { edgeId, type LogicalPlan, type OperatorConfig, type PlanOperator } from './logical-plan.js';

type Rule = (draft: PlanDraft) => Iterable<Fault>;

/** Every rule a plan must satisfy, in the order in which faults are reported. */
const RULES: readonly Rule[] = [
  mistakesOfUse,
  hasSource,
  uidsAreUnique,
  fieldsExistAndFit,
  columnsAreDistinct,
  windowsHaveEventTime,
  sideOutputsHaveGivers,
  errorsHaveFunctions,
  streamsEndInSinks,
  sinksHaveTheirOwnPaths,
  sinksSpareSources,
  parallelismIsInRange,
  forwardKeepsParallelism,
];

/** Everything wrong with a plan; empty when it may run. */
export function validatePlan(draft: PlanDraft): readonly Fault[] {
  return RULES.flatMap((rule) => [...rule(draft)]);
}

function mistakesOfUse({ misuse }: PlanDraft): Iterable<Fault> {
  return misuse;
}

function* hasSource({ plan, misuse }: PlanDraft): Iterable<Fault> {
  if (plan.operators.some(isOrigin) || misuse.length > 0) return;
  yield {
    code: 'PLAN_EMPTY',
    step: null,
    text: `job '${plan.job}' has no source; begin with flow.from(source)`,
  };
}

function* uidsAreUnique({ chosenUids }: PlanDraft): Iterable<Fault> {
  const firstByUid = new Map<string, PlanDraft['chosenUids'][number]>();
  for (const chosen of chosenUids) {
    const first = firstByUid.get(chosen.uid);
    if (first === undefined) firstByUid.set(chosen.uid, chosen);
    else {
      const { call, site } = first.step;
      const text = `uid '${chosen.uid}' is already that of ${call} at ${site.short()}; make them unique`;
      yield { code: 'PLAN_UID_DUPLICATE', step: chosen.step, text, detail: { uid: chosen.uid } };
    }
  }
}

function* fieldsExistAndFit({ references }: PlanDraft): Iterable<Fault> {
  for (const reference of references) {
    if (isSound(reference)) continue;
    const { step, field, shape, accepts } = reference;
    const found = fieldOf(shape, field);
    if (found === null) {
      const names = shape.fields?.map(({ name }) => name) ?? [];
      const hint = didYouMean(field, names) || `; it has ${names.join(', ')}`;
      const text = `the record has no field '${field}'${hint}`;
      yield { code: 'PLAN_FIELD_UNKNOWN', step, text, detail: { field } };
      continue;
    }
    const fits = accepts === null || accepts.includes(found.kind);
    const text = fits
      ? `field '${field}' may be null, which cannot be used here`
      : `field '${field}' is of kind ${found.kind}; this takes ${accepts.join(', ')}`;
    yield { code: 'PLAN_FIELD_TYPE', step, text, detail: { field, kind: found.kind } };
  }
}

function* columnsAreDistinct({ columnLists }: PlanDraft): Iterable<Fault> {
  for (const { step, names } of columnLists) {
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice === undefined) continue;
    const text = `the result would have two columns '${twice}'; rename one`;
    yield { code: 'PLAN_FIELD_DUPLICATE', step, text, detail: { field: twice } };
  }
}

function* windowsHaveEventTime(draft: PlanDraft): Iterable<Fault> {
  const { plan } = draft;
  const timed = new Set<string>();
  for (const operator of plan.operators) {
    const inputs = plan.edges.filter((edge) => edge.to === operator.uid);
    const isTimed = inputs.length > 0 && inputs.every((edge) => timed.has(edge.from));
    if (operator.config.kind === 'event-time' || isTimed) timed.add(operator.uid);
    if (!needsEventTime(operator.config) || isTimed) continue;
    const what = operator.config.kind === 'join' ? 'a join of rows that are near in' : 'a window in';
    const text = `${what} event time needs event time; add .eventTime(field) above keyBy`;
    yield { code: 'PLAN_EVENT_TIME_MISSING', step: draft.steps.get(operator.uid) ?? null, text };
  }
}

function* sideOutputsHaveGivers({ plan, steps }: PlanDraft): Iterable<Fault> {
  for (const { uid, config } of plan.operators) {
    if (config.kind !== 'side-output') continue;
    const { from } = plan.edges.find(({ to }) => to === uid)!;
    const giver = plan.operators.find((operator) => operator.uid === from)!;
    if (givesTo(giver, config.tag)) continue;
    const text = `'${giver.name}' gives no rows to the tag '${config.tag}'`;
    yield { code: 'ARGUMENT_INVALID', step: steps.get(uid) ?? null, text };
  }
}

function* streamsEndInSinks(draft: PlanDraft): Iterable<Fault> {
  const { plan, steps } = draft;
  const read = new Set(plan.edges.map((edge) => edge.from));
  for (const { uid, config } of plan.operators) {
    if (read.has(uid) || config.kind === 'sink' || config.kind === 'output') continue;
    const text = 'the stream ends here without a sink; add .to(sink) or .print(), or return it as an output';
    yield { code: 'PLAN_SINK_MISSING', step: steps.get(uid) ?? null, text };
  }
}

function* sinksHaveTheirOwnPaths(draft: PlanDraft): Iterable<Fault> {
  const sinkByPath = new Map<string, PlanOperator>();
  for (const sink of sinksWithPath(draft.plan)) {
    const first = sinkByPath.get(sink.path);
    if (first === undefined) {
      sinkByPath.set(sink.path, sink.operator);
      continue;
    }
    const { call, site } = draft.steps.get(first.uid)!;
    const text = `'${sink.path}' is already written by ${call} at ${site.short()}; give each sink its own path`;
    yield {
      code: 'PLAN_SINK_CONFLICT',
      step: draft.steps.get(sink.operator.uid)!,
      text,
      detail: { path: sink.path },
    };
  }
}

function* sinksSpareSources(draft: PlanDraft): Iterable<Fault> {
  const inputs = new Set<string>();
  for (const { source } of draft.functions.values())
    for (const path of source?.paths ?? []) inputs.add(resolve(path));
  for (const { operator, path } of sinksWithPath(draft.plan)) {
    if (!inputs.has(path)) continue;
    const text = `'${path}' is an input of this job; write elsewhere`;
    yield { code: 'PLAN_SINK_IS_SOURCE', step: draft.steps.get(operator.uid)!, text, detail: { path } };
  }
}

function* parallelismIsInRange({ plan, steps, parallelism }: PlanDraft): Iterable<Fault> {
  const { maxParallelism } = plan;
  const fault = (value: unknown, subject: string) =>
    ({
      code: 'PARALLELISM_INVALID',
      text: `${subject} is ${String(value)}, which is not a whole number from 1 to ${maxParallelism}`,
    }) as const;
  if (!isWhole(maxParallelism, 1, PARALLELISM_LIMIT)) {
    const text = `the maximum parallelism is ${maxParallelism}, which is not a whole number from 1 to ${PARALLELISM_LIMIT}`;
    yield { code: 'PARALLELISM_INVALID', step: null, text };
    return;
  }
  if (parallelism !== null && !isWhole(parallelism, 1, maxParallelism)) {
    yield { ...fault(parallelism, 'the parallelism of the run'), step: null };
  }
  for (const { uid, parallelism: own } of plan.operators) {
    if (own === 'inherit' || isWhole(own, 1, maxParallelism)) continue;
    yield { ...fault(own, 'its parallelism'), step: steps.get(uid) ?? null };
  }
}

/** A forward edge joins subtask i to subtask i; what is inherited is known only with the run's parallelism. */
function* forwardKeepsParallelism({ plan, steps, parallelism }: PlanDraft): Iterable<Fault> {
  const byUid = new Map(plan.operators.map((operator) => [operator.uid, operator]));
  for (const edge of plan.edges) {
    if (edge.partitioner.kind !== 'forward') continue;
    const [from, to] = [byUid.get(edge.from)!, byUid.get(edge.to)!];
    const before = parallelismIn(from, parallelism);
    const after = parallelismIn(to, parallelism);
    if (before === after || ![before, after].every((each) => isWhole(each, 1, plan.maxParallelism))) continue;
    const text =
      `the parallelism of '${from.name}' is ${before} and that of '${to.name}' is ${after}; make them equal, ` +
      'or take rebalance() or rescale() in its place';
    const step = steps.get(edgeId(edge)) ?? null;
    yield { code: 'PARALLELISM_INVALID', step, text, detail: { before, after } };
  }
}

/** NaN: not known before the run. */
function parallelismIn({ parallelism }: PlanOperator, ofRun: number | null): number {
  return parallelism === 'inherit' ? (ofRun ?? Number.NaN) : parallelism;
}

function isWhole(value: unknown, least: number, most: number): boolean {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}

const isOrigin = ({ config }: PlanOperator): boolean => config.kind === 'source' || config.kind === 'input';

const PROCESSES = ['process', 'keyed-process', 'keyed-co-process'] as const;

/** Operators whose functions are called for one row at a time. */
const CALLED_BY_ROW: ReadonlySet<OperatorConfig['kind']> = new Set([
  ...(['filter', 'map', 'flat-map', 'async', 'co-map', 'co-flat-map', 'with', 'split'] as const),
  ...PROCESSES,
]);

function* errorsHaveFunctions({ plan, steps }: PlanDraft): Iterable<Fault> {
  for (const { uid, name, config, onError } of plan.operators) {
    if (onError === undefined || CALLED_BY_ROW.has(config.kind)) continue;
    const text = `onError is for operators that call a function with each row; '${name}' is none`;
    yield { code: 'ARGUMENT_INVALID', step: steps.get(uid) ?? null, text };
  }
}

/** True if an operator may give rows to a tag. */
function givesTo({ config, onError }: PlanOperator, tag: string): boolean {
  if (onError?.kind === 'dead-letter' && onError.tag === tag) return true;
  if (PROCESSES.some((kind) => kind === config.kind)) return true;
  if (config.kind === 'window-aggregate' || config.kind === 'window-reduce') return config.late === tag;
  return config.kind === 'split' && config.branches.some(({ name }) => name === tag);
}

const needsEventTime = (config: OperatorConfig): boolean =>
  config.kind === 'window-aggregate' ||
  config.kind === 'window-reduce' ||
  (config.kind === 'join' && config.between !== null);

function* sinksWithPath(
  plan: LogicalPlan,
): Iterable<{ readonly operator: PlanOperator; readonly path: string }> {
  for (const operator of plan.operators) {
    const { config } = operator;
    if (config.kind === 'sink' && config.path !== null) yield { operator, path: resolve(config.path) };
  }
}
