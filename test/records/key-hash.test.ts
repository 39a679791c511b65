import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from '../../engine/records/compile.js';
import {
  type HashedField,
  type HashKind,
  hashFragment,
  hashKey,
  KeyHasher,
} from '../../engine/records/key-hash.js';
import type { ScalarKind } from '../../engine/records/schema.js';
import { randomRuns, VALUES } from '../kit/random-rows.js';

const hashes = suite('key hashes');
const RUNS = randomRuns(1000);
const hasher = new KeyHasher();

hashes(
  'the hash of a key is that of its canonical bytes, as an independent implementation makes them',
  () => {
    fc.assert(
      fc.property(keysOf(), ({ fields, values }) => {
        const expected = plainHash(fields, values);
        assert.is(
          hashKey(
            hasher,
            fields.map((field) => field.kind),
            values,
          ),
          expected,
        );
        assert.is(generatedHash(fields, values), expected);
      }),
      RUNS,
    );
  },
);

hashes('values of undeclared rows hash by what they are, whatever shape was learned', () => {
  const value = (each: unknown): number => hashKey(hasher, ['value'], [each]);
  assert.is(value(5), hashKey(hasher, ['int32'], [5]));
  assert.is(value(-0), value(0));
  assert.is(value(5.5), hashKey(hasher, ['float64'], [5.5]));
  assert.is(value(2 ** 31), hashKey(hasher, ['float64'], [2 ** 31]));
  assert.is(value('é'), hashKey(hasher, ['string'], ['é']));
  assert.is(value(7n), hashKey(hasher, ['bigint'], [7n]));
  assert.is(value(true), hashKey(hasher, ['bool'], [true]));
  assert.is(value(null), hashKey(hasher, ['string'], [null]));
  assert.is(value(undefined), value(null));
});

hashes('a value that cannot be a key is refused with a code', () => {
  for (const value of [{}, [1], Symbol('s'), () => 1, 2n ** 63n, new Date(0)]) {
    const code = (error: { code?: string }): boolean => error.code === 'RECORD_KEY_INVALID';
    assert.throws(() => hashKey(hasher, ['value'], [value]), code);
    assert.throws(() => hashKey(hasher, ['int32', 'value'], [1, value]), code);
  }
});

hashes('every NaN has one hash, and zero has one', () => {
  const bits = new BigUint64Array([0xfff8_0000_0000_0001n]);
  const strange = new Float64Array(bits.buffer)[0]!;
  for (const fields of [[floatField(0)], [floatField(0), { ...floatField(1), nullable: true }]]) {
    const of = (value: number): number =>
      generatedHash(
        fields,
        fields.map(() => value),
      );
    assert.is(of(strange), of(NaN));
    assert.is(of(-0), of(0));
  }
});

hashes('a string of any length hashes like its bytes, with ASCII and without', () => {
  for (let length = 0; length < 40; length++) {
    for (const text of [
      'a'.repeat(length),
      `${'a'.repeat(length)}é`,
      `é${'a'.repeat(length)}`,
      '😀'.repeat(length),
    ]) {
      assert.is(hasher.hashString(text), plainMurmur(Buffer.from(text)));
    }
  }
  const long = 'é'.repeat(10_000);
  assert.is(hasher.hashString(long), plainMurmur(Buffer.from(long)));
  assert.is(
    hashKey(hasher, ['string', 'int32'], [long, 5]),
    plainHash([textField(0), { kind: 'int32', nullable: false, value: 'k1' }], [long, 5]),
  );
});

function floatField(i: number): HashedField {
  return { kind: 'float64', nullable: false, value: `k${i}` };
}

function textField(i: number): HashedField {
  return { kind: 'string', nullable: false, value: `k${i}` };
}

