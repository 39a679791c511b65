/** Random types, nested in each other, with values of them and values that do not fit. */

import fc from 'fast-check';
import {
  type FieldType,
  type RecordType,
  type ScalarKind,
  type TypeSpec,
  t,
} from '../../engine/records/schema.js';
import { VALUES } from './random-rows.js';

/** A type, and what its values are. */
export interface RandomType {
  readonly type: FieldType<any>;
  readonly values: fc.Arbitrary<unknown>;
}

/** Names as people use them, and names that are hard on generated code. */
const name = fc.oneof(
  fc.constantFrom(
    'price',
    'a b',
    '0',
    '',
    'class',
    'ключ',
    'v',
    'x0',
    'at',
    'toString',
    '"',
    "'",
    '\\',
    '`',
    `$${'{1}'}`,
  ),
  fc.string({ maxLength: 4 }).filter((each) => each !== '__proto__'),
);

const scalar: fc.Arbitrary<RandomType> = fc
  .constantFrom(...(Object.keys(VALUES) as ScalarKind[]))
  .map((kind) => ({ type: t[kind] as FieldType<any>, values: VALUES[kind] }));

/** Types with at most `depth` types inside each other. */
export function randomType(depth: number): fc.Arbitrary<RandomType> {
  if (depth === 0) return withNull(scalar);
  const inner = randomType(depth - 1);
  return withNull(
    fc.oneof(
      scalar,
      inner.map(({ type, values }) => ({ type: t.list(type), values: fc.array(values, { maxLength: 4 }) })),
      inner.map(({ type, values }) => ({
        type: t.map(type),
        values: fc.array(fc.tuple(name, values), { maxLength: 3 }).map((entries) => new Map(entries)),
      })),
      randomRecord(depth - 1, 0),
      fc
        .uniqueArray(fc.tuple(name, randomRecord(depth - 1, 0)), {
          selector: ([each]) => each,
          minLength: 1,
          maxLength: 3,
        })
        .map((variants): RandomType => {
          const records = Object.fromEntries(
            variants.map(([each, { type }]) => [each, type as RecordType<any>]),
          );
          const values = variants.map(([each, record]) =>
            record.values.map((row) => Object.assign({ 'the tag': each }, row)),
          );
          return { type: t.union('the tag', records), values: fc.oneof(...values) };
        }),
    ),
  );
}

export function randomRecord(depth: number, minLength: number): fc.Arbitrary<RandomType> {
  return fc
    .uniqueArray(fc.tuple(name, randomType(depth)), { selector: ([each]) => each, minLength, maxLength: 4 })
    .map((members) => ({
      type: t.record(Object.fromEntries(members.map(([each, { type }]) => [each, type]))),
      values: fc
        .tuple(...members.map(([, { values }]) => values))
        .map((row) => Object.fromEntries(row.map((value, i) => [members[i]![0], value]))),
    }));
}

function withNull(types: fc.Arbitrary<RandomType>): fc.Arbitrary<RandomType> {
  return fc.tuple(types, fc.boolean()).map(([{ type, values }, nullable]) => {
    return nullable ? { type: t.nullable(type), values: fc.option(values, { nil: null }) } : { type, values };
  });
}

/** What a type keeps of a value that fits, told again in the plainest way. */
export function plainKept({ kind, parts }: TypeSpec, value: any): unknown {
  if (value === null) return null;
  if (kind === 'float32') return new Float32Array([value])[0];
  if (parts === undefined) return structuredClone(value);
  if ('item' in parts) {
    if (kind === 'list') return value.map((each: unknown) => plainKept(parts.item, each));
    return new Map([...value].map(([key, each]) => [key, plainKept(parts.item, each)]));
  }
  const tag = 'tag' in parts ? value[parts.tag] : null;
  const fields = 'fields' in parts ? parts.fields : parts.variants.find((each) => each.name === tag)!.fields;
  const row = Object.fromEntries(fields.map((field) => [field.name, plainKept(field, value[field.name])]));
  return 'tag' in parts ? { [parts.tag]: tag, ...row } : row;
}

/** The same value with what does not fit put in one place, and the path of the place; null: there is no such place. */
export function spoiled(
  spec: TypeSpec,
  value: any,
  path: string,
  draw: (below: number) => number,
): { readonly value: unknown; readonly path: string } | null {
  const { kind, parts } = spec;
  const bad = {
    value: kind === 'string' || kind === 'category' ? 'half \ud83d of one' : Symbol('bad'),
    path,
  };
  if (value === null || parts === undefined) return bad;
  const inside = (own: TypeSpec, key: string | number, member: unknown, put: (value: unknown) => unknown) => {
    const text = typeof key === 'number' || kind === 'map' ? `[${JSON.stringify(key)}]` : memberPath(key);
    const below = spoiled(own, member, path + text, draw);
    return below && { value: put(below.value), path: below.path };
  };
  const entries: [TypeSpec, string | number, unknown, (value: unknown) => unknown][] = [];
  if ('item' in parts && kind === 'list') {
    for (const [i, each] of value.entries()) entries.push([parts.item, i, each, (bad) => value.with(i, bad)]);
  } else if ('item' in parts) {
    for (const [key, each] of value)
      entries.push([parts.item, key, each, (bad) => new Map(value).set(key, bad)]);
  } else {
    const fields =
      'fields' in parts
        ? parts.fields
        : parts.variants.find((each) => each.name === value[parts.tag])!.fields;
    for (const field of fields)
      entries.push([field, field.name, value[field.name], (bad) => ({ ...value, [field.name]: bad })]);
  }
  const chosen = draw(entries.length + 1);
  return chosen === entries.length ? bad : inside(...entries[chosen]!);
}

const memberPath = (key: string): string =>
  /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
