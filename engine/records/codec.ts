import type { Categories } from './categories.js';
import { categoryBindings } from './category-code.js';
import { RowCodec, viewBindings } from './codec-gen.js';
import { compile } from './compile.js';
import { isNestedField, nestedName } from './nested.js';
import { nestedSource } from './nested-code.js';
import { NO_TIMESTAMP, printLayout, type RowLayout, type RowView } from './row-layout.js';
import { COMPARE_BYTES, compareText, differText } from './row-order.js';
import { isScalarKind } from './schema.js';
import { keyText, linesText, memberText } from './source-text.js';

/** Rows of one layout in the memory of one view, for tests and for places that are not hot. */
export interface Codec<R> {
  /**
   * Writes a row whose values fit their kinds.
   *
   * @param p     where it goes: byte offset, a multiple of 8
   * @param end   byte offset it may not pass
   * @param hash  hash of its key; 0: none
   * @param ts    timestamp; -Infinity: none
   * @returns     position behind the row; -1 where it does not fit, and then nothing was written
   */
  encode(row: R, p: number, end: number, hash?: number, ts?: number): number;
  /** The row at `p` as a plain object, members in layout order. */
  decode(p: number): R;
  /**
   * Which of two rows comes first, by the fields of `order`, without decoding them: below 0 the one at `p`, above 0 the
   * one at `q`, 0 neither. See row-order.ts.
   */
  compare(p: number, q: number): number;
  /** Whether two rows hold the same in all fields; what is nested, byte by byte. */
  equals(p: number, q: number): boolean;
}

/** @param categories  values of categories lie in the rows as ids; without, always as strings */
export function compileCodec<R extends object = Record<string, any>>(
  layout: RowLayout,
  view: RowView,
  categories: Categories | null = null,
  order: readonly string[] = scalarNames(layout),
): Codec<R> {
  const codec = new RowCodec(layout, { hasIds: categories !== null });
  const bindings = {
    ...viewBindings(view),
    ...codec.nestedBindings(view),
    ...(categories !== null && {
      ...categoryBindings(categories),
      ...codec.categories.bindings(categories, () => 0),
    }),
  };
  return compile(
    `codec-${layout.fingerprint}`,
    codecSource(codec, order),
    Object.keys(bindings),
    Object.values(bindings),
  );
}

/** The layout of a row and the code that reads and writes it, for people. */
export function printCodec(layout: RowLayout): string {
  const nested = layout.fields.filter(isNestedField).map((field) => {
    return `${nestedName(field)}: ${field.name}\n${nestedSource(field)}`;
  });
  const codec = codecSource(new RowCodec(layout, { hasIds: true }), scalarNames(layout));
  return [printLayout(layout), codec, ...nested].join('\n\n');
}

function scalarNames({ fields }: RowLayout): readonly string[] {
  return fields.filter(({ kind }) => kind !== 'packed' && isScalarKind(kind)).map(({ name }) => name);
}

function codecSource(codec: RowCodec, order: readonly string[]): string {
  const { layout } = codec;
  const values = ({ index }: { readonly index: number }): string => `v${index}`;
  const size = codec.sizeStatements(values, (bytes) => `p + ${bytes} <= end`);
  const read = layout.fields.map((field) => `const ${values(field)} = ${memberText('row', field.name)};`);
  let locals = 0;
  const together = codec.readTogether(layout.fields, 'p', (hint) => `${hint}${locals++}`);
  const members = layout.fields.map(
    (field) => `${keyText(field.name)}: ${together.exprs.get(field.name) ?? codec.readExpr(field, 'p')}`,
  );
  return linesText([
    'return {',
    `encode(row, p, end, hash = 0, ts = ${NO_TIMESTAMP}) {`,
    ...read,
    codec.categories.statements(values),
    size.statements,
    `let length = ${size.expression};`,
    'if (p + length > end) return -1;',
    codec.writeStatements('p', values, { length: 'length', hash: 'hash', ts: 'ts' }),
    'return p + length;',
    '},',
    'decode(p) {',
    together.statements,
    `return { ${members.join(', ')} };`,
    '},',
    'compare(p, q) {',
    ...order.map((name) => compareText(codec, codec.field(name))),
    'return 0;',
    '},',
    'equals(p, q) {',
    ...layout.fields.map((field) => differText(codec, field)),
    'return true;',
    '},',
    '};',
    layout.isVariable ? COMPARE_BYTES : '',
  ]);
}
