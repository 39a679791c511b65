import { copyFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { SYSTEM_CLOCK } from '../../engine/base/clock.js';
import { parquet } from '../../engine/connectors/parquet.js';
import { ColumnCursor, ColumnScratch } from '../../engine/connectors/parquet-column.js';
import type { PageReader } from '../../engine/connectors/parquet-file.js';
import { HybridDecoder } from '../../engine/connectors/rle-hybrid.js';
import { t } from '../../engine/records/schema.js';
import { checkSourceContract } from '../../engine/testing/contracts.js';
import { duckdb, inFolder, openFileCount, readRows, throwsCode } from './connector-kit.js';

const files = suite('parquet');

const FLIGHTS = join(
  dirname(createRequire(import.meta.url).resolve('vega-datasets')),
  '../data/flights-3m.parquet',
);

/** Values that are easy to get wrong, by column: DuckDB's expression of the row number i, and our field type. */
const MIXED = t.record({
  small: t.int32,
  narrowed: t.int32,
  tiny: t.int8,
  short: t.int16,
  past: t.uint32,
  wide: t.int64,
  huge: t.bigint,
  unsigned: t.int64,
  ratio: t.float64,
  real: t.float32,
  raw: t.bytes,
  at: t.timestamp,
  day: t.timestamp,
  flag: t.bool,
  few: t.category,
  many: t.string,
  maybe: t.nullable(t.int32),
  word: t.nullable(t.string),
});

const MIXED_SQL = `
  select i::integer - 50 as small, (i * 7 - 1000)::bigint as narrowed, (i % 256 - 128)::tinyint as tiny,
    (i * 60 - 30000)::smallint as short, (i * 4294967)::uinteger as past, (i - 500) * 18014398509481 as wide,
    9223372036854775807 - i as huge, (4294967295 - i)::uinteger as unsigned, i / 7.0::double as ratio,
    (i / 7.0)::real as real, ('r' || (i % 9))::blob as raw,
    make_timestamp((i - 500) * 86399999001) as at, date '1969-12-01' + i::integer as day, i % 3 = 0 as flag,
    ['red', 'grün', '', 'blue'][1 + i % 4] as few, 'number ' || (i * 31) as many,
    case when i % 5 = 0 then null else i::integer end as maybe,
    case when i % 2 = 0 then null else 'w' || (i % 10) end as word
  from range(1000) r(i)`;

/** The same rows, told by DuckDB in the form in which our source tells them. */
async function mixedRows(path: string) {
  const rows = await duckdb(`select * replace (epoch_us("at") as "at", epoch_ms(day) as day) from '${path}'`);
  return rows.map((row) => ({
    ...row,
    narrowed: Number(row['narrowed']),
    wide: Number(row['wide']),
    huge: BigInt(row['huge'] as string),
    real: Math.fround(Number(row['real'])),
    raw: Uint8Array.from(Buffer.from(row['raw'] as string)),
    at: Math.floor(Number(row['at']) / 1000),
    day: Number(row['day']),
  }));
}

const CODECS = ['uncompressed', 'snappy', 'gzip', 'zstd', 'brotli', 'lz4_raw'];

for (const codec of CODECS)
  for (const version of ['v1', 'v2'])
    files(
      `reads what DuckDB reads, ${codec} and ${version}`,
      inFolder(async (folder) => {
        const path = join(folder, 'mixed.parquet');
        const form = `format parquet, codec '${codec}', parquet_version '${version}', row_group_size 300`;
        await duckdb(`copy (${MIXED_SQL}) to '${path}' (${form})`);
        const rows = await readRows(parquet(path, MIXED));
        assert.equal(rows, await mixedRows(path));
      }),
    );

files(
  'keeps the contract of sources and leaves no file open',
  inFolder(async (folder) => {
    const path = join(folder, 'mixed.parquet');
    await duckdb(`copy (${MIXED_SQL}) to '${path}' (format parquet, row_group_size 300)`);
    const expected = (await mixedRows(path)) as never[];
    await checkSourceContract(parquet(path, MIXED), expected, { ordered: true });
    const before = openFileCount();
    await checkSourceContract(parquet(path, MIXED), expected, { ordered: true });
    assert.is(openFileCount(), before);
  }),
);

files(
  'reads a file without rows',
  inFolder(async (folder) => {
    const path = join(folder, 'none.parquet');
    await duckdb(`copy (select 1::integer as a where false) to '${path}' (format parquet)`);
    assert.equal(await readRows(parquet(path, t.record({ a: t.int32 }))), []);
  }),
);

files('reads three million flights as DuckDB does, in row groups, with one string per airport', async () => {
  const Flight = t.record({ date: t.timestamp, delay: t.int32, origin: t.category });
  const source = parquet(FLIGHTS, Flight);
  const { splits, recordsTotal } = await source.discover({ parallelism: 2 });
  assert.is(splits.length, 11);
  assert.is(recordsTotal, 3_000_000);
  const reader = source.createReader({
    subtask: 0,
    parallelism: 1,
    fields: source.schema!.fields,
    clock: SYSTEM_CLOCK,
  });
  let dates = 0;
  let delays = 0;
  const origins = new Map<string, number>();
  for (const split of splits) {
    await reader.open(split);
    for (let batch = await reader.poll(100); batch !== null; batch = await reader.poll(100)) {
      if (batch.kind !== 'columns') throw new Error(batch.kind);
      const [date, delay, origin] = batch.columns as [Float64Array, Int32Array, string[]];
      for (let i = 0; i < batch.length; i++) {
        dates += date[i]! / 60_000;
        delays += delay[i]!;
        origins.set(origin[i]!, (origins.get(origin[i]!) ?? 0) + 1);
      }
    }
  }
  await reader.close();
  const [sums] = await duckdb(
    `select (sum(epoch_ms(date) // 60000))::double as dates, sum(delay)::double as delays from '${FLIGHTS}'`,
  );
  assert.equal({ dates, delays }, sums);
  const counts = await duckdb(`select origin, count(*)::integer as n from '${FLIGHTS}' group by origin`);
  assert.equal(
    new Map([...origins].sort()),
    new Map(counts.map((row) => [row['origin'], row['n']] as never).sort()),
  );
});

files('refuses to read without a schema', async () => {
  const read = async (): Promise<void> => void (parquet as any)(FLIGHTS);
  assert.match(
    (await throwsCode('ARGUMENT_INVALID', read)).message,
    't.record({ … }) stands behind the path',
  );
});

files('refuses a path where nothing is, and a folder', async () => {
  const missing = await throwsCode('INPUT_MISSING', () =>
    parquet('/nowhere/x.parquet', MIXED).discover({ parallelism: 1 }),
  );
  assert.match(missing.message, '/nowhere/x.parquet: there is no such file');
  await throwsCode('INPUT_MISSING', () => parquet('/tmp', MIXED).discover({ parallelism: 1 }));
});

files(
  'refuses files that are not Parquet, empty or cut off',
  inFolder(async (folder) => {
    const path = join(folder, 'x.parquet');
    const discover = () => parquet(path, t.record({ delay: t.int32 })).discover({ parallelism: 1 });
    for (const text of [
      '',
      'PAR1',
      'a,b\n1,2\n3,4\n5,6\n',
      'PAR1aaaaaaaaaaaaPAR1',
      'PAR1\0\0\0\0\0\0\0\0\0\0PAR1',
    ]) {
      writeFileSync(path, text);
      const error = await throwsCode('INPUT_INVALID', discover);
      assert.match(error.message, 'is not a readable Parquet file');
    }
    copyFileSync(FLIGHTS, path);
    truncateSync(path, 5_000_000);
    assert.match((await throwsCode('INPUT_INVALID', discover)).message, 'cut off');
  }),
);

files(
  'refuses damaged pages with the place, and never reads them as other values',
  inFolder(async (folder) => {
    const path = join(folder, 'x.parquet');
    await duckdb(`copy (${MIXED_SQL}) to '${path}' (format parquet, codec 'gzip', row_group_size 300)`);
    const whole = readFileSync(path);
    const damagedAt = [4, 30, 60, 500];
    for (const at of damagedAt) {
      const bytes = Buffer.from(whole);
      bytes.fill(0x5a, at, at + 40);
      writeFileSync(path, bytes);
      const error = await throwsCode('INPUT_INVALID', () => readRows(parquet(path, MIXED)));
      assert.match(error.message, 'group-0');
    }
  }),
);

files('names every field that does not match, with declared kind and type in the file', async () => {
  const Wrong = t.record({ date: t.int64, delay: t.string, orgin: t.category, destination: t.category });
  const error = await throwsCode('INPUT_SCHEMA_MISMATCH', () =>
    parquet(FLIGHTS, Wrong).discover({ parallelism: 1 }),
  );
  assert.is(error.errors.length, 3);
  assert.match(error.message, 'field date is declared int64, but its column is INT64 TIMESTAMP(MICROS)');
  assert.match(error.message, 'field delay is declared string, but its column is INT64');
  assert.match(
    error.message,
    'no column for field orgin, declared category; its columns are date, delay, distance',
  );
  assert.is(error.errors[0]!.detail['field'], 'date');
});

files(
  'refuses nested columns',
  inFolder(async (folder) => {
    const path = join(folder, 'x.parquet');
    await duckdb(`copy (select [1, 2] as list, {'a': 1} as pair, 5 as n) to '${path}' (format parquet)`);
    assert.equal(await readRows(parquet(path, t.record({ n: t.int32 }))), [{ n: 5 }]);
    const Wrong = t.record({ list: t.int32, pair: t.string });
    const error = await throwsCode('INPUT_SCHEMA_MISMATCH', () =>
      parquet(path, Wrong).discover({ parallelism: 1 }),
    );
    assert.is(error.errors.length, 2);
  }),
);

files(
  'refuses a null or a value out of range with its row, whatever the encoding',
  inFolder(async (folder) => {
    const path = join(folder, 'x.parquet');
    const N = t.record({ n: t.int32 });
    for (const form of [
      `codec 'zstd'`,
      `codec 'uncompressed', dictionary_size_limit 1`,
      `parquet_version 'v2'`,
    ]) {
      const write = (value: string) =>
        duckdb(
          `copy (select case when i = 5432 then ${value} else (i % 9)::bigint end as n from range(9000) r(i))
           to '${path}' (format parquet, row_group_size 2048, ${form})`,
        );
      await write('2147483648');
      const large = await throwsCode('INPUT_VALUE_INVALID', () => readRows(parquet(path, N)));
      assert.match(large.message, 'field n is declared int32, but row 5433 holds 2147483648');
      assert.is((await readRows(parquet(path, t.record({ n: t.int64 })))).length, 9000);
      await write('null');
      const none = await throwsCode('INPUT_VALUE_INVALID', () => readRows(parquet(path, N)));
      assert.match(none.message, 'row 5433 holds null');
      const rows = await readRows(parquet(path, t.record({ n: t.nullable(t.int32) })));
      assert.is(rows[5432]!['n'], null);
      assert.is(rows[5433]!['n'], 5433 % 9);
      await write('9007199254740992');
      await throwsCode('INPUT_VALUE_INVALID', () => readRows(parquet(path, t.record({ n: t.int64 }))));
      await throwsCode('INPUT_VALUE_INVALID', () => readRows(parquet(path, t.record({ n: t.float64 }))));
      assert.is(
        (await readRows(parquet(path, t.record({ n: t.bigint }))))[5432]!['n'],
        9_007_199_254_740_992n,
      );
    }
  }),
);

files(
  'a narrower field holds the ends of its range',
  inFolder(async (folder) => {
    const path = join(folder, 'x.parquet');
    const ends = [-(2 ** 31), -(2 ** 30) - 1, -1, 0, 2 ** 30, 2 ** 31 - 1];
    for (const version of ['v1', 'v2']) {
      const rows = `(values ${ends.map((n) => `(${n}::bigint)`).join(',')}) v(n)`;
      await duckdb(
        `copy (select n from ${rows}) to '${path}' (format parquet, parquet_version '${version}')`,
      );
      const actual = await readRows(parquet(path, t.record({ n: t.int32 })));
      assert.equal(
        actual.map(({ n }) => n),
        ends,
      );
    }
  }),
);

files('an index beyond the dictionary is an error, never a value', () => {
  const indices = new HybridDecoder();
  indices.reset(Uint8Array.of(4 << 1, 2), 0, 2, 8);
  const pages = {
    dictionary: Int32Array.of(10, 20),
    next: () => ({ rowCount: 4, nulls: null, indices, raw: null }),
  } as unknown as PageReader;
  const field = { name: 'n', kind: 'int32', nullable: false } as const;
  const convert = (raw: unknown) => ({ values: raw as Int32Array, misfits: null });
  const cursor = new ColumnCursor(
    field,
    { path: 'x', firstRow: 0 },
    pages,
    convert,
    new ColumnScratch(8, false),
  );
  assert.throws(() => cursor.take(4), 'refers to entry 2 of a dictionary that has 2');
});

files(
  'a value that does not fit is found behind nulls',
  inFolder(async (folder) => {
    const path = join(folder, 'x.parquet');
    await duckdb(
      `copy (select case when i % 2 = 0 then null when i = 77 then 1::bigint << 40 else i end as n from range(100) r(i))
       to '${path}' (format parquet)`,
    );
    const source = parquet(path, t.record({ n: t.nullable(t.int32) }));
    const error = await throwsCode('INPUT_VALUE_INVALID', () => readRows(source));
    assert.match(error.message, 'declared int32 or null, but row 78 holds 1099511627776');
  }),
);

files(
  'rounds timestamps down to milliseconds, exactly, over all years',
  inFolder(async (folder) => {
    const path = join(folder, 'x.parquet');
    await duckdb(
      `copy (select make_timestamp(us) as micros, make_timestamp_ns(us) as nanos
             from (values (-1), (999), (-1001), (253402300799999999), (-9000000000000000001), (9000000000000000999)) v(us))
       to '${path}' (format parquet)`,
    );
    const rows = await readRows(parquet(path, t.record({ micros: t.timestamp, nanos: t.timestamp })));
    const given = [-1n, 999n, -1001n, 253402300799999999n, -9000000000000000001n, 9000000000000000999n];
    const floor = (value: bigint, by: bigint) => Number((value - (((value % by) + by) % by)) / by);
    assert.equal(
      rows,
      given.map((us) => ({ micros: floor(us, 1_000n), nanos: floor(us, 1_000_000n) })),
    );
  }),
);

files.run();
