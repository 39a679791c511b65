import { isVariableKind, type PlacedField, type RowLayout } from './row-layout.js';

/** A native call costs about the same for one string as for several that lie next to each other: a *run*. */

/** Of the given fields those that lie next to each other, in the order in which they lie. */
export function runsOf(layout: RowLayout, fields: readonly PlacedField[]): readonly PlacedField[][] {
  const runs: PlacedField[][] = [[]];
  for (const field of layout.fields) {
    if (!isVariableKind(field.kind)) continue;
    if (fields.includes(field)) runs.at(-1)!.push(field);
    else runs.push([]);
  }
  return runs.filter((run) => run.length > 0);
}

/** Text of the length of a string, or of null. */
export function charsText({ nullable }: PlacedField, value: string): string {
  return nullable ? `(${value} === null ? 0 : ${value}.length)` : `${value}.length`;
}

/** Text of a string that is empty for null. */
export function textOrEmpty({ nullable }: PlacedField, value: string): string {
  return nullable ? `(${value} === null ? '' : ${value})` : value;
}
