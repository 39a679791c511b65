import { OutputTag } from '../functions/output-tag.js';
import { fieldOf } from '../plan/draft.js';
import type { Step } from '../plan/faults.js';
import { type RowShape, typeIdentity } from '../records/schema.js';
import { describeValue, type FlowGraph } from './flow-graph.js';

/** The name of a tag for rows of a stream as they are; null: none was given, or one that is not for them. */
export function lateTag(graph: FlowGraph, step: Step, given: unknown, rows: RowShape): string | null {
  if (given === undefined) return null;
  if (!(given instanceof OutputTag)) {
    const text = `late is a tag made by outputTag(name), not ${describeValue(given)}`;
    graph.fault('ARGUMENT_INVALID', step, text);
    return null;
  }
  const strange = given.fields?.find((field) => {
    const known = fieldOf(rows, field.name);
    return known === null || String(typeIdentity(known)) !== String(typeIdentity(field));
  });
  if (strange !== undefined) {
    const found =
      fieldOf(rows, strange.name) === null ? 'they have no such field' : 'theirs is of another type';
    const text = `the tag '${given.name}' declares the field '${strange.name}' of late rows; ${found}`;
    graph.fault('ARGUMENT_INVALID', step, text);
    return null;
  }
  return given.name;
}
