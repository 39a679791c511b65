import type { Step } from '../plan/faults.js';
import { describeValue, type FlowGraph } from './flow-graph.js';

/** Functions get views of records instead of plain objects; see the README. */
export interface ViewOption {
  readonly view: true;
}

/** What goes into the plan for the options of an operator; notes a mistake in them. */
export function viewOption(graph: FlowGraph, step: Step, options: unknown): { readonly view?: true } {
  if (options === undefined) return {};
  const isObject = typeof options === 'object' && options !== null;
  const { view, ...others } = isObject ? (options as { readonly view?: unknown }) : {};
  const [other] = Object.keys(others);
  if (!isObject || other !== undefined || (view !== undefined && typeof view !== 'boolean')) {
    const got = other === undefined ? describeValue(isObject ? view : options) : `'${other}'`;
    graph.fault('ARGUMENT_INVALID', step, `the options are { view: true } or none, not ${got}`);
  }
  return view === true ? { view } : {};
}
