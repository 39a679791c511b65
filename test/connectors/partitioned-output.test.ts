import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { csv } from '../../engine/connectors/csv.js';
import { ndjson } from '../../engine/connectors/ndjson.js';
import { t } from '../../engine/records/schema.js';
import { checkSinkContract } from '../../engine/testing/contracts.js';
import { duckdb, inFolder, namesIn, type Row, textOf, throwsCode, writeRows } from './connector-kit.js';

const partitioned = suite('partitioned output');
const Sale = t.record({ day: t.nullable(t.string), shop: t.int32, cents: t.int32 });
const SALES: readonly Row[] = Array.from({ length: 40 }, (_, i) => ({
  day: i % 5 === 0 ? null : `2015-07-${10 + (i % 3)}`,
  shop: i % 4,
  cents: i,
}));
const BY_DAY_AND_SHOP = { partitionBy: ['day', 'shop'] };

const filesIn = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();

const rowsIn = (folder: string): readonly Row[] =>
  filesIn(folder).flatMap((file) =>
    textOf(file)
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Row),
  );

partitioned(
  'a partitioned folder keeps the contract of sinks',
  inFolder(async (folder) => {
    const path = join(folder, 'out');
    const read = () => (existsSync(path) ? rowsIn(path) : null);
    const options = { rows: SALES, fields: Sale.fields, read };
    for (let again = 0; again < 2; again++)
      await checkSinkContract<any>(ndjson(`${path}/`, BY_DAY_AND_SHOP), options);
    assert.equal(namesIn(folder), ['out']);
  }),
);

partitioned(
  'DuckDB finds each row in the folder of its values',
  inFolder(async (folder) => {
    const path = join(folder, 'out');
    await writeRows(csv(`${path}/`, { partitionBy: ['shop', 'day'] }), SALES, Sale.fields);
    const found = await duckdb(`
      SELECT regexp_extract(filename, 'day=([^/]*)', 1) AS named, day, regexp_extract(filename, 'shop=([^/]*)', 1) AS number,
             shop, cents FROM read_csv('${path}/*/*/*.csv', hive_partitioning = false, filename = true, nullstr = '') ORDER BY cents`);
    assert.is(found.length, SALES.length);
    for (const [i, row] of found.entries()) {
      assert.is(Number(row['cents']), i);
      assert.is(row['named'], row['day'] ?? '__HIVE_DEFAULT_PARTITION__');
      assert.is(row['number'], String(row['shop']));
    }
  }),
);

partitioned(
  'no value leaves its folder or is taken for another',
  inFolder(async (folder) => {
    const name = fc.oneof(
      fc.string(),
      fc.constantFrom('..', '../..', '/', 'a/b', '=', '%2F', '\u0000', 'grün'),
    );
    const property = fc.asyncProperty(fc.uniqueArray(name, { maxLength: 6 }), async (names) => {
      const path = join(folder, 'out');
      const rows = names.map((each, n) => ({ name: each, n }));
      const Named = t.record({ name: t.string, n: t.int32 });
      await writeRows(ndjson(`${path}/`, { partitionBy: ['name'] }), rows, Named.fields);
      assert.equal(namesIn(folder), ['out']);
      const files = filesIn(path);
      assert.is(files.length, Math.max(1, names.length));
      assert.ok(
        files.every((file) => file.slice(path.length + 1).split('/').length === (names.length > 0 ? 2 : 1)),
      );
      assert.equal(
        rowsIn(path)
          .map(({ n }) => n as number)
          .sort((a, b) => a - b),
        rows.map(({ n }) => n),
      );
    });
    await fc.assert(property, { numRuns: 30 });
  }),
);

partitioned(
  'many rows in many partitions arrive whole, in their order, with one header each',
  inFolder(async (folder) => {
    const path = join(folder, 'out');
    const Wide = t.record({ shop: t.int32, n: t.int32, text: t.string });
    const rows = Array.from({ length: 30_000 }, (_, n) => ({ shop: n % 70, n, text: 'x'.repeat(200) }));
    await writeRows(csv(`${path}/`, { partitionBy: ['shop'] }), rows, Wide.fields);
    assert.is(filesIn(path).length, 70);
    for (const shop of [0, 69]) {
      const [header, ...lines] = textOf(join(path, `shop=${shop}`, 'part-00000.csv'))
        .trimEnd()
        .split('\n');
      assert.is(header, 'shop,n,text');
      const own = rows.filter((row) => row.shop === shop).map(({ n }) => String(n));
      assert.equal(
        lines.map((line) => line.split(',')[1]),
        own,
      );
    }
  }),
);

partitioned(
  'an output is replaced whole, and what is not of an output is not',
  inFolder(async (folder) => {
    const path = join(folder, 'out');
    const sink = ndjson(`${path}/`, BY_DAY_AND_SHOP);
    await writeRows(sink, SALES, Sale.fields);
    await writeRows(sink, SALES.slice(1, 2), Sale.fields);
    assert.equal(rowsIn(path), [SALES[1]]);
    const mine = join(path, 'day=2015-07-11', 'notes.txt');
    writeFileSync(mine, 'mine');
    const { message } = await throwsCode('OUTPUT_UNWRITABLE', () => sink.check(Sale.fields));
    assert.match(message, join('day=2015-07-11', 'notes.txt'));
    const other = join(folder, 'other');
    mkdirSync(join(other, 'day=1', 'mine'), { recursive: true });
    await throwsCode('OUTPUT_UNWRITABLE', () => ndjson(`${other}/`).check(Sale.fields));
  }),
);

partitioned('what cannot partition an output is refused', async () => {
  await throwsCode('ARGUMENT_INVALID', () => csv('out.csv', { partitionBy: ['day'] }));
  for (const partitionBy of [[], ['day', 'day'], [''], 'day', [7]] as never[])
    await throwsCode('ARGUMENT_INVALID', () => csv('out/', { partitionBy }));
  const missing = csv('out/', { partitionBy: ['dya'] });
  const { message } = await throwsCode('ARGUMENT_INVALID', () => missing.check(Sale.fields));
  assert.match(message, 'there are day, shop, cents');
  const At = t.record({ at: t.timestamp });
  await throwsCode('ARGUMENT_INVALID', () => csv('out/', { partitionBy: ['at'] }).check(At.fields));
});

partitioned(
  'an undeclared row without a name for its folder is an error of the row',
  inFolder(async (folder) => {
    const sink = ndjson(`${join(folder, 'out')}/`, { partitionBy: ['day'] });
    await writeRows(sink, [{ day: 'x', n: 1 }, { n: 2 }], null);
    assert.is(filesIn(folder).length, 2);
    await throwsCode('OUTPUT_ROW_INVALID', () => writeRows(sink, [{ day: new Date(0) }], null));
  }),
);

partitioned.run();