function keysOf(): fc.Arbitrary<{ fields: HashedField[]; values: unknown[] }> {
  const kinds = Object.keys(VALUES) as ScalarKind[];
  const undeclared = kinds.filter((kind) => kind !== 'bytes');
  const one = fc
    .tuple(fc.constantFrom<HashKind>(...kinds, 'value'), fc.boolean(), fc.constantFrom(...undeclared))
    .chain(([kind, nullable, behind]) => {
      const values = VALUES[kind === 'value' ? behind : kind];
      return fc.tuple(fc.constant({ kind, nullable }), nullable ? fc.option(values, { nil: null }) : values);
    });
  return fc.array(one, { minLength: 1, maxLength: 4 }).map((key) => ({
    fields: key.map(([field], i) => ({ ...field, value: `k${i}` })),
    values: key.map(([, value]) => value),
  }));
}

function generatedHash(fields: readonly HashedField[], values: readonly unknown[]): number {
  const { statements, expression } = hashFragment(fields, 'x');
  const source = `return (${fields.map((field) => field.value).join(', ')}) => { ${statements} return ${expression}; };`;
  return compile<(...values: readonly unknown[]) => number>('hash', source, ['h'], [hasher])(...values);
}

/** The specification again, in the plainest way. */
function plainHash(fields: readonly HashedField[], values: readonly unknown[]): number {
  const words: readonly HashKind[] = ['int8', 'int16', 'int32', 'uint32'];
  if (values.length === 1 && words.includes(fields[0]!.kind) && values[0] !== null)
    return Number(BigInt.asIntN(32, BigInt(values[0] as number)));
  const isWord = typeof values[0] === 'number' && (values[0] | 0) === values[0];
  if (values.length === 1 && fields[0]!.kind === 'value' && isWord) return (values[0] as number) | 0;
  return plainMurmur(
    Buffer.concat(values.map((value, i) => plainBytes(fields[i]!.kind, value, fields.length > 1))),
  );
}

function plainBytes(kind: HashKind, value: any, isComposite: boolean): Buffer {
  const bytes = Buffer.alloc(8);
  if (value === null) return Buffer.alloc(1);
  if (kind === 'value') {
    const isInt32 = Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 31;
    const kinds = {
      number: isInt32 ? 'int32' : 'float64',
      string: 'string',
      boolean: 'bool',
      bigint: 'bigint',
    };
    return plainBytes(kinds[typeof value as keyof typeof kinds] as ScalarKind, value, isComposite);
  }
  if (kind === 'uint32') {
    bytes.writeUInt32LE(value);
    return bytes.subarray(0, 4);
  }
  if (kind === 'bool' || kind === 'int32' || kind === 'int16' || kind === 'int8') {
    bytes.writeInt32LE(Number(value));
    return bytes.subarray(0, 4);
  }
  if (kind === 'float64' || kind === 'float32') {
    bytes.writeDoubleLE(Object.is(value, -0) ? 0 : value);
    return Number.isNaN(value) ? Buffer.from('000000000000f87f', 'hex') : bytes;
  }
  if (kind === 'string' || kind === 'category' || kind === 'bytes') {
    const text = Buffer.from(value, 'utf8');
    bytes.writeInt32LE(text.length);
    return isComposite ? Buffer.concat([bytes.subarray(0, 4), text]) : text;
  }
  bytes.writeBigInt64LE(BigInt(value));
  return bytes;
}

/** MurmurHash3_x86_32 with arbitrary-precision numbers. */
function plainMurmur(bytes: Uint8Array): number {
  const mask = 0xffff_ffffn;
  const rotate = (x: bigint, by: bigint): bigint => ((x << by) | (x >> (32n - by))) & mask;
  let h = 0n;
  for (let at = 0; at < bytes.length; at += 4) {
    let k = 0n;
    for (let i = Math.min(3, bytes.length - at - 1); i >= 0; i--) k = (k << 8n) | BigInt(bytes[at + i]!);
    k = (rotate((k * 0xcc9e2d51n) & mask, 15n) * 0x1b873593n) & mask;
    h ^= k;
    if (at + 4 <= bytes.length) h = (rotate(h, 13n) * 5n + 0xe6546b64n) & mask;
  }
  h ^= BigInt(bytes.length);
  h = ((h ^ (h >> 16n)) * 0x85ebca6bn) & mask;
  h = ((h ^ (h >> 13n)) * 0xc2b2ae35n) & mask;
  return Number(BigInt.asIntN(32, h ^ (h >> 16n)));
}

hashes.run();
