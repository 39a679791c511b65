import { HIDDEN_KEY } from '../../plan/hidden-key.js';
import type { Observed } from '../../plan/logical-plan.js';
import { type CodeWriter, objectLiteral } from './code-writer.js';
import { argumentText, DerivedRow, literalOf, objectRow, type Row } from './row.js';

/** Text of the whole record as an object that may be spread. */
export function wholeOf(row: Row, code: CodeWriter): string {
  if (row.whole !== null) return row.whole;
  row.expect(
    (row.fields ?? []).map(({ name }) => name),
    code,
  );
  return objectLiteral((row.fields ?? []).map((field) => [field.name, row.value(field.name, code)] as const));
}

/**
 * Text of the row as an object that is a function's to keep, without what the user did not put there.
 *
 * @param observed  fields that the function can observe; null: not proven, all of them
 */
export function ownObject(row: Row, observed: Observed, code: CodeWriter): string {
  if (observed !== null) return argumentText(row, observed, code);
  if (row.fields !== null) {
    const names = row.fields.map(({ name }) => name);
    return literalOf(
      row,
      names.filter((name) => name !== HIDDEN_KEY),
      code,
    );
  }
  const [key, own] = [code.fresh('key'), code.fresh('own')];
  code.line(`const { ${JSON.stringify(HIDDEN_KEY)}: ${key}, ...${own} } = ${row.whole};`);
  return own;
}

/** Fields that nobody below can observe may be missing from a row. */
export function hasField(row: Row, name: string): boolean {
  return row.fields?.some((field) => field.name === name) ?? false;
}

/** The row with these fields alone. */
export function pickRow(row: Row, names: readonly string[], code: CodeWriter): Row {
  if (row.fields !== null) {
    const kept = names.flatMap((name) => row.fields!.filter((field) => field.name === name));
    return new DerivedRow(row, kept, new Map());
  }
  const object = code.constant(
    'o',
    objectLiteral(names.map((name) => [name, row.value(name, code)] as const)),
  );
  return objectRow(null, row.ts, object);
}
