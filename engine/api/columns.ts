import type { Step } from '../plan/faults.js';
import type { Observed } from '../plan/logical-plan.js';
import { observedFields } from '../records/observed-fields.js';
import { type FieldSpec, type FieldType, fieldSpec } from '../records/schema.js';
import type { FlowGraph } from './flow-graph.js';
import { isFieldType } from './given-types.js';

/** Columns to be added: a type and a function of the row each. */
export type ColumnArguments<T> = Readonly<
  Record<string, readonly [FieldType<any, boolean>, (row: T) => unknown]>
>;

/** What goes into a plan for columns that are added; notes mistakes in them. */
export function columnSpecs<T>(
  graph: FlowGraph,
  step: Step,
  columns: ColumnArguments<T>,
): {
  readonly specs: readonly (FieldSpec & { readonly observed: Observed })[];
  readonly functions: Readonly<Record<string, (row: any) => unknown>>;
} {
  const specs: (FieldSpec & { readonly observed: Observed })[] = [];
  const functions: Record<string, (row: any) => unknown> = {};
  for (const [name, column] of Object.entries(columns)) {
    const [type, fn] = Array.isArray(column) ? column : [];
    if (!isFieldType(type)) {
      const text = `column '${name}' needs a type such as t.float64 and a function`;
      graph.fault('ARGUMENT_INVALID', step, text);
      continue;
    }
    graph.expectFunction(step, fn);
    specs.push({ ...fieldSpec(name, type), observed: observe(fn) });
    functions[name] = fn!;
  }
  return { specs, functions };
}

/** Fields that a function can observe of its argument, as far as its source proves. */
export function observe(fn: unknown): Observed {
  return typeof fn === 'function' ? observedFields(fn) : null;
}

/** The same of several functions that get one row; those that are not there observe nothing. */
export function observeAll(fns: readonly unknown[]): Observed {
  return fns
    .filter((fn) => fn !== undefined)
    .map(observe)
    .reduce((all, each) => (all === null || each === null ? null : [...new Set([...all, ...each])]), []);
}
