import type { FieldKind, FieldSpec, RowShape } from '../records/schema.js';
import type { Fault, Step } from './faults.js';
import type { LogicalPlan, OperatorFunctions } from './logical-plan.js';

/**
 * A plan as written, before anybody has checked it, with what the rules need to judge it.
 *
 * Building never stops at a mistake: what cannot be is noted here, and the rows after it count as undeclared, so that
 * one mistake is reported once.
 */
export interface PlanDraft {
  readonly plan: LogicalPlan;
  readonly functions: ReadonlyMap<string, OperatorFunctions>;
  /** uid -> where the operator was made; id of an edge -> where its partitioner was asked for. */
  readonly steps: ReadonlyMap<string, Step>;
  /** Uids the user chose, in order; the plan itself holds no uid twice. */
  readonly chosenUids: readonly { readonly uid: string; readonly step: Step }[];
  /** Every place where a field is named. */
  readonly references: readonly FieldReference[];
  /** Every place where the names of columns come together. */
  readonly columnLists: readonly { readonly step: Step; readonly names: readonly string[] }[];
  /** Of the run, if known. */
  readonly parallelism: number | null;
  /** Mistakes found while building. */
  readonly misuse: readonly Fault[];
}

/** A field named in the job, and what must be true of it. */
export interface FieldReference {
  readonly step: Step;
  readonly field: string;
  readonly shape: RowShape;
  /** Null: every kind. */
  readonly accepts: readonly FieldKind[] | null;
  readonly acceptsNull: boolean;
}

/** The field of this name; null when rows are undeclared or have none. */
export function fieldOf(shape: RowShape, name: string): FieldSpec | null {
  return shape.fields?.find((field) => field.name === name) ?? null;
}

/** True when a reference can be what it says, as far as is known. */
export function isSound({ shape, field, accepts, acceptsNull }: FieldReference): boolean {
  if (shape.fields === null) return true;
  const found = fieldOf(shape, field);
  if (found === null) return false;
  return (accepts === null || accepts.includes(found.kind)) && (acceptsNull || !found.nullable);
}
