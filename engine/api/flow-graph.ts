import { createHash } from 'node:crypto';
import type { ErrorCode } from '../base/error-catalogue.js';
import { SluiceError } from '../base/errors.js';
import { operatorName } from '../plan/describe.js';
import type { FieldReference, PlanDraft } from '../plan/draft.js';
import { isSound } from '../plan/draft.js';
import type { Fault, Step } from '../plan/faults.js';
import {
  edgeId,
  type LogicalPlan,
  type OperatorConfig,
  type OperatorFunctions,
  type PlanEdge,
  type PlannedOnError,
  type PlannedPartitioner,
  type PlanOperator,
} from '../plan/logical-plan.js';
import { defaultMaxParallelism } from '../records/key.js';
import type { RowShape } from '../records/schema.js';

/** How rows find a subtask of the next operator. */
export interface Partitioning {
  readonly partitioner: PlannedPartitioner;
  /** Where it was asked for, if it was by itself. */
  readonly step?: Step;
  readonly functions?: OperatorFunctions;
}

/** An operator whose rows another one reads. */
export interface FlowInput {
  readonly node: FlowNode;
  readonly partitioning: Partitioning;
  /** Which input of the reader it is; see `PlanEdge`. */
  readonly input?: number;
}

/** An operator while the job is being written. */
export interface FlowNode {
  readonly step: Step;
  readonly inputs: readonly FlowInput[];
  readonly config: OperatorConfig;
  readonly output: RowShape;
  readonly functions: OperatorFunctions;
  name: string;
  uid: string | null;
  parallelism: number | 'inherit';
  chaining: PlanOperator['chaining'];
  onError?: PlannedOnError;
}

/** Collects what one run of a builder writes: operators, references to fields, and mistakes. */
export class FlowGraph {
  readonly #nodes: FlowNode[] = [];
  readonly #references: FieldReference[] = [];
  readonly #columnLists: { step: Step; names: readonly string[] }[] = [];
  readonly #misuse: Fault[] = [];
  #isSealed = false;

  add(
    step: Step,
    inputs: FlowNode['inputs'],
    config: OperatorConfig,
    output: RowShape,
    functions: OperatorFunctions = {},
  ): FlowNode {
    if (this.#isSealed) {
      const text = `${step.call} at ${step.site.short()}: the job is built; operators are added by its builder only`;
      throw new SluiceError('JOB_BUILDER_ASYNC', text);
    }
    const name = operatorName(config);
    const node: FlowNode = {
      ...{ step, inputs, config, output, functions },
      ...{ name, uid: null, parallelism: 'inherit', chaining: 'always' },
    };
    this.#nodes.push(node);
    return node;
  }

  /** Notes that a field is named. False when it cannot be: rows after this then count as undeclared. */
  refer(
    step: Step,
    shape: RowShape,
    field: string,
    accepts: FieldReference['accepts'] = null,
    acceptsNull = true,
  ): boolean {
    const reference = { step, shape, field, accepts, acceptsNull };
    this.#references.push(reference);
    return isSound(reference);
  }

  columns(step: Step, names: readonly string[]): void {
    this.#columnLists.push({ step, names });
  }

  fault(code: ErrorCode, step: Step | null, text: string, cause?: unknown): void {
    this.#misuse.push({ code, step, text, ...(cause !== undefined && { cause }) });
  }

  /** Notes a mistake unless the argument is a function. */
  expectFunction(step: Step, fn: unknown): void {
    if (typeof fn === 'function') {
      const kind = Object.prototype.toString.call(fn).slice('[object '.length, -1);
      if (!kind.startsWith('Async')) return;
      const text = 'an async function cannot be used here: its result is a promise, not a row or a value';
      this.fault('ARGUMENT_INVALID', step, text);
      return;
    }
    this.fault('ARGUMENT_INVALID', step, `a function is expected here, not ${describeValue(fn)}`);
  }

  has(node: FlowNode): boolean {
    return this.#nodes.includes(node);
  }

  /** Mistakes noted so far. */
  get misuse(): readonly Fault[] {
    return this.#misuse;
  }

