import type { HashKind } from './key-hash.js';
import { takenMisfitText } from './scalar-code.js';
import type { FieldKind, FieldSpec } from './schema.js';
import { keyText, linesText, memberText } from './source-text.js';

/**
 * The flat shape of rows that nobody declared, learned from the rows themselves.
 *
 * A shape stands for rows that come back from bytes exactly as they were: plain objects with just its
 * members, each a boolean, number, bigint (of 64 bits), string, or null. Whole numbers of 32 bits are kept as
 * int32 as long as there is nothing else in the field; -0, NaN and large numbers make it float64, which keeps
 * every number.
 *
 * Everything else has no flat shape and travels packed, or is refused there: a member that is missing in some rows or
 * undefined (a row would come back without knowing which), nested objects, arrays, dates, maps, members that change
 * between kinds, rows that are not plain objects. Members come back in the order of the first row; a symbol as key is
 * not kept.
 */
export interface LearnedField extends FieldSpec {
  /** Nothing but null was seen; the kind is a stand-in, and any kind may follow. */
  readonly isOnlyNull?: true;
}

/**
 * The shape of some rows, or null if they have none.
 *
 * @param rows  at least one; a row may be any value
 */
export function inferShape(rows: readonly unknown[]): readonly LearnedField[] | null {
  const [first] = rows;
  if (!isPlainRow(first)) return null;
  let fields: readonly LearnedField[] | null = [];
  for (const name of Object.keys(first)) {
    const field = fieldOf(name, first[name]);
    if (field === null) return null;
    fields = [...fields, field];
  }
  for (const row of rows) {
    fields = widenShape(fields, row);
    if (fields === null) return null;
  }
  return fields;
}

/**
 * The least shape that also fits `row`: the same array where it fits already, null where there is none.
 *
 * Rows that were written with the former shape are read with the former shape, so a wider one needs no
 * relation to it in bytes.
 */
export function widenShape(fields: readonly LearnedField[], row: unknown): readonly LearnedField[] | null {
  if (!isPlainRow(row)) return null;
  if (Object.keys(row).length !== fields.length) return null;
  let changed = false;
  const wider: LearnedField[] = [];
  for (const field of fields) {
    if (!Object.hasOwn(row, field.name)) return null;
    const seen = fieldOf(field.name, row[field.name]);
    const merged = seen === null ? null : mergeFields(field, seen);
    if (merged === null) return null;
    changed ||= merged !== field;
    wider.push(merged);
  }
  return changed ? wider : fields;
}

/**
 * How a learned field hashes in a key: by value, so that the hash does not depend on the shape. (An int32 by
 * value has the bytes of an int32, and other kinds have but one form.)
 */
export function learnedHashKind(field: LearnedField): HashKind {
  return field.kind === 'float64' || field.isOnlyNull ? 'value' : (field.kind as HashKind);
}

/**
 * Source that reads the members of a row into locals, and runs `fail` if the row does not fit the shape.
 *
 * @param object   name of a local that holds the row; it may be any value
 * @param values   name of the local to declare for a field
 * @param fail     a statement that leaves: `break fallback;`
 * @param isExact  proven elsewhere (`returnedFields`): the row is an object literal with just these members
 */
export function guardStatements(
  fields: readonly LearnedField[],
  object: string,
  values: (field: LearnedField) => string,
  fail: string,
  isExact: boolean,
): string {
  const lines: string[] = [];
  lines.push(`if (typeof ${object} !== 'object' || ${object} === null) { ${fail} }`);
  if (!isExact) {
    const count = `${object}$n`;
    lines.push(
      `if (Object.getPrototypeOf(${object}) !== Object.prototype) { ${fail} }`,
      `let ${count} = 0;`,
      `for (const _ in ${object}) ${count}++;`,
      `if (${count} !== ${fields.length}) { ${fail} }`,
    );
  }
  for (const field of fields) {
    const value = values(field);
    lines.push(`const ${value} = ${memberText(object, field.name)};`);
    lines.push(`if (${learnedMisfit(field, value)}) { ${fail} }`);
  }
  return linesText(lines);
}

/** The part of `guardStatements` that checks values which are in locals already. */
export function valueGuards(
  fields: readonly LearnedField[],
  values: (field: LearnedField) => string,
  fail: string,
): string {
  return linesText(fields.map((field) => `if (${learnedMisfit(field, values(field))}) { ${fail} }`));
}

/** Source of the record type of a shape, as a user would write it. */
export function declarationText(fields: readonly LearnedField[]): string {
  const members = fields.map(({ name, kind, nullable, isOnlyNull }) => {
    if (isOnlyNull) return `${keyText(name)}: t.nullable(t.string /* null only */)`;
    return `${keyText(name)}: ${nullable ? `t.nullable(t.${kind})` : `t.${kind}`}`;
  });
  return `t.record({ ${members.join(', ')} })`;
}

function learnedMisfit(field: LearnedField, value: string): string {
  if (field.isOnlyNull) return `${value} !== null`;
  const misfit =
    field.kind === 'int32'
      ? `${takenMisfitText('int32', value)} || (${value} === 0 && 1 / ${value} < 0)`
      : takenMisfitText(field.kind, value);
  return field.nullable ? `${value} !== null && (${misfit})` : misfit;
}

function isPlainRow(row: unknown): row is Record<string, unknown> {
  return typeof row === 'object' && row !== null && Object.getPrototypeOf(row) === Object.prototype;
}

function fieldOf(name: string, value: unknown): LearnedField | null {
  // An own member of this name cannot be told from the prototype by reading it.
  if (name === '__proto__') return null;
  if (value === null) return { name, kind: 'bool', nullable: true, isOnlyNull: true };
  const kind = kindOf(value);
  return kind === null ? null : { name, kind, nullable: false };
}

function kindOf(value: unknown): FieldKind | null {
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'number':
      return (value | 0) === value && !Object.is(value, -0) ? 'int32' : 'float64';
    case 'bigint':
      return BigInt.asIntN(64, value) === value ? 'bigint' : null;
    case 'string':
      return value.isWellFormed() ? 'string' : null;
    default:
      return null;
  }
}

/** The field that holds both; `a` itself where it does already. */
function mergeFields(a: LearnedField, b: LearnedField): LearnedField | null {
  if (b.isOnlyNull) return a.nullable ? a : { ...a, nullable: true };
  if (a.isOnlyNull) return { name: a.name, kind: b.kind, nullable: true };
  if (a.kind === b.kind || (a.kind === 'float64' && b.kind === 'int32')) return a;
  return a.kind === 'int32' && b.kind === 'float64' ? { ...a, kind: 'float64' } : null;
}
