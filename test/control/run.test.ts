import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { start } from '../../engine/control/engine.js';
import type { Run } from '../../engine/control/run.js';
import { failureOf, jobPath, later, resources, until } from '../kit/run-kit.js';

const runs = suite('runs');
const ENDLESS = jobPath('endless');
const folder = mkdtempSync(join(tmpdir(), 'sluice-run-'));
runs.after(() => rmSync(folder, { recursive: true, force: true }));

/** Every subtask of the run has taken records. */
const flows = (run: Run): boolean => run.metrics().tasks.every(({ recordsIn }) => recordsIn > 0);

runs(
  'a throw in a user function names operator, line, subtask and record, and leaves no thread',
  async () => {
    const before = resources();
    const run = await start(ENDLESS, { parallelism: 2, params: { mischief: 'throw' } });
    const error = await failureOf(run.finished);
    assert.is(error.code, 'USER_FUNCTION_FAILED');
    assert.match(error.message, /mischief at .*endless\.ts:\d+/);
    assert.match(error.message, /subtask [01], at record .*1000/);
    assert.match(error.message, /RangeError: no more than 1000/);
    assert.instance(error.cause, Error);
    assert.match(String((error.cause as Error).stack), /endless\.ts:\d+/);
    assert.is(run.metrics().state, 'FAILED');
    assert.is(resources(), before);
  },
);

runs('a worker that exits is told by its exit code', async () => {
  const run = await start(ENDLESS, { parallelism: 2, params: { mischief: 'exit' } });
  const error = await failureOf(run.finished);
  assert.is(error.code, 'WORKER_EXITED');
  assert.match(error.message, /3/);
});

runs('an unhandled rejection in a user function ends the job with that error as cause', async () => {
  const run = await start(ENDLESS, { parallelism: 1, params: { mischief: 'reject' } });
  const error = await failureOf(run.finished);
  assert.match(`${error.message} ${String(error.cause)}`, /nobody waits for this/);
});

runs('stop ends the inputs and makes visible what was read', async () => {
  const output = join(folder, 'stopped', 'out.ndjson');
  const run = await start(ENDLESS, { parallelism: 2, params: { output, sourceRate: 5000 } });
  await until(() => flows(run));
  assert.not.ok(existsSync(output), 'nothing is visible while the job runs');
  const summary = await run.stop();
  assert.is(summary.state, 'STOPPED');
  const rows = readFileSync(output, 'utf8').trimEnd().split('\n');
  assert.is(rows.length, summary.recordsIn, 'a rolling reduce gives a row for each record');
  assert.ok(summary.recordsIn > 0);
  assert.equal(
    readdirSync(join(folder, 'stopped')),
    ['out.ndjson'],
    'nothing else is left beside the output',
  );
});

runs('aborting the signal cancels: nothing becomes visible and the code says so', async () => {
  const output = join(folder, 'aborted', 'out.ndjson');
  const controller = new AbortController();
  const run = await start(ENDLESS, { parallelism: 2, params: { output }, signal: controller.signal });
  await until(() => existsSync(join(folder, 'aborted'))); // a sink has begun to write
  controller.abort();
  const error = await failureOf(run.finished);
  assert.is(error.code, 'RUN_ABORTED');
  assert.is(run.metrics().state, 'CANCELED');
  assert.not.ok(existsSync(output));
  assert.equal(readdirSync(join(folder, 'aborted')), [], 'the staging folder is gone');
});

runs('a cancel reaches tasks that wait for a slow sink, and a user function that never returns', async () => {
  for (const params of [{ sinkRate: 10 }, { mischief: 'loop' }]) {
    const run = await start(ENDLESS, { parallelism: 1, params });
    await until(() => run.metrics().tasks[0]!.recordsIn > 0);
    await later(300);
    await run.cancel();
    assert.is(run.metrics().state, 'CANCELED');
  }
});

runs(
  'once outputs are becoming visible, cancel and stop wait for them, and the run has finished',
  async () => {
    const job = jobPath('slow-commit');
    for (const end of ['cancel', 'stop'] as const) {
      const output = join(folder, `late-${end}.ndjson`);
      const run = await start(job, { parallelism: 1, params: { output } });
      await until(() => existsSync(`${output}.begun`));
      await run[end]();
      assert.is((await run.finished).state, 'FINISHED');
      assert.is(readFileSync(output, 'utf8').trimEnd().split('\n').length, 2);
    }
  },
);

runs('a builder that differs between threads is refused', async () => {
  const before = resources();
  const error = await failureOf(start(ENDLESS, { parallelism: 1, params: { unstable: true } }));
  assert.is(error.code, 'PLAN_MISMATCH');
  assert.is(resources(), before);
});

