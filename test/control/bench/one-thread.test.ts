import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { collection } from '../../../engine/connectors/collection.js';
import type { Source } from '../../../engine/connectors/connector.js';
import { generate } from '../../../engine/connectors/generate.js';
import { COMPARED_RECORDS_MAX, OneThread, recordsOf } from '../../../engine/control/bench/one-thread.js';
import { loadJob } from '../../../engine/control/job-file/job-loader.js';
import { t } from '../../../engine/records/schema.js';
import { failureOf, jobPath } from '../../kit/run-kit.js';

const threads = suite('one thread');
const folder = mkdtempSync(join(tmpdir(), 'sluice-test-one-thread-'));
threads.after(() => rmSync(folder, { recursive: true }));

const asked = { params: { count: '1000' }, layers: [] };

function moduleOf(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

threads('a function gets all records of the source, each call anew, and is told by its rate', async () => {
  const seen = `globalThis.seenByOneThread ??= [];`;
  const path = moduleOf(
    'sums.ts',
    `${seen} export default async (records: Iterable<{ n: number; bucket: number }>) => {
       let sum = 0;
       for (const { n, bucket } of records) sum += n * 100 + bucket;
       await null;
       (globalThis as any).seenByOneThread.push(sum);
     };`,
  );
  const thread = await OneThread.open(path, await loadJob(jobPath('benched')), asked);
  assert.equal([thread.records.count, thread.records.areInMemory], [1_000, false]);
  assert.ok((await thread.turn(1)) > 0);
  assert.ok((await thread.turn(1)) > 0);
  const calls = (globalThis as any).seenByOneThread as number[];
  let expected = 0;
  for (let n = 0; n < 1_000; n++) expected += n * 100 + (n % 100);
  assert.ok(calls.length >= 3, 'once to warm up, then in every turn');
  assert.ok(calls.every((sum) => sum === expected));
});

const REFUSED: readonly (readonly [name: string, text: string, code: string, told: RegExp])[] = [
  ['none.ts', 'export const a = 1;', 'BENCH_AGAINST_INVALID', /no default export that is a function/],
  ['text.ts', "export default 'a';", 'BENCH_AGAINST_INVALID', /no default export that is a function/],
  ['lazy.ts', 'export default () => 1;', 'BENCH_AGAINST_INVALID', /read 0 of 1000 records/],
  [
    'early.ts',
    'export default (all) => { for (const { n } of all) if (n === 6) return; };',
    'BENCH_AGAINST_INVALID',
    /read 7 of 1000 records/,
  ],
  [
    'throws.ts',
    "export default (all) => { for (const { n } of all) if (n === 2) throw new RangeError('no 2'); };",
    'USER_FUNCTION_FAILED',
    /throws\.ts, at record 3: RangeError: no 2/,
  ],
  ['broken.ts', 'export default (', 'JOB_MODULE_SYNTAX', /broken/],
];

for (const [name, text, code, told] of REFUSED) {
  threads(`${name} is refused`, async () => {
    const job = await loadJob(jobPath('benched'));
    const path = moduleOf(name, text);
    const error = await failureOf(OneThread.open(path, job, asked).then((thread) => thread.turn(1)));
    assert.is(error.code, code);
    assert.match(error.message, told);
  });
}

threads('a job of several sources has no records to compare', async () => {
  const path = moduleOf('two.ts', 'export default () => {};');
  const job = await loadJob(jobPath('benched'));
  const two = { ...job, job: { ...job.job, build: twoSources as never } };
  const error = await failureOf(OneThread.open(path, two, asked));
  assert.match(error.message, /has 2 sources/);
});

function twoSources(flow: any): void {
  for (const uid of ['a', 'b'])
    flow
      .from(generate({ make: (n) => ({ n }), count: 3 }))
      .uid(uid)
      .print();
}

threads('records are those of the source: rows as they are, columns by name, at most a million', async () => {
  const Row = t.record({ n: t.int32, text: t.nullable(t.string) });
  const rows = Array.from({ length: 700 }, (_, n) => ({ n, text: n % 3 === 0 ? null : `t${n}` }));
  assert.equal((await recordsOf(collection(rows, Row))).all(), rows);
  const half = rows.length / 2;
  const columns: Source<any> = {
    ...{ urn: 'test:columns', label: 'columns', options: null, schema: Row, bounded: true },
    ...{ batchKind: 'columns', paths: [] },
    discover: async () => ({ splits: [0, half].map((begin) => ({ id: `${begin}`, state: begin })) }),
    createReader: () => {
      let left: readonly (typeof rows)[number][] = [];
      return {
        open: ({ state }) => {
          left = rows.slice(state as number, (state as number) + half);
        },
        poll: async () => {
          if (left.length === 0) return null;
          const some = left.slice(0, 64);
          left = left.slice(64);
          return {
            kind: 'columns',
            length: some.length,
            columns: [some.map(({ n }) => n), some.map(({ text }) => text)],
          };
        },
        close: () => {},
      };
    },
  };
  assert.equal((await recordsOf(columns)).all(), rows);
  const endless = await recordsOf(generate({ make: (n) => ({ n }) }));
  const [first, second] = endless.all();
  assert.equal([endless.count, endless.areInMemory], [COMPARED_RECORDS_MAX, false]);
  assert.equal([first, second], [{ n: 0 }, { n: 1 }]);
});

threads(
  'a reader that has nothing yet is asked again later, and the event loop turns meanwhile',
  async () => {
    const row = { n: 1 };
    let asked = 0;
    let left = 1;
    let hasTurned = false;
    const waiting: Source<any> = {
      ...{ urn: 'test:waiting', label: 'waiting', options: null, schema: null, bounded: true },
      ...{ batchKind: 'rows', paths: [] },
      discover: async () => ({ splits: [{ id: '0', state: null }] }),
      createReader: () => ({
        open: () => {
          setTimeout(() => {
            hasTurned = true;
          }, 1);
        },
        poll: () => {
          if (hasTurned) return left-- > 0 ? { kind: 'rows', length: 1, rows: [row] } : null;
          if (++asked > 10_000) throw new Error('asked again and again');
          return { kind: 'wait', untilMs: asked % 2 === 0 ? 0 : Number.POSITIVE_INFINITY };
        },
        close: () => {},
      }),
    };
    assert.equal([...(await recordsOf(waiting)).all()], [row]);
  },
);

threads.run();
