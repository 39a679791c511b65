import { createHash } from 'node:crypto';
import { canonicalJson, type Json } from '../base/json.js';
import type { Sink, Source } from '../connectors/connector.js';
import type { StateSpec } from '../functions/keyed-state.js';
import type { FieldKind, FieldSpec, RowShape, TypeParts } from '../records/schema.js';
import type { AsyncHandlers, AsyncPlan } from './async-plan.js';
import type { WatermarkGenerator } from './watermark-generator.js';

/**
 * A job as plain data.
 *
 * Operators are addressed by uid, never by position. Functions are not in it: each thread rebuilds the plan from the
 * job module and takes them from `BuiltJob.functions` by the same uid; equal fingerprints prove that both agree.
 */
export interface LogicalPlan {
  readonly version: 1;
  readonly job: string;
  readonly params: { readonly [name: string]: Json };
  readonly maxParallelism: number;
  /** In topological order: an operator comes after all its inputs. */
  readonly operators: readonly PlanOperator[];
  readonly edges: readonly PlanEdge[];
}

export interface PlanEdge {
  readonly from: string;
  readonly to: string;
  readonly partitioner: PlannedPartitioner;
  /** Which input of the operator it feeds: 1 is the second one of an operator that has two; absent: 0. */
  readonly input?: number;
  /** Of several edges between the same two operators, which one after the first: 1, 2, … */
  readonly twin?: number;
}

/** What the functions and the place of an edge are kept under, beside those of the operators by uid. */
export function edgeId({ from, to, twin }: Pick<PlanEdge, 'from' | 'to' | 'twin'>): string {
  return `${from} => ${to}${twin === undefined ? '' : ` (${twin})`}`;
}

/**
 * How records find a subtask of the next operator.
 *
 *   forward    the subtask of the same number; both operators have the same parallelism
 *   hash       the one that has the key group of the named fields
 *   rebalance  all subtasks in turn
 *   rescale    in turn those of an even share of all
 *   broadcast  every subtask, a copy each
 *   global     the first subtask
 *   shuffle    one drawn at random
 *   custom     what a function of the user answers
 */
export type Partitioner =
  | { readonly kind: 'forward' | 'rebalance' | 'rescale' | 'broadcast' | 'global' | 'shuffle' }
  | { readonly kind: 'hash'; readonly fields: readonly string[] }
  /** By the value of a field, or of a function of the row (`field` null). */
  | { readonly kind: 'custom'; readonly field: string | null; readonly observed: Observed };

/** `default`: nothing was said; forward between operators of equal parallelism, and else rebalance. */
export type PlannedPartitioner = Partitioner | { readonly kind: 'default' };

export interface PlanOperator {
  readonly uid: string;
  /** For people; unique names are not needed. */
  readonly name: string;
  /** `inherit`: the parallelism of the run. */
  readonly parallelism: number | 'inherit';
  /** `always`: may join its input's chain; `head`: starts a chain; `never`: alone in its chain. */
  readonly chaining: 'always' | 'head' | 'never';
  readonly output: RowShape;
  readonly config: OperatorConfig;
  /** When a function of it fails at a row; absent: the job fails. */
  readonly onError?: PlannedOnError;
}

/** The row is dropped and counted, or goes to a side output of the operator. */
export type PlannedOnError =
  | { readonly kind: 'skip' }
  | { readonly kind: 'dead-letter'; readonly tag: string };

export type AggregateFn =
  | ('count' | 'sum' | 'min' | 'max' | 'mean' | 'variance' | 'stddev' | 'quantile')
  | ('countDistinct' | 'approxCountDistinct' | 'first' | 'last' | 'collect' | 'topN')
  | ('windowStart' | 'windowEnd');

