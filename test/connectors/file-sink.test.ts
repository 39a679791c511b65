import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmdirSync,
  statfsSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { SYSTEM_CLOCK } from '../../engine/base/clock.js';
import type { Sink } from '../../engine/connectors/connector.js';
import { csv } from '../../engine/connectors/csv.js';
import { ndjson } from '../../engine/connectors/ndjson.js';
import { type FieldSpec, t } from '../../engine/records/schema.js';
import { checkSinkContract } from '../../engine/testing/contracts.js';
import {
  duckdb,
  inFolder,
  namesIn,
  openFileCount,
  type Row,
  textOf,
  throwsCode,
  writeRows,
} from './connector-kit.js';

const files = suite('file sinks');

const Mixed = t.record({
  name: t.string,
  n: t.nullable(t.int32),
  big: t.bigint,
  ratio: t.float64,
  at: t.timestamp,
  ok: t.bool,
  kind: t.nullable(t.category),
});
const TEXTS = ['plain', '', 'a,b', 'say "x"', 'two\nlines', 'cr\rhere', ' spaces ', 'grün 🌊', '"', "it's"];
const MIXED: readonly Row[] = TEXTS.map((name, i) => ({
  name,
  n: i % 3 === 0 ? null : i - 5,
  big: BigInt(i) * 900_719_925_474_099_321n,
  ratio: i / 3,
  at: i * 86_399_999 - 200_000_000,
  ok: i % 2 === 0,
  kind: i % 4 === 0 ? null : TEXTS[i - 1]!,
}));

/** What DuckDB finds in a CSV file or folder of ours; null when there is nothing. */
async function readCsv(path: string): Promise<readonly Row[] | null> {
  if (!existsSync(path)) return null;
  const columns = `{name: 'varchar', n: 'integer', big: 'hugeint', ratio: 'double', "at": 'timestamp', ok: 'boolean', kind: 'varchar'}`;
  const glob = statSync(path).isDirectory() ? `${path}/*.csv` : path;
  const rows = await duckdb(
    `select * replace (epoch_ms("at")::double as "at") from read_csv('${glob}', columns = ${columns}, header = true,
       quote = '"', escape = '"', delim = ',', nullstr = '', allow_quoted_nulls = false)`,
  );
  return rows.map((row) => ({ ...row, big: BigInt(row['big'] as string) }));
}

async function readJson(path: string): Promise<readonly Row[] | null> {
  if (!existsSync(path)) return null;
  const names = statSync(path).isDirectory() ? readdirSync(path).map((name) => join(path, name)) : [path];
  const lines = names.flatMap((name) => textOf(name).split('\n').filter(Boolean));
  return lines.map((line) => {
    const row = JSON.parse(line) as Row;
    return { ...row, big: BigInt(row['big'] as string), at: Date.parse(row['at'] as string) };
  });
}

for (const [kind, name, make, read] of [
  ['a CSV file', 'out.csv', csv, readCsv],
  ['a CSV folder', 'out/', csv, readCsv],
  ['an NDJSON file', 'out.ndjson', ndjson, readJson],
  ['an NDJSON folder', 'out/', ndjson, readJson],
] as const)
  files(
    `${kind} keeps the contract of sinks, holds what was written, and leaves nothing beside it`,
    inFolder(async (folder) => {
      const path = join(folder, name);
      const before = openFileCount();
      const options = {
        rows: MIXED,
        fields: Mixed.fields,
        read: () => read(join(folder, name.replace('/', ''))),
      };
      await checkSinkContract<any>(make(name.endsWith('/') ? `${path}/`.replace('//', '/') : path), options);
      await checkSinkContract<any>(make(name.endsWith('/') ? `${path}/`.replace('//', '/') : path), options);
      assert.equal(namesIn(folder), [name.replace('/', '')]);
      assert.is(openFileCount(), before);
    }),
  );