  /** Ends writing. */
  seal(header: Pick<LogicalPlan, 'job' | 'params'>, limits: Limits): PlanDraft {
    this.#isSealed = true;
    const uids = assignUids(this.#nodes);
    const chosenUids = this.#nodes.flatMap(({ uid, step }) => (uid === null ? [] : { uid, step }));
    const operators = this.#nodes.map((node): PlanOperator => {
      const { name, output, config } = node;
      const { parallelism, chaining } = config.kind === 'side-output' ? this.#beside(node) : node;
      const onError = node.onError === undefined ? {} : { onError: node.onError };
      return { uid: uids.get(node)!, name, parallelism, chaining, output, config, ...onError };
    });
    const functions = new Map(this.#nodes.map((node) => [uids.get(node)!, node.functions]));
    const steps = new Map(this.#nodes.map((node) => [uids.get(node)!, node.step]));
    const edges: PlanEdge[] = [];
    for (const node of this.#nodes) {
      for (const [at, { node: from, partitioning, input }] of node.inputs.entries()) {
        const { partitioner, step, functions: own } = partitioning;
        const twin = node.inputs.slice(0, at).filter((before) => before.node === from).length;
        const ends = { from: uids.get(from)!, to: uids.get(node)!, partitioner };
        const edge: PlanEdge = { ...ends, ...(input !== undefined && { input }), ...(twin > 0 && { twin }) };
        edges.push(edge);
        if (step !== undefined) steps.set(edgeId(edge), step);
        if (own !== undefined) functions.set(edgeId(edge), own);
      }
    }
    const maxParallelism = limits.maxParallelism ?? maxParallelismFor(this.#nodes, limits.parallelism);
    return {
      plan: { version: 1, ...header, maxParallelism, operators, edges },
      ...{ functions, steps, chosenUids },
      references: this.#references,
      columnLists: this.#columnLists,
      parallelism: limits.parallelism,
      misuse: this.#misuse,
    };
  }

  /** A side output runs where its operator does. */
  #beside({ inputs, parallelism, chaining, step }: FlowNode): Pick<PlanOperator, 'parallelism' | 'chaining'> {
    const { node } = inputs[0]!;
    if (parallelism !== 'inherit' || chaining !== 'always')
      this.fault(
        'ARGUMENT_INVALID',
        step,
        `a side output runs with its operator; say this of '${node.name}'`,
      );
    return { parallelism: node.parallelism, chaining: node.chaining === 'never' ? 'never' : 'always' };
  }
}

export interface Limits {
  /** Of the run; null when unknown. */
  readonly parallelism: number | null;
  /** Null: the default for the parallelism. */
  readonly maxParallelism: number | null;
}

/**
 * A chosen uid, or one derived from the operator's name and its place: the uids of its inputs, and which of several
 * alike readers of them it is. An operator put in above changes the uids below, so that state is never handed to
 * another operator by accident; a chosen uid keeps its own.
 */
function assignUids(nodes: readonly FlowNode[]): ReadonlyMap<FlowNode, string> {
  const uids = new Map<FlowNode, string>();
  const taken = new Set<string>();
  for (const node of nodes) {
    for (let twin = 1; ; twin++) {
      const uid = node.uid === null || twin > 1 ? derivedUid(node, twin, uids) : node.uid;
      if (taken.has(uid)) continue;
      taken.add(uid);
      uids.set(node, uid);
      break;
    }
  }
  return uids;
}

function derivedUid({ name, inputs }: FlowNode, twin: number, uids: ReadonlyMap<FlowNode, string>): string {
  const place = [name, ...inputs.map(({ node }) => uids.get(node)!), String(twin)];
  const digest = createHash('sha256').update(JSON.stringify(place)).digest('hex').slice(0, DIGEST_DIGITS);
  const slug = name.replace(/[^A-Za-z0-9]+/g, '-').replace(/^-|-$/g, '');
  return `${slug || 'operator'}-${digest}`;
}

/** Enough that operators of one job do not collide; a collision would only be numbered. */
const DIGEST_DIGITS = 8;

/** Enough for every operator, whatever its parallelism. */
function maxParallelismFor(nodes: readonly FlowNode[], ofRun: number | null): number {
  const all = [1, ofRun, ...nodes.map(({ parallelism }) => parallelism)];
  return defaultMaxParallelism(Math.max(...all.filter((each): each is number => Number.isInteger(each))));
}

/** For messages: `null`, `a string`, `an object`. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'an array';
  const type = typeof value;
  return `${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type}`;
}
