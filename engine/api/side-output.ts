import { OutputTag } from '../functions/output-tag.js';
import type { Step } from '../plan/faults.js';
import { type RowShape, typeIdentity } from '../records/schema.js';
import { describeValue, type FlowNode } from './flow-graph.js';
import type { OperatorHandle } from './operator-handle.js';

/** By operator and name of the tag: the one that reads it. Who asks twice gets the same rows from the same place. */
const readers = new WeakMap<FlowNode, Map<string, FlowNode>>();

/** The operator that reads a tag of another. */
export function sideOutputNode(of: OperatorHandle, step: Step, tag: unknown): FlowNode {
  const { graph } = of;
  if (!(tag instanceof OutputTag)) {
    const text = `a tag made by outputTag(name) is expected here, not ${describeValue(tag)}`;
    graph.fault('ARGUMENT_INVALID', step, text);
    return readerOf(of, step, 'unknown', { fields: null });
  }
  const node = readerOf(of, step, tag.name, { fields: tag.fields });
  if (shapeText(node.output) !== shapeText({ fields: tag.fields })) {
    const text = `two tags named '${tag.name}' have rows of different types; give each its own name`;
    graph.fault('ARGUMENT_INVALID', step, text);
  }
  return node;
}

/** The operator that reads a branch of a split. */
export function branchNode(split: OperatorHandle, step: Step, name: string): FlowNode {
  return readerOf(split, step, name, split.node.output);
}

function readerOf({ graph, node }: OperatorHandle, step: Step, tag: string, shape: RowShape): FlowNode {
  const known = readers.get(node) ?? new Map<string, FlowNode>();
  readers.set(node, known);
  const partitioning = { partitioner: { kind: 'forward' } } as const;
  const reader =
    known.get(tag) ?? graph.add(step, [{ node, partitioning }], { kind: 'side-output', tag }, shape);
  known.set(tag, reader);
  return reader;
}

function shapeText({ fields }: RowShape): string {
  return JSON.stringify(fields?.map((field) => [field.name, ...typeIdentity(field)]) ?? null);
}