export interface AggregateSpec {
  /** Name of the output field. */
  readonly as: string;
  readonly fn: AggregateFn;
  /** The input field; null for those that need none. */
  readonly field: string | null;
  /** topN: how many; quantile: which one, from 0 to 1. */
  readonly argument?: number;
  /** A boolean field of the input: rows where it is not true are left out. */
  readonly where?: string;
  /** Kind of the output; `number` values from undeclared fields are float64. */
  readonly kind: FieldKind;
  readonly nullable: boolean;
  /** Of lists and of nested fields. */
  readonly parts?: TypeParts;
}

export interface TumblingWindow {
  readonly kind: 'tumbling';
  readonly sizeMs: number;
  readonly offsetMs: number;
}

/** Bounds, in ms, of the time of a row of the second input less that of a row of the first; exclusive where said. */
export interface TimeBounds {
  readonly lowerMs: number;
  readonly upperMs: number;
  readonly lowerExclusive: boolean;
  readonly upperExclusive: boolean;
}

export interface SlidingWindow {
  readonly kind: 'sliding';
  readonly sizeMs: number;
  /** From the start of a window to that of the next; at most the size. */
  readonly slideMs: number;
  readonly offsetMs: number;
}

/** Windows that are the same for all keys. */
export type AlignedWindow = TumblingWindow | SlidingWindow;

/** What groups by key and window. */
export interface Windowed {
  readonly keys: readonly string[];
  readonly window: AlignedWindow;
  /** For how long behind a window's end rows for it are still taken; absent: 0. */
  readonly latenessMs?: number;
  /** The tag that rows go to which come when all their windows are gone; absent: they are dropped. */
  readonly late?: string;
}

/**
 * Fields a function can observe of its argument, proven from its source; null: all of them.
 * For a reduce it is always null.
 */
export type Observed = readonly string[] | null;

export interface EventTimeConfig {
  readonly kind: 'event-time';
  readonly field: string;
  readonly outOfOrdernessMs: number;
  /** Absent: a subtask without rows holds watermarks back. */
  readonly idleAfterMs?: number;
  /** Watermarks come from an object of the user's, which sees these fields. */
  readonly generator?: { readonly observed: Observed };
}