files(
  'a CSV file has one header, the declared columns in order, and a fixed form for each kind',
  inFolder(async (folder) => {
    const path = join(folder, 'x.csv');
    await writeRows(csv(path), [MIXED[3]!, { ...MIXED[1]!, ratio: Number.NaN }], Mixed.fields);
    assert.is(
      textOf(path),
      'name,n,big,ratio,at,ok,kind\n' +
        '"say ""x""",,2702159776422297963,1,1970-01-01T16:26:39.997Z,false,"a,b"\n' +
        '"",-4,900719925474099321,NaN,1969-12-30T16:26:39.999Z,false,plain\n',
    );
  }),
);

files(
  'small numbers are written as numbers, and bytes as base64',
  inFolder(async (folder) => {
    const path = join(folder, 'x');
    const Small = t.record({ a: t.int8, b: t.uint32, c: t.float32, raw: t.bytes, none: t.nullable(t.bytes) });
    const rows = [
      { a: -128, b: 4294967295, c: 0.5, raw: Buffer.from('xsluicex').subarray(1, 7), none: null },
    ];
    await writeRows(csv(path), rows, Small.fields);
    assert.is(textOf(path), 'a,b,c,raw,none\n-128,4294967295,0.5,c2x1aWNl,\n');
    await writeRows(ndjson(path), rows, Small.fields);
    assert.is(textOf(path), '{"a":-128,"b":4294967295,"c":0.5,"raw":"c2x1aWNl","none":null}\n');
  }),
);

files(
  'rows without a declared schema take the columns of the first row',
  inFolder(async (folder) => {
    const path = join(folder, 'x.csv');
    await writeRows(
      csv(path),
      [
        { a: 1, 'b,c': new Date(0) },
        { 'b,c': { x: [1n] }, a: null },
      ],
      null,
    );
    assert.is(textOf(path), 'a,"b,c"\n1,1970-01-01T00:00:00.000Z\n,"{""x"":[""1""]}"\n');
    for (const other of [{ a: 1 }, { a: 1, b: 2 }, { a: 1, 'b,c': 2, d: 3 }]) {
      const rows = [{ a: 1, 'b,c': 1 }, other];
      const error = await throwsCode('OUTPUT_ROW_INVALID', () => writeRows(csv(path), rows, null));
      assert.match(error.message, 'the first row has the columns a, b,c');
    }
    assert.match(textOf(path), '1970-01-01');
    assert.equal(namesIn(folder), ['x.csv']);
  }),
);

files(
  'subtasks that saw different columns do not make one file',
  inFolder(async (folder) => {
    const path = join(folder, 'x.csv');
    const run = { runId: 'r1', parallelism: 2, fields: null };
    const sink = csv(path);
    const committables: unknown[] = [];
    for (const [subtask, row] of [{ a: 1 }, { b: 1 }].entries()) {
      const writer = sink.createWriter({ ...run, subtask, clock: SYSTEM_CLOCK });
      writer.write(row);
      committables.push(await writer.prepareCommit());
      await writer.close();
    }
    await throwsCode('OUTPUT_ROW_INVALID', () => sink.createCommitter(run).commit(committables));
    assert.equal(namesIn(folder), []);
  }),
);

files(
  'a timestamp that no date can hold is an error of the row',
  inFolder(async (folder) => {
    const fields = t.record({ at: t.timestamp }).fields;
    for (const at of [8.64e15 + 1, Number.NaN])
      await throwsCode('OUTPUT_ROW_INVALID', () => writeRows(csv(join(folder, 'x.csv')), [{ at }], fields));
  }),
);

files(
  'an undeclared row that JSON cannot hold is an error of the row',
  inFolder(async (folder) => {
    const row: Row = { n: 1n };
    await writeRows(ndjson(join(folder, 'x')), [row], null);
    assert.is(textOf(join(folder, 'x')), '{"n":"1"}\n');
    row['self'] = row;
    await throwsCode('OUTPUT_ROW_INVALID', () => writeRows(ndjson(join(folder, 'x')), [row], null));
  }),
);

