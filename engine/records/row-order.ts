import type { RowCodec } from './codec-gen.js';
import { isVariableKind, type PlacedField } from './row-layout.js';
import { isTextKind } from './schema.js';
import { linesText } from './source-text.js';

/**
 * Source that compares the rows at `p` and `q`, in their bytes.
 *
 *   null      before everything else
 *   numbers   by value; -0 and 0 are the same, NaN is the same as NaN and behind all others
 *   bool      false before true
 *   strings   as JavaScript orders them, by UTF-16 code units, which is also how `min` and `max` do
 *   bytes     by the first that differs, a beginning before the whole
 *
 * What is nested has no order; it is the same where its bytes are.
 */

/** Statements that return where a field tells the rows apart. */
export function compareText(codec: RowCodec, field: PlacedField): string {
  return fieldText(codec, field, ['-1', '1'], (a, b) =>
    isComparedInBytes(codec, field)
      ? `{ const by = compareBytes(u8, ${a}, ${b}, ${isTextKind(field.kind)}); if (by !== 0) return by; }`
      : `{ const a = ${a}, b = ${b}; if (a < b) return -1; if (a > b) return 1; ${nanText(field)}}`,
  );
}

/** Statements that return false where a field differs. */
export function differText(codec: RowCodec, field: PlacedField): string {
  return fieldText(codec, field, ['false', 'false'], (a, b) =>
    isComparedInBytes(codec, field)
      ? `if (compareBytes(u8, ${a}, ${b}, false) !== 0) return false;`
      : `{ const a = ${a}, b = ${b}; if (a !== b && (a === a || b === b)) return false; }`,
  );
}

/** A value that lies in the row as an id has its bytes elsewhere. */
function isComparedInBytes(codec: RowCodec, field: PlacedField): boolean {
  return isVariableKind(field.kind) && codec.categories.idOf(field) === null;
}

/** @param answers  what to return where only the value at `p` is null, and where only the one at `q` is */
function fieldText(
  codec: RowCodec,
  field: PlacedField,
  answers: readonly [ofP: string, ofQ: string],
  compare: (a: string, b: string) => string,
): string {
  const read = (p: string): string => {
    if (!isComparedInBytes(codec, field)) return codec.readExpr({ ...field, nullable: false }, p);
    const { begin, word } = codec.slotExprs(field, p);
    return `${begin}, (${word} >> 1)`;
  };
  const statement = compare(read('p'), read('q'));
  if (!field.nullable) return statement;
  const [isNull, isNullToo] = [codec.isNullExpr(field, 'p'), codec.isNullExpr(field, 'q')];
  return linesText([
    `if (${isNull}) { if (!(${isNullToo})) return ${answers[0]}; }`,
    `else if (${isNullToo}) return ${answers[1]};`,
    `else ${statement}`,
  ]);
}

const nanText = ({ kind }: PlacedField): string =>
  kind === 'float32' || kind === 'float64'
    ? 'if (a !== a && b === b) return 1; if (b !== b && a === a) return -1; '
    : '';

/**
 * UTF-8 has the order of code points. That of UTF-16 differs in one thing: what takes four bytes there is a surrogate
 * pair here, and comes before U+E000 to U+FFFF, which begin with 0xEE and 0xEF.
 */
export const COMPARE_BYTES = `function compareBytes(u8, p, m, q, n, isText) {
for (let i = 0; i < m && i < n; i++) {
let a = u8[p + i], b = u8[q + i];
if (a === b) continue;
if (isText && a >= 0xee && b >= 0xee) { a = a < 0xf0 ? a + 16 : a; b = b < 0xf0 ? b + 16 : b; }
return a < b ? -1 : 1;
}
return m < n ? -1 : m > n ? 1 : 0;
}`;
