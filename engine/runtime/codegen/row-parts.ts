import { type CodeWriter, objectLiteral } from './code-writer.js';
import { DerivedRow, objectRow, type Row } from './row.js';

/** Text of the whole record as an object that may be spread. */
export function wholeOf(row: Row, code: CodeWriter): string {
  if (row.whole !== null) return row.whole;
  row.expect(
    (row.fields ?? []).map(({ name }) => name),
    code,
  );
  return objectLiteral((row.fields ?? []).map((field) => [field.name, row.value(field.name, code)] as const));
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
