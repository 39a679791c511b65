import { canonicalJson } from '../base/json.js';
import type { Step } from '../plan/faults.js';
import type { FieldSpec } from '../records/schema.js';
import { describeValue, type FlowGraph, type FlowNode } from './flow-graph.js';
import { OperatorHandle, SinkHandle } from './operator-handle.js';

/**
 * Those of some values that are streams of this graph; notes a mistake for each other one, and for each whose rows have
 * other fields than those of `first`. The order of fields does not matter.
 */
export function streamsLike<S extends OperatorHandle>(
  graph: FlowGraph,
  step: Step,
  first: FlowNode,
  given: readonly S[],
): readonly S[] {
  const sound = given.filter((each) => isStream(graph, step, each));
  for (const { node } of sound) compareFields(graph, step, first, node);
  return sound;
}

/** Notes a mistake unless it is a stream of this graph. */
export function isStream(graph: FlowGraph, step: Step, given: unknown): boolean {
  const isHandle = given instanceof OperatorHandle && !(given instanceof SinkHandle);
  if (isHandle && graph.has(given.node)) return true;
  const what = isHandle ? 'a stream of another run of a builder' : describeValue(given);
  graph.fault('ARGUMENT_INVALID', step, `a stream is expected here, not ${what}`);
  return false;
}

function compareFields(graph: FlowGraph, step: Step, one: FlowNode, other: FlowNode): void {
  const [a, b] = [one.output.fields, other.output.fields];
  if (a === null && b === null) return;
  const [first, second] = [placeOf(one), placeOf(other)];
  if (a === null || b === null) {
    const [declared, undeclared] = a === null ? [second, first] : [first, second];
    const text = `the rows of ${declared} are declared and those of ${undeclared} are not; declare them too, or neither`;
    graph.fault('PLAN_SCHEMA_MISSING', step, text);
    return;
  }
  const names = [...new Set([...a, ...b].map(({ name }) => name))];
  const differences = names.flatMap((name) => {
    const [here, there] = [a, b].map((fields) => typeText(fields.find((field) => field.name === name)));
    return here === there ? [] : `'${name}' is ${here} in the first and ${there} in the second`;
  });
  if (differences.length === 0) return;
  const text = `the rows of ${first} and those of ${second} have other fields: ${differences.join('; ')}`;
  graph.fault('PLAN_SCHEMA_MISMATCH', step, text);
}

const placeOf = ({ step: { call, site } }: FlowNode): string => `${call} at ${site.short()}`;

function typeText(field: FieldSpec | undefined): string {
  if (field === undefined) return 'missing';
  const { kind, nullable, parts } = field;
  const inside = parts === undefined ? '' : ` of ${canonicalJson(parts)}`;
  return `${kind}${inside}${nullable ? ' or null' : ''}`;
}
