import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ManualClock } from '../../engine/base/clock.js';
import { collect } from '../../engine/connectors/collect.js';
import type { SinkWriter } from '../../engine/connectors/connector.js';
import { discard } from '../../engine/connectors/discard.js';
import { checkSinkContract } from '../../engine/testing/contracts.js';
import { throwsCode, writeRows } from './connector-kit.js';

const sinks = suite('sinks without files');

const ROWS = Array.from({ length: 50 }, (_, i) => ({ i, big: BigInt(i) }));

sinks('collect keeps the contract of sinks and shows the rows of the last run', async () => {
  const sink = collect<(typeof ROWS)[0]>();
  await checkSinkContract(sink, { rows: ROWS, fields: null, read: () => sink.rows });
  await writeRows(sink, ROWS.slice(0, 3), null);
  assert.equal(sink.rows, ROWS.slice(0, 3));
});

sinks('collect refuses more rows than its maximum, in one subtask or in all together', async () => {
  const sink = collect({ rowsMax: 10 });
  await writeRows(sink, ROWS.slice(0, 10), null);
  await throwsCode('OUTPUT_ROWS_EXCEEDED', () => writeRows(sink, ROWS.slice(0, 11), null));
  const committer = sink.createCommitter({ runId: 'r', parallelism: 2, fields: null });
  await throwsCode('OUTPUT_ROWS_EXCEEDED', () => committer.commit([ROWS.slice(0, 6), ROWS.slice(0, 5)]));
  assert.is(sink.rows.length, 10);
  await throwsCode('ARGUMENT_INVALID', () => collect({ rowsMax: 0 }));
});

sinks('discard counts the rows of all subtasks', async () => {
  const sink = discard();
  await sink.createCommitter({ runId: 'r', parallelism: 2, fields: null }).commit([3, 4]);
  assert.is(sink.rowCount, 7);
  await writeRows(sink, ROWS, null);
  assert.is(sink.rowCount, ROWS.length);
  await throwsCode('ARGUMENT_INVALID', () => discard({ ratePerSecond: 0 }));
});

sinks('discard with a rate is met by all subtasks together, without a burst after a pause', () => {
  const clock = new ManualClock(5_000);
  const context = { parallelism: 4, runId: 'r', fields: null, clock };
  const sink = discard({ ratePerSecond: 1_000 });
  const writers = [0, 1, 2, 3].map((subtask) => sink.createWriter({ ...context, subtask }));
  const take = (writer: SinkWriter): number => {
    let count = 0;
    while (writer.notBeforeMs! <= clock.monotonicMs()) {
      writer.write({});
      count++;
    }
    return count;
  };
  let rows = 0;
  for (let ms = 0; ms < 2_000; ms++) {
    for (const writer of writers) rows += take(writer);
    clock.advance(1);
  }
  assert.ok(Math.abs(rows - 2_000) <= 4, `${rows} rows`);
  clock.advance(60_000);
  const burst = take(writers[0]!);
  assert.ok(burst <= 27, `${burst} rows at once`);
});

/** A process that prints through the sink into a pipe; its standard output is made non-blocking first. */
function printing(count: number): ReturnType<typeof spawn> {
  const url = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
  const program = `
    const { print } = await import(${url('../../engine/connectors/print.js')});
    const { SYSTEM_CLOCK } = await import(${url('../../engine/base/clock.js')});
    process.stdout._handle.setBlocking?.(false);
    const fields = [{ name: 'i', kind: 'int32', nullable: false }, { name: 'at', kind: 'timestamp', nullable: false }];
    const writer = print().createWriter({ subtask: 0, parallelism: 1, runId: 'r', fields, clock: SYSTEM_CLOCK });
    let refused = 0;
    try {
      for (let i = 0; i < ${count}; i++) {
        while (writer.notBeforeMs > SYSTEM_CLOCK.monotonicMs()) {
          refused++;
          await new Promise((done) => setTimeout(done, 1));
        }
        writer.write({ i, at: i });
      }
      await writer.prepareCommit();
      console.error(refused > 0 ? 'waited' : 'never waited');
    } catch (error) {
      console.error(error.code, error.detail.code);
    }
    writer.close();`;
  return spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  for await (const chunk of stream.setEncoding('utf8')) text += chunk;
  return text;
}

sinks('print writes every row as a line of JSON, however slowly the pipe is read', async () => {
  const child = printing(50_000);
  const errors = textOf(child.stderr!);
  await once(child.stdout!, 'readable'); // it has begun; what the pipe cannot hold has to wait now
  await new Promise((done) => setTimeout(done, 300));
  const lines = (await textOf(child.stdout!)).split('\n');
  assert.is(lines.length, 50_001);
  assert.is(lines[0], '{"i":0,"at":"1970-01-01T00:00:00.000Z"}');
  lines.slice(0, -1).forEach((line, i) => {
    assert.is((JSON.parse(line) as { i: number }).i, i);
  });
  assert.is(await errors, 'waited\n');
});

sinks('print fails with a code when nobody reads any more', async () => {
  const child = printing(1_000_000);
  const errors = textOf(child.stderr!);
  child.stdout!.once('data', () => child.stdout!.destroy());
  await once(child, 'close');
  assert.is(await errors, 'OUTPUT_WRITE_FAILED EPIPE\n');
});

sinks.run();
