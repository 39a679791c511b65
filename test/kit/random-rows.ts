/** Random fields and rows of all kinds, and the seed they come from. */

import fc from 'fast-check';
import type { FieldSpec, ScalarKind } from '../../engine/records/schema.js';

/** The seed and count of runs of random tests; `SEED` and `RUNS` repeat or extend a run. */
export function randomRuns(numRuns: number): { readonly seed: number; readonly numRuns: number } {
  const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
  console.log(`seed ${seed}`);
  return { seed, numRuns: Number(process.env['RUNS'] ?? numRuns) };
}

const safeInteger = fc.oneof(
  fc.maxSafeInteger(),
  fc.constantFrom(0, 1, -1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 2 ** 32, -(2 ** 32), 2 ** 31),
);
const int32 = fc.oneof(fc.integer(), fc.constantFrom(0, -1, 0x7fff_ffff, -0x8000_0000));
/** Whole code points, so without lone surrogates; lengths on both sides of every limit of the string codec. */
const text = fc.oneof(
  fc.string({ maxLength: 30 }),
  fc.string({ unit: 'binary', maxLength: 100 }),
  fc.string({ unit: 'grapheme', maxLength: 30 }),
  fc.string({ unit: 'binary-ascii', maxLength: 200 }),
  fc.constantFrom(
    '',
    'a',
    'é',
    '😀',
    '\u0000',
    '\u007f',
    '\u0080',
    '\u07ff',
    '\u0800',
    '\uffff',
    'x'.repeat(300),
  ),
);

export const VALUES: Readonly<Record<ScalarKind, fc.Arbitrary<unknown>>> = {
  bool: fc.boolean(),
  int8: fc.oneof(fc.integer({ min: -128, max: 127 }), fc.constantFrom(0, -1, 127, -128)),
  int16: fc.oneof(fc.integer({ min: -32_768, max: 32_767 }), fc.constantFrom(0, -1, 32_767, -32_768)),
  int32,
  uint32: fc.oneof(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.constantFrom(0, 2 ** 31, 2 ** 32 - 1)),
  int64: safeInteger,
  timestamp: safeInteger,
  bigint: fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.constantFrom(0n, -(2n ** 63n))),
  float32: fc.oneof(fc.float(), fc.constantFrom(0, -0, NaN, Infinity, 1.401298464324817e-45, 1.5)),
  float64: fc.oneof(fc.double(), fc.constantFrom(0, -0, NaN, Infinity, -Infinity, 5e-324, 1.5)),
  string: text,
  category: fc.oneof(fc.constantFrom('SFO', 'LAX', 'ÅÄÖ', ''), text),
  bytes: fc.oneof(fc.uint8Array({ maxLength: 100 }), fc.constant(new Uint8Array(0))),
};

export const fieldKind = fc.constantFrom(...(Object.keys(VALUES) as ScalarKind[]));

const fieldName = fc.oneof(
  fc.constantFrom('ts', 'price', '__proto__', 'a b', 'constructor', '0', '', 'class', 'ключ'),
  fc.string({ maxLength: 5 }),
);

export const fieldSpecs: fc.Arbitrary<FieldSpec[]> = fc.uniqueArray(
  fc.record({ name: fieldName, kind: fieldKind, nullable: fc.boolean() }),
  { selector: ({ name }) => name, maxLength: 12 },
);

/** An own member of every name, `__proto__` too. */
export function makeRow(fields: readonly FieldSpec[], values: readonly unknown[]): Record<string, unknown> {
  const row = {};
  fields.forEach(({ name }, i) => {
    Object.defineProperty(row, name, {
      value: values[i],
      enumerable: true,
      writable: true,
      configurable: true,
    });
  });
  return row;
}

export function rowsOf(
  fields: readonly FieldSpec[],
  maxLength: number,
): fc.Arbitrary<Record<string, unknown>[]> {
  const values = fields.map(({ kind, nullable }) => {
    const value = VALUES[kind as ScalarKind];
    return nullable ? fc.option(value, { nil: null }) : value;
  });
  return fc.array(
    fc.tuple(...values).map((tuple) => makeRow(fields, tuple)),
    { maxLength },
  );
}

/** Equal names in equal order, and values that are the same down to the sign of zero. */
export function isSameRow(
  a: Readonly<Record<string, unknown>>,
  b: Readonly<Record<string, unknown>>,
): boolean {
  const names = Object.keys(a);
  if (JSON.stringify(names) !== JSON.stringify(Object.keys(b))) return false;
  return names.every((name) => isSameValue(a[name], b[name]));
}

/** The same down to the sign of zero; bytes by content and type. */
export function isSameValue(a: unknown, b: unknown): boolean {
  if (!(a instanceof Uint8Array && b instanceof Uint8Array)) return Object.is(a, b);
  return a.constructor === b.constructor && Buffer.from(a).equals(b);
}
