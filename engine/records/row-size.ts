import { RowCodec, viewBindings } from './codec-gen.js';
import { compile } from './compile.js';
import { rowLayout, rowView } from './row-layout.js';
import type { FieldSpec } from './schema.js';
import { linesText, memberText } from './source-text.js';

/**
 * Tells how many bytes a row takes in a buffer, its header included.
 *
 * @param fields  the fields that travel; values given later fit them
 */
export function rowSizer(fields: readonly FieldSpec[]): (row: object) => number {
  const layout = rowLayout(fields);
  const codec = new RowCodec(layout);
  const values = ({ index }: { readonly index: number }): string => `v${index}`;
  const size = codec.sizeStatements(values);
  // Measuring reads and writes no bytes.
  const view = rowView(new ArrayBuffer(8));
  const bindings = { ...viewBindings(view), ...codec.nestedBindings(view) };
  const source = linesText([
    'return function sizeOf(row) {',
    ...layout.fields.map((field) => `const ${values(field)} = ${memberText('row', field.name)};`),
    size.statements,
    `return ${size.expression};`,
    '};',
  ]);
  return compile(`size-${layout.fingerprint}`, source, Object.keys(bindings), Object.values(bindings));
}