runs(
  'more tasks than the memory allows: the formula and the missing bytes, before a thread starts',
  async () => {
    const before = resources();
    const error = await failureOf(
      start(ENDLESS, { parallelism: 40, options: { 'taskmanager.memory.network.max': '64 mb' } }),
    );
    assert.is(error.code, 'MEMORY_INSUFFICIENT');
    assert.match(error.message, /network memory = clamp\(.*bytes are missing/);
    assert.is(resources(), before);
  },
);

runs('ten starts and stops leave no thread, handle or memory behind', async () => {
  const before = resources();
  const rssMb: number[] = [];
  for (let i = 0; i < 10; i++) {
    const run = await start(ENDLESS, { parallelism: 2, params: { sourceRate: 10_000 } });
    await later(50);
    await run.stop();
    await run[Symbol.asyncDispose]();
    rssMb.push(process.memoryUsage().rss / 2 ** 20);
  }
  assert.is(resources(), before);
  assert.ok(rssMb[9]! - rssMb[3]! < 60, `resident memory stays level: ${rssMb.map(Math.round).join(' ')} MB`);
});

runs('control/yield: timers of user code run while its task is busy', async () => {
  const run = await start(ENDLESS, { parallelism: 1, params: { mischief: 'tick' } });
  const error = await failureOf(run.finished);
  const ticks = Number(/(\d+) ticks/.exec(error.message)?.[1]);
  assert.ok(ticks >= 4, `a busy task takes a turn every 100 ms, so some of ten turns were taken: ${ticks}`);
});

runs('wait/owed: what a waiting task has written arrives, though no buffer is full', async () => {
  const run = await start(ENDLESS, { parallelism: 1, params: { sourceRate: 100 } });
  const taken = (task: number): number => run.metrics().tasks[task]!.recordsIn;
  await until(() => taken(1) > 10); // a buffer holds a thousand
  assert.ok(taken(0) < 1000, `${taken(0)} records were read until more than ten arrived`);
  await run.stop();
});

runs('metrics show every task while it runs', async () => {
  const run = await start(ENDLESS, { parallelism: 2, params: { sourceRate: 20_000 } });
  await until(() => flows(run));
  const metrics = run.metrics();
  assert.is(metrics.state, 'RUNNING');
  assert.is(metrics.tasks.length, 4);
  assert.equal(
    metrics.vertices.map(({ subtasks }) => subtasks),
    [2, 2],
  );
  for (const each of [...metrics.tasks, ...metrics.vertices]) {
    const { busyRatio, idleRatio, backpressuredRatio, asyncRatio, rateLimitedRatio } = each;
    const sum = busyRatio + idleRatio + backpressuredRatio + asyncRatio + rateLimitedRatio;
    assert.ok(Math.abs(sum - 1) < 1e-9, `${each.name}: ${sum}`);
    assert.ok(each.recordsIn > 0);
  }
  await run.stop();
});

/** Doubled it is still exact; three of it are not. */
const HALF = (Number.MAX_SAFE_INTEGER - 1) / 2;

const ECHO = jobPath('echo');

async function rowsOf(rows: AsyncIterable<any>): Promise<any[]> {
  const all: any[] = [];
  for await (const row of rows) all.push(row);
  return all;
}

runs('rows given to named inputs come out of named outputs', async () => {
  const events = [
    { name: 'a', amount: 1, big: 5n },
    { name: 'b', amount: 2, big: null },
    { name: 'a', amount: 3, big: 2n ** 62n },
  ];
  const run = await start(ECHO, { parallelism: 2, inputs: { events } });
  const [doubled, totals] = await Promise.all([
    rowsOf(run.outputs['doubled']!),
    rowsOf(run.outputs['totals']!),
  ]);
  assert.equal(doubled.map((e) => e.amount).sort(), [2, 4, 6]);
  totals.sort((a, b) => (a.name < b.name ? -1 : 1));
  assert.equal(totals, [
    { name: 'a', total: 4, big: 5n + 2n ** 62n },
    { name: 'b', total: 2, big: null },
  ]);
  assert.is((await run.finished).state, 'FINISHED');
});

runs('a sum that leaves the range of exact numbers fails, even if it would come back', async () => {
  const of = (amounts: number[], bigs: bigint[]): object[] =>
    amounts.map((amount, i) => ({ name: 'a', amount, big: bigs[i] ?? null }));
  for (const events of [of([HALF, HALF, HALF, -HALF], []), of([1, 1], [2n ** 62n, 2n ** 62n])]) {
    const run = await start(ECHO, { parallelism: 1, inputs: { events } });
    const error = await failureOf(run.finished);
    assert.is(error.code, 'RECORD_FIELD_INVALID');
    assert.match(error.message, /field '(total|big)'.*subtask 0(, at record .*)?\)/); // big: as it is given out
  }
});

runs('wrong arguments of start are refused by name, before anything else', async () => {
  const wrong: [args: any[], text: RegExp][] = [
    [[42], /path or file: URL of a job file, not number/],
    [[{}], /not object/],
    [[ENDLESS, null], /options is an object/],
    [[ENDLESS, { paralelism: 3 }], /no option 'paralelism'.*parallelism/],
    [[ENDLESS, { params: 5 }], /params is an object/],
    [[ENDLESS, { onWarning: 'log' }], /onWarning is a function/],
    [[ENDLESS, { signal: 3 }], /signal is an AbortSignal/],
  ];
  for (const [args, text] of wrong) {
    const error = await failureOf((start as (...args: any[]) => Promise<unknown>)(...args));
    assert.is(error.code, 'ARGUMENT_INVALID');
    assert.match(error.message, text);
  }
});

runs.run();
