import type { Clock } from '../base/clock.js';
import type { SinkWriter } from '../connectors/connector.js';
import type { ResultPartition } from '../exchange/result-partition.js';
import type { OperatorFunctions, Partitioner, PlanOperator } from '../plan/logical-plan.js';
import type { Categories } from '../records/categories.js';
import { returnedFields } from '../records/returned-fields.js';
import type { RowView } from '../records/row-layout.js';
import type { FieldSpec, RowShape } from '../records/schema.js';

/**
 * What one task runs: a tree of chained operators under one head, and the exchanges that they feed. Plain data and
 * functions; nothing of it depends on which subtask this is.
 */
export interface ChainSpec {
  /** For people: `parquet -> eventTime -> filter`. */
  readonly name: string;
  readonly head: string;
  readonly operators: ReadonlyMap<string, PlanOperator>;
  readonly functions: ReadonlyMap<string, OperatorFunctions>;
  /** Chained consumers of each operator, by uid. */
  readonly children: ReadonlyMap<string, readonly string[]>;
  readonly outputs: readonly ChainOutput[];
  /** What feeds the head, a gate each; empty when it is a source or an input. */
  readonly inputs: readonly ChainInput[];
  /** Fields that somebody below can observe of an operator's output, in order; null: all. */
  readonly required: ReadonlyMap<string, readonly string[] | null>;
  readonly maxParallelism: number;
}

/** An exchange that feeds the head of the chain. */
export interface ChainInput {
  /** Which input of the head: 1 is the second one of an operator that has two, and all else is 0. */
  readonly input: number;
  /** What arrives. */
  readonly shape: RowShape;
}

/** An exchange fed by an operator of the chain. */
export interface ChainOutput {
  /** uid of the operator whose rows travel. */
  readonly from: string;
  /** Id of the edge, under which its functions are kept. */
  readonly edge: string;
  readonly partitioner: Partitioner;
  /** What travels. */
  readonly shape: RowShape;
  /** Names of the fields that somebody observes, also of undeclared rows; null: all. */
  readonly required: readonly string[] | null;
}

/** What a chain is compiled against in one subtask. */
export interface ChainEnvironment {
  readonly subtask: number;
  readonly parallelism: number;
  readonly clock: Clock;
  /** The memory that the rows of each gate lie in; one per `ChainSpec.inputs`. */
  readonly inputViews: readonly RowView[];
  /** One per `ChainSpec.outputs`. */
  readonly partitions: readonly ResultPartition[];
  readonly outputViews: readonly RowView[];
  /** By the uid of the sink or output operator. */
  readonly writers: ReadonlyMap<string, SinkWriter>;
  /** Null: values of categories travel as strings. */
  readonly categories: RunCategories | null;
}

/** The categories of a run, as one thread has them. */
export interface RunCategories {
  readonly known: Categories;
  /** Names of the fields that are categories; the position is the number of the field. */
  readonly fields: readonly string[];
}

/** The operator behind a uid of a chain. */
export function operatorOf(spec: ChainSpec, uid: string): PlanOperator {
  const operator = spec.operators.get(uid);
  if (operator === undefined) throw new Error(`chain ${spec.name} has no operator ${uid}`);
  return operator;
}

/** Fields of an operator's output that have to exist, in schema order; null for undeclared rows. */
export function requiredFields(spec: ChainSpec, uid: string): readonly FieldSpec[] | null {
  const { fields } = operatorOf(spec, uid).output;
  if (fields === null) return null;
  const names = spec.required.get(uid) ?? null;
  return names === null ? fields : fields.filter((field) => names.includes(field.name));
}

/**
 * Fields of the rows that come by an input of the head, in one order whatever gate they come through: where several
 * streams come together, those that all of them bring. Null for undeclared rows.
 */
export function inputFields(spec: ChainSpec, input = 0): readonly FieldSpec[] | null {
  const shapes = spec.inputs.filter((each) => each.input === input).map(({ shape }) => shape.fields);
  const [first, ...others] = shapes;
  if (first === undefined || first === null) return null;
  return first.filter(({ name }) => others.every((fields) => fields?.some((field) => field.name === name)));
}

/** The nearest event-time operator at or above an operator, within the chain. */
export function eventTimeAbove(spec: ChainSpec, uid: string): string | null {
  for (let at: string | undefined = uid; at !== undefined; at = parentOf(spec, at)) {
    if (operatorOf(spec, at).config.kind === 'event-time') return at;
  }
  return null;
}

function parentOf(spec: ChainSpec, uid: string): string | undefined {
  for (const [parent, children] of spec.children) if (children.includes(uid)) return parent;
  return undefined;
}

/** True if the rows of an operator are made by a function that is proven to return literals of fixed members. */
export function isExactOutput(spec: ChainSpec, uid: string): boolean {
  if (operatorOf(spec, uid).config.kind !== 'map') return false;
  const fn = spec.functions.get(uid)?.fn;
  return fn !== undefined && returnedFields(fn) !== null;
}
