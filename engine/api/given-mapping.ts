import type { Step } from '../plan/faults.js';
import type { RowShape } from '../records/schema.js';
import { describeValue, type FlowGraph } from './flow-graph.js';
import { isRecordType } from './given-types.js';

/**
 * Sorts the arguments of an operator that makes rows by a function, and whose result may be declared before it:
 * `(fn, options)` or `(schema, fn, options)`.
 */
export function givenMapping(graph: FlowGraph, step: Step, given: readonly unknown[]) {
  const [first, second] = given;
  const isOption = typeof first === 'function' && typeof second !== 'function';
  const declared = (given.length > 1 && !isOption) || isRecordType(first);
  const [schema, fn, options] = declared ? given : [null, ...given];
  if (declared && !isRecordType(schema)) {
    const text = `the result is declared by t.record({ … }), not by ${describeValue(schema)}`;
    graph.fault('ARGUMENT_INVALID', step, text);
  }
  const shape: RowShape = isRecordType(schema) ? { fields: schema.fields } : { fields: null };
  return { step, fn: fn as (...args: any[]) => unknown, shape, options, declared };
}