export type OperatorConfig =
  | {
      readonly kind: 'source';
      readonly urn: string;
      readonly label: string;
      readonly options: Json;
      readonly bounded: boolean;
      /** Records per second over all its subtasks; absent: as many as are taken. */
      readonly ratePerSecond?: number;
    }
  /** A named input of the job: its rows come from whoever runs it. `live`: pushed while the job runs. */
  | { readonly kind: 'input'; readonly input: string; readonly live?: true }
  | EventTimeConfig
  /** `view`, here and below: the functions get views of the rows, where these lie in buffers. */
  | { readonly kind: 'filter'; readonly observed: Observed; readonly view?: true }
  /** `declared`: rows are checked against `output`; otherwise their shape is whatever the function returns. */
  | {
      readonly kind: 'map';
      readonly observed: Observed;
      readonly declared: boolean;
      readonly view?: true;
    }
  /** The function gets (row, emit) and may emit any number of rows, or return an iterable of rows. */
  | {
      readonly kind: 'flat-map';
      readonly observed: Observed;
      readonly declared: boolean;
      readonly view?: true;
    }
  /** A map or flat map of two inputs, with a function for each. */
  | {
      readonly kind: 'co-map' | 'co-flat-map';
      readonly observed: readonly [first: Observed, second: Observed];
      readonly declared: boolean;
    }
  /** The function answers later. `many`: with an iterable of rows. */
  | {
      readonly kind: 'async';
      readonly observed: Observed;
      readonly declared: boolean;
      readonly many: boolean;
      readonly plan: AsyncPlan;
    }
  /** A row for each two rows of two inputs whose keys are equal; the function gets both. */
  | {
      readonly kind: 'join';
      readonly keys: readonly [first: readonly string[], second: readonly string[]];
      /** How far apart in event time the two are; null: over all time. */
      readonly between: TimeBounds | null;
      readonly observed: readonly [first: Observed, second: Observed];
      readonly declared: boolean;
    }
  | { readonly kind: 'pick'; readonly fields: readonly string[] }
  /** A row goes to the side output of the first branch whose function is true, and on if there is none. */
  | {
      readonly kind: 'split';
      readonly branches: readonly { readonly name: string; readonly observed: Observed }[];
    }
  /** A class of the user is called with each row and gives out any number. */
  | { readonly kind: 'process'; readonly observed: Observed; readonly declared: boolean }
  /** The same with state and timers by key. */
  | {
      readonly kind: 'keyed-process';
      readonly keys: readonly string[];
      readonly observed: Observed;
      readonly declared: boolean;
      readonly states: readonly StateSpec[];
    }
  /** The same with two inputs, and a member of the class for each. */
  | {
      readonly kind: 'keyed-co-process';
      readonly keys: readonly [first: readonly string[], second: readonly string[]];
      readonly observed: readonly [first: Observed, second: Observed];
      readonly declared: boolean;
      readonly states: readonly StateSpec[];
    }
  /** The rows that the operator before gives to a tag; always chained to it. */
  | { readonly kind: 'side-output'; readonly tag: string }
  /** Adds or replaces columns; each has a function of the row. */
  | {
      readonly kind: 'with';
      readonly columns: readonly (FieldSpec & { readonly observed: Observed })[];
      readonly view?: true;
    }
  | (Windowed & { readonly kind: 'window-aggregate'; readonly aggregates: readonly AggregateSpec[] })
  /** reduce((a, b) => row) per key and window; the row type is the input's. */
  | (Windowed & { readonly kind: 'window-reduce' })
  /** Per key over all time. `changes`: a row per record; `final`: a row per key at the end of the input. */
  | {
      readonly kind: 'keyed-aggregate';
      readonly keys: readonly string[];
      readonly aggregates: readonly AggregateSpec[];
      readonly emit: 'changes' | 'final';
    }
  | { readonly kind: 'keyed-reduce'; readonly keys: readonly string[]; readonly emit: 'changes' | 'final' }
  | {
      readonly kind: 'sink';
      readonly urn: string;
      readonly label: string;
      readonly options: Json;
      readonly path: string | null;
    }
  /** A named output of the job: its rows go to whoever runs it. `live`: while the job runs. */
  | { readonly kind: 'output'; readonly output: string; readonly live?: true };

/** The functions of one operator, found by uid in the thread that runs it, or of one edge, found by its id. */
export interface OperatorFunctions {
  readonly source?: Source;
  readonly sink?: Sink;
  /** filter, map, flat-map, async, reduce; of an edge: the custom partitioner */
  readonly fn?: (...args: any[]) => unknown;
  /** Of an operator with two inputs: the function of the second. */
  readonly second?: (...args: any[]) => unknown;
  /** Of an edge: the key of a row, where a custom partitioner goes by a function. */
  readonly select?: (row: any) => unknown;
  /** process, keyed-process, keyed-co-process: made once in each subtask */
  readonly process?: new () => object;
  /** event-time: makes what gives out watermarks */
  readonly watermarks?: () => WatermarkGenerator<any>;
  /** async: what is done about failures */
  readonly handlers?: AsyncHandlers;
  /** with, split: by the name of the column or branch */
  readonly columns?: Readonly<Record<string, (row: any) => unknown>>;
}

/** A plan with what cannot be data: the functions, and where in the job file each operator was written. */
export interface BuiltJob {
  readonly plan: LogicalPlan;
  readonly functions: ReadonlyMap<string, OperatorFunctions>;
  /** uid, or id of an edge with a partitioner that was asked for -> `file:line:column` in the user's source. */
  readonly sites: ReadonlyMap<string, string>;
}

/** SHA-256 over the canonical JSON of a plan, as 64 hex digits. */
export function planFingerprint(plan: LogicalPlan): string {
  return createHash('sha256').update(canonicalJson(plan)).digest('hex');
}

/** 32 hex digits that name an operator to the outside, derived from its uid alone. */
export function vertexId(uid: string): string {
  return createHash('sha256').update(uid).digest('hex').slice(0, 32);
}
