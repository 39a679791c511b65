import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { collection } from '../../engine/connectors/collection.js';
import { t } from '../../engine/records/schema.js';
import { checkSourceContract } from '../../engine/testing/contracts.js';
import { throwsCode } from './connector-kit.js';

const collections = suite('collection');

collections('keeps the contract of sources, in order, with any number of rows', async () => {
  for (const count of [0, 1, 5, 6, 100]) {
    const rows = Array.from({ length: count }, (_, i) => ({ i, big: BigInt(i) }));
    await checkSourceContract(collection(rows), rows, { ordered: true });
    const schema = t.record({ i: t.int32, big: t.bigint });
    await checkSourceContract(collection(rows, schema), rows, { ordered: true });
  }
});

collections('refuses rows that do not fit their schema, with row, field and value', async () => {
  const S = t.record({ n: t.nullable(t.int32), at: t.timestamp });
  const fault = async (row: unknown): Promise<string> => {
    const source = collection<any>([{ n: null, at: 0 }, row as object], S);
    return (await throwsCode('INPUT_VALUE_INVALID', () => source.discover({ parallelism: 1 }))).message;
  };
  assert.match(await fault({ n: 1.5, at: 0 }), 'row 2 has n of 1.5, which is not a whole number from');
  assert.match(await fault({ n: 1n, at: 0 }), 'row 2 has n of 1n, which');
  assert.match(await fault({ n: 2 ** 31, at: 0 }), 'row 2 has n of 2147483648');
  assert.match(await fault({ n: 'x'.repeat(99), at: 0 }), '…, which');
  assert.match(await fault({ n: 1 }), 'row 2 has at missing, which is not declared nullable');
  assert.match(await fault({ n: 1, at: null }), 'row 2 has at null');
  assert.match(
    await fault({ n: 1, at: new Date(0) }),
    /has at of .*, which is not a safe integer, milliseconds since/,
  );
  assert.match(await fault(null), 'row 2 is not an object');
  await throwsCode('ARGUMENT_INVALID', () => collection('rows' as never));
});

/** They pass for a Uint8Array, but have no bytes; the last has more than a row may hold. */
const UNREADABLE = (() => {
  const transferred = new Uint8Array(8);
  structuredClone(transferred.buffer, { transfer: [transferred.buffer] });
  const fake = Object.create(Uint8Array.prototype);
  return [transferred, fake, new Proxy(new Uint8Array(2), {}), new Uint8Array(2 ** 28 + 1)];
})();

collections('each kind accepts the ends of its range and refuses what is beyond', async () => {
  // biome-ignore format: a table
  const ends = [
    [t.int32,     [-(2 ** 31), 2 ** 31 - 1],                    [2 ** 31, Number.NaN, 1n, Object.create(null)]],
    [t.int8,      [-128, 127],                                  [-129, 128, 0.5, '1']],
    [t.int16,     [-(2 ** 15), 2 ** 15 - 1],                    [2 ** 15, -(2 ** 15) - 1, NaN]],
    [t.uint32,    [0, 2 ** 32 - 1],                             [-1, 2 ** 32, 1.5]],
    [t.float32,   [0.1, NaN],                                   ['1', 1n]],
    [t.bytes,     [new Uint8Array(1), Buffer.from('a')],        [[1], 'a', new ArrayBuffer(1), ...UNREADABLE]],
    [t.int64,     [-(2 ** 53) + 1, 2 ** 53 - 1],                [2 ** 53, 0.5]],
    [t.bigint,    [-(2n ** 63n), 2n ** 63n - 1n],               [2n ** 63n, 1]],
    [t.float64,   [Number.NaN, Number.POSITIVE_INFINITY, -0],   ['1', 1n]],
    [t.bool,      [true, false],                                [0, 'true']],
    [t.category,  [''],                                         [5, '\ud83d']],
    [t.string,    ['😀'],                                       ['a\ude00b', new String('a')]],
  ] as const;
  for (const [type, good, bad] of ends) {
    const discover = (v: unknown) =>
      collection<any>([{ v }], t.record({ v: type })).discover({ parallelism: 1 });
    for (const value of good) await discover(value);
    for (const value of bad) await throwsCode('INPUT_VALUE_INVALID', () => discover(value));
  }
});

collections.run();
