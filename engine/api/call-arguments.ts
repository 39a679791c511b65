/** What the calls of a builder are given: who called, and what the arguments mean. */
import type { Step } from '../plan/faults.js';
import type { Observed } from '../plan/logical-plan.js';
import { observedFields } from '../records/observed-fields.js';
import {
  type FieldSpec,
  type FieldType,
  fieldSpec,
  type RecordType,
  type RowShape,
} from '../records/schema.js';
import { CallSite } from './call-site.js';
import { describeValue, type FlowGraph } from './flow-graph.js';
import { viewOption } from './view-option.js';

/** Columns to be made, by name. */
export type ColumnArguments<T> = Readonly<
  Record<string, readonly [FieldType<any, boolean>, (row: T) => unknown]>
>;

export const stepOf = (call: string): Step => ({ call, site: new CallSite() });

export const quoted = (names: readonly unknown[]): string =>
  names.map((name) => `'${String(name)}'`).join(', ');

export const observe = (fn: unknown): Observed => (typeof fn === 'function' ? observedFields(fn) : null);

/** The same of several functions that get one row; those that are not there observe nothing. */
export function observeAll(fns: readonly unknown[]): Observed {
  const observed = fns.filter((fn) => fn !== undefined).map(observe);
  return observed.some((each) => each === null) ? null : [...new Set(observed.flatMap((each) => each!))];
}

export function isRecordType(value: unknown): value is RecordType<any> {
  return (
    typeof value === 'object' && value !== null && Array.isArray((value as Partial<RecordType<any>>).fields)
  );
}

export function isFieldType(value: unknown): value is FieldType<any, boolean> {
  return typeof value === 'object' && value !== null && 'kind' in value && 'isNullable' in value;
}

/** Of a map or flat map: `(fn, options?)`, or `(schema, fn, options?)`. */
export function mappingArguments(graph: FlowGraph, call: string, given: readonly unknown[]) {
  const step = stepOf(call);
  const { fn, shape, options, declared } = givenMapping(graph, step, given);
  graph.expectFunction(step, fn);
  const asked = { observed: observe(fn), declared, ...viewOption(graph, step, options) };
  return { step, fn, shape, asked };
}

/** The same, before anything is asked of the function and the options. */
export function givenMapping(graph: FlowGraph, step: Step, given: readonly unknown[]) {
  const [first, second] = given;
  const isOption = typeof first === 'function' && typeof second !== 'function';
  const declared = (given.length > 1 && !isOption) || isRecordType(first);
  const [schema, fn, options] = declared ? given : [null, ...given];
  const shape = declared ? declaredShape(graph, step, schema) : { fields: null };
  return { fn: fn as (...args: any[]) => unknown, shape, options, declared };
}

/** The columns that can be, with what their functions observe. */
export function columnArguments(graph: FlowGraph, step: Step, columns: ColumnArguments<any>) {
  const specs: (FieldSpec & { observed: Observed })[] = [];
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

export function declaredShape(graph: FlowGraph, step: Step, schema: unknown): RowShape {
  if (isRecordType(schema)) return { fields: schema.fields };
  const text = `the result is declared by t.record({ … }), not by ${describeValue(schema)}`;
  graph.fault('ARGUMENT_INVALID', step, text);
  return { fields: null };
}