files(
  'a job without rows still makes a file with a header',
  inFolder(async (folder) => {
    await writeRows(csv(join(folder, 'x.csv')), [], Mixed.fields);
    assert.is(textOf(join(folder, 'x.csv')), 'name,n,big,ratio,at,ok,kind\n');
    await writeRows(csv(`${folder}/parts/`), [], Mixed.fields);
    assert.is(textOf(join(folder, 'parts', 'part-00000.csv')), 'name,n,big,ratio,at,ok,kind\n');
    await writeRows(ndjson(join(folder, 'x.ndjson')), [], null);
    assert.is(textOf(join(folder, 'x.ndjson')), '');
  }),
);

files(
  'many rows arrive whole, across buffers and wide characters',
  inFolder(async (folder) => {
    const path = join(folder, 'x.ndjson');
    const rows = Array.from({ length: 20_000 }, (_, i) => ({ i, text: `${'ü🌊'.repeat(i % 7)}${i}` }));
    await writeRows(ndjson(path), rows, t.record({ i: t.int32, text: t.string }).fields);
    assert.is(textOf(path), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  }),
);

const N: readonly FieldSpec[] = t.record({ n: t.int32 }).fields;
const check = (sink: Sink): Promise<void> => sink.check(N);

files(
  'a missing folder is an error, unless the sink may create it',
  inFolder(async (folder) => {
    const path = join(folder, 'a', 'b', 'x.csv');
    const error = await throwsCode('OUTPUT_FOLDER_MISSING', () => check(csv(path)));
    assert.match(error.message, `the folder ${join(folder, 'a', 'b')} of the output`);
    await check(csv(path, { createFolder: true }));
    assert.equal(namesIn(folder), []);
    await writeRows(csv(path, { createFolder: true }), [{ n: 1 }], N);
    assert.is(textOf(path), 'n\n1\n');
    await writeRows(csv(join(folder, 'c', 'x.csv'), { createFolder: true }), [], N);
    assert.is(textOf(join(folder, 'c', 'x.csv')), 'n\n');
  }),
);

files(
  'places that cannot be an output are refused',
  inFolder(async (folder) => {
    writeFileSync(join(folder, 'file'), 'mine');
    mkdirSync(join(folder, 'folder'));
    writeFileSync(join(folder, 'folder', 'mine.txt'), 'mine');
    symlinkSync(join(folder, 'nowhere', 'x'), join(folder, 'dangling'));
    for (const path of ['folder', 'file/x.csv', 'file/', 'folder/'])
      await throwsCode('OUTPUT_UNWRITABLE', () => check(csv(`${folder}/${path}`)));
    for (const path of ['/dev/null', '/proc/x.csv', '/proc/x/'])
      await throwsCode('OUTPUT_UNWRITABLE', () => check(csv(path)));
    await throwsCode('OUTPUT_UNWRITABLE', () => check(csv('/proc/a/b/x.csv', { createFolder: true })));
    await throwsCode('ARGUMENT_INVALID', () => csv(''));
    assert.equal(namesIn(folder), ['dangling', 'file', 'folder']);
    assert.is(textOf(join(folder, 'file')), 'mine');
  }),
);

files(
  'a read-only folder or file is refused',
  inFolder(async (folder) => {
    if (process.getuid?.() === 0) return console.log('  skipped: root may write everywhere');
    writeFileSync(join(folder, 'x.csv'), 'mine');
    chmodSync(join(folder, 'x.csv'), 0o444);
    await throwsCode('OUTPUT_UNWRITABLE', () => check(csv(join(folder, 'x.csv'))));
    mkdirSync(join(folder, 'locked'), { mode: 0o555 });
    await throwsCode('OUTPUT_UNWRITABLE', () => check(csv(join(folder, 'locked', 'x.csv'))));
  }),
);

files(
  'an output through a symbolic link changes what the link names',
  inFolder(async (folder) => {
    writeFileSync(join(folder, 'real.csv'), 'old');
    symlinkSync('real.csv', join(folder, 'link.csv'));
    const sink = csv(join(folder, 'link.csv'));
    assert.is(sink.path, csv(join(folder, 'real.csv')).path);
    await writeRows(sink, [{ n: 1 }], N);
    assert.is(textOf(join(folder, 'real.csv')), 'n\n1\n');
    assert.equal(namesIn(folder), ['link.csv', 'real.csv']);
  }),
);

/** Starts a run in a process that is then killed while its output is staged. */
function killedRun(path: string): void {
  const modulePath = new URL('../../engine/connectors/csv.js', import.meta.url).href;
  const program = `
    const { csv } = await import(${JSON.stringify(modulePath)});
    const run = { runId: 'killed', parallelism: 1, fields: [{ name: 'n', kind: 'int32', nullable: false }] };
    const writer = csv(${JSON.stringify(path)}).createWriter({ ...run, subtask: 0, clock: null });
    for (let n = 0; n < 100; n++) writer.write({ n });
    writer.prepareCommit();
    process.kill(process.pid, 'SIGKILL');`;
  const { signal } = spawnSync(process.execPath, ['--input-type=module', '-e', program]);
  assert.is(signal, 'SIGKILL');
}

files(
  'what a killed run left is invisible, and the next run removes it, but not that of a run that lives',
  inFolder(async (folder) => {
    const path = join(folder, 'x.csv');
    writeFileSync(path, 'old');
    killedRun(path);
    assert.is(namesIn(folder).length, 2);
    assert.is(textOf(path), 'old');
    const living = csv(path).createWriter({
      subtask: 0,
      parallelism: 1,
      runId: 'living',
      fields: N,
      clock: SYSTEM_CLOCK,
    });
    living.write({ n: 1 });
    living.flush();
    const own = namesIn(folder).find((name) => name.endsWith('living'))!;
    const other = own.replace(`-${process.pid}-`, `-${process.ppid}-`);
    mkdirSync(join(folder, other));
    await check(csv(path));
    assert.equal(namesIn(folder), [own, other, 'x.csv'].sort());
    rmdirSync(join(folder, other));
    await living.close();
    await writeRows(csv(path), [{ n: 7 }], N);
    assert.is(textOf(path), 'n\n7\n');
  }),
);

files(
  'an output folder is only replaced when it holds nothing but an output, and comes back if a kill took it away',
  inFolder(async (folder) => {
    const path = `${folder}/parts/`;
    await writeRows(csv(path), [{ n: 1 }], N);
    await writeRows(csv(path), [{ n: 2 }], N);
    assert.equal(namesIn(path), ['part-00000.csv']);
    assert.is(textOf(join(path, 'part-00000.csv')), 'n\n2\n');
    killedRun(path);
    const staging = namesIn(folder).find((name) => name.startsWith('.'))!;
    spawnSync('mv', [join(folder, 'parts'), join(folder, `${staging}-former`)]);
    await check(csv(path));
    assert.equal(namesIn(folder), ['parts']);
    assert.is(textOf(join(path, 'part-00000.csv')), 'n\n2\n');
    writeFileSync(join(path, 'notes.txt'), 'mine');
    assert.match((await throwsCode('OUTPUT_UNWRITABLE', () => check(csv(path)))).message, 'notes.txt');
  }),
);

files(
  'a full disk, while writing or while joining, leaves the former output and nothing else',
  inFolder(async (folder) => {
    const disk = join(folder, 'disk');
    mkdirSync(disk);
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk], { encoding: 'utf8' });
    if (mounted.status !== 0) {
      rmdirSync(disk);
      return console.log(
        `  skipped: a small disk cannot be mounted here (${mounted.stderr ?? mounted.error})`,
      );
    }
    try {
      const path = join(disk, 'x.csv');
      await writeRows(csv(path), [{ n: 1 }], N);
      const rows = Array.from({ length: 300_000 }, (_, n) => ({ n }));
      const error = await throwsCode('OUTPUT_WRITE_FAILED', () => writeRows(csv(path), rows, N));
      assert.match(error.message, 'the disk is full (ENOSPC)');
      await throwsCode('OUTPUT_WRITE_FAILED', () => writeRows(csv(path), rows.slice(0, 100_000), N));
      assert.is(textOf(path), 'n\n1\n');
      assert.equal(namesIn(disk), ['x.csv']);
      const { bfree, blocks } = statfsSync(disk);
      assert.ok(bfree > blocks - 4);
    } finally {
      assert.is(spawnSync('umount', [disk]).status, 0);
    }
  }),
);

files.run();
