import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { start } from '../../../engine/control/engine.js';
import type { Run } from '../../../engine/control/run.js';
import { runInline } from '../../../engine/testing/run-inline.js';
import type fanned from '../../jobs/fanned.js';
import relay from '../../jobs/relay.js';
import {
  type Event,
  eventOf,
  jobPath,
  type Relay,
  resources,
  rowsOf,
  settled,
  until,
} from '../../kit/run-kit.js';

const lives = suite('live runs');
const RELAY = jobPath('relay');
/** Tasks do not look around by themselves here: a wake that somebody owes and does not give is made up for by nothing. */
process.env['SLUICE_NEVER_LOOK_AROUND'] = '1';
/** Little memory, so that little is on its way. */
const SMALL = { 'taskmanager.memory.segment-size': '1 kb', 'sluice.record.max-size': '1 kb' };
/** Of relay's outputs, the ones a test does not look at. */
const FINAL = { same: 'final', sums: 'final', hourly: 'final', numbers: 'final' } as const;

const events = (count: number): Event[] => Array.from({ length: count }, (_, n) => eventOf(n));

async function pushAll(run: Run<Relay>, rows: readonly Event[]): Promise<void> {
  for (const row of rows) await run.inputs.events.push(row);
  run.inputs.events.end();
}

/** By plain loops: the running count and sum of each user, and the events of each user and hour. */
function expected(rows: readonly Event[]) {
  const sums = new Map<string, { user: string; events: number; total: number }[]>();
  const hourly = new Map<string, number>();
  for (const { user, n, at } of rows) {
    const of = sums.get(user) ?? [];
    const last = of.at(-1) ?? { events: 0, total: 0 };
    of.push({ user, events: last.events + 1, total: last.total + n });
    sums.set(user, of);
    const hour = `${user} ${at - (at % 3_600_000)}`;
    hourly.set(hour, (hourly.get(hour) ?? 0) + 1);
  }
  return { sums, hourly };
}

function byUser<R extends { user: string }>(rows: readonly R[]): Map<string, R[]> {
  const found = new Map<string, R[]>();
  for (const row of rows) found.set(row.user, [...(found.get(row.user) ?? []), row]);
  return found;
}

const sorted = (rows: readonly object[]): string[] => rows.map((row) => JSON.stringify(row)).sort();

lives(
  'push/never-waits: rows for every one of many receivers find the segments they need, also the largest',
  async () => {
    const receivers = 6;
    for (const padBytes of [1_008, 3_000]) {
      const run = await start<typeof fanned>(jobPath('fanned'), {
        ...{ parallelism: receivers, options: { ...SMALL, 'sluice.record.max-size': '4 kb' } },
      });
      const { rows } = run.inputs;
      let pushed = 0;
      while (rows.tryPush({ n: pushed, pad: 'x'.repeat(padBytes) })) pushed++;
      const last = pushed;
      assert.ok(last > 500, 'more than fits between the threads');
      await settled(() => rows.held); // the output is not read: what can be sent has been
      assert.ok(rows.held > 0, 'the job holds the input back');
      rows.end();
      const got = await rowsOf<{ n: number; receiver: number }>(run.outputs.got);
      assert.is((await run.finished).state, 'FINISHED');
      const byReceiver = new Map<number, number[]>();
      for (const { n, receiver } of got) byReceiver.set(receiver, [...(byReceiver.get(receiver) ?? []), n]);
      assert.is(byReceiver.size, receivers);
      for (const each of byReceiver.values())
        assert.equal(
          each,
          Array.from({ length: last }, (_, n) => n),
        );
    }
  },
);

lives('what is pushed comes out as it would of rows given at the start, in order by key', async () => {
  const before = resources();
  const rows = events(5_000);
  const inline = await runInline(relay, { inputs: { events: rows }, seed: 3 });
  const { sums, hourly } = expected(rows);
  for (const [parallelism, chaining] of [
    [1, true],
    [3, true],
    [1, false],
  ] as const) {
    const run = await start<Relay>(RELAY, {
      ...{ parallelism, options: { 'pipeline.operator-chaining.enabled': chaining } },
    });
    assert.is(run.metrics().recordsInTotal, undefined, 'nobody knows how many will be pushed');
    const { outputs } = run;
    const readers = [outputs.same, outputs.sums, outputs.hourly, outputs.numbers].map((each) =>
      rowsOf<object>(each),
    );
    await pushAll(run, rows);
    const [same, running, windows, numbers] = await Promise.all(readers);
    assert.is((await run.finished).state, 'FINISHED');
    assert.equal(sorted(same!), sorted(rows));
    assert.equal(byUser(running as any[]), sums, 'each key in order, each record once');
    assert.equal(new Map((windows as any[]).map((w) => [`${w.user} ${w.hour}`, w.events])), hourly);
    assert.equal(sorted(numbers!), sorted(Array.from({ length: 10 }, (_, n) => ({ n }))));
    assert.equal(sorted(same!), sorted(inline.same));
    assert.equal(sorted(windows!), sorted(inline.hourly));
    assert.equal(sorted(running!), sorted(inline.sums));
  }
  assert.is(resources(), before);
});

lives(
  'windows are given out while records are pushed, since one place sees all of them in order',
  async () => {
    const run = await start<Relay>(RELAY, { parallelism: 3, outputs: { ...FINAL, hourly: 'live' } });
    const windows = run.outputs.hourly[Symbol.asyncIterator]();
    await run.inputs.events.push({ ...eventOf(0), user: 'a' });
    await run.inputs.events.push({ ...eventOf(3600), user: 'b' });
    const { value } = await windows.next();
    assert.equal(value, { user: 'a', hour: 0, events: 1 });
    await run.stop();
    assert.equal((await windows.next()).value, { user: 'b', hour: 3_600_000, events: 1 });
    assert.is((await windows.next()).done, true);
  },
);

/** Rows that can lie in the memory of a run: every byte of it as if it held nothing but the smallest rows. */
const rowsInMemory = (run: Run<Relay>, rowBytes: number): number => run.metrics().segmentBytes / rowBytes;

lives(
  'output/bounded, push/bounded: an application that does not read stops the one that pushes; then all arrives once',
  async () => {
    const options = SMALL;
    const inputs = { events: { capacity: 100, high: 80, low: 20 } };
    const outputs = { ...FINAL, same: 'live' } as const;
    const run = await start<Relay>(RELAY, { parallelism: 2, options, inputs, outputs });
    const turns: string[] = [];
    run.inputs.events.on('pause', () => turns.push('pause')).on('resume', () => turns.push('resume'));
    const rows = events(100_000);
    const pushing = pushAll(run, rows);
    const taken = await settled(() => run.inputs.events.taken);
    const most = rowsInMemory(run, 48) + 1024 + 100;
    assert.ok(taken <= most && most < rows.length / 2, `${taken} were taken, ${most} have room`);
    const { isPaused, held } = run.inputs.events;
    assert.ok(isPaused && held > 20 && held <= 80, `it holds ${held}, between low and high`);
    const got = await rowsOf(run.outputs.same);
    await pushing;
    await run.finished;
    assert.equal(
      got.map(({ n }) => n).sort((a, b) => a - b),
      rows.map(({ n }) => n),
    );
    const { pauses, resumes } = run.inputs.events;
    assert.equal([turns.length, turns[0], turns.at(-1)], [pauses + resumes, 'pause', 'resume']);
    assert.ok(pauses <= rows.length / 60, `push/hysteresis: ${pauses} pauses`);
  },
);

lives('output/bounded: a reader that stops stops the source, and goes on where it stopped', async () => {
  const options = SMALL;
  const run = await start<Relay>(RELAY, {
    ...{ parallelism: 2, options, params: { ticks: true } },
    ...{ inputs: { events: [] }, outputs: { numbers: 'live' } },
  });
  const numbers = run.outputs.numbers[Symbol.asyncIterator]();
  const next = [0, 1];
  const read = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      const { n } = (await numbers.next()).value as { n: number };
      assert.is(n, next[n % 2], 'each reader of the generator makes every other number, in order');
      next[n % 2]! += 2;
    }
  };
  await read(10);
  const made = await settled(() => run.metrics().recordsIn);
  assert.ok(made <= rowsInMemory(run, 24) + 1024 + 10, `${made} were made`);
  await read(200_000);
  assert.ok((await settled(() => run.metrics().recordsIn)) <= 200_010 + rowsInMemory(run, 24) + 1024);
  await numbers.return!();
  assert.is((await run.stop()).state, 'STOPPED');
});

lives('a reader that leaves its loop holds nobody back', async () => {
  const run = await start<Relay>(RELAY, {
    parallelism: 1,
    outputs: { ...FINAL, same: 'live', sums: 'live' },
  });
  const pushing = pushAll(run, events(10_000));
  const leaving = (async () => {
    for await (const _ of run.outputs.sums) break;
  })();
  const [same] = await Promise.all([rowsOf(run.outputs.same), pushing, leaving]);
  assert.is(same.length, 10_000);
  assert.is((await run.finished).state, 'FINISHED');
});

lives('release/discard: once its reader has left, no row of an output reaches its thread', async () => {
  const run = await start<Relay>(RELAY, {
    ...{ parallelism: 2, params: { ticks: true } },
    ...{ inputs: { events: [] }, outputs: { numbers: 'live' } },
  });
  let rows = 0;
  for await (const _ of run.outputs.numbers) if (++rows === 5_000) break;
  const end = () => run.metrics().tasks.find(({ buffersIn, name }) => buffersIn > 0 && name === 'numbers')!;
  const buffersIn = await settled(() => end().buffersIn);
  const [{ recordsIn }, made] = [end(), run.metrics().recordsIn];
  await until(() => run.metrics().recordsIn > made + 300_000);
  assert.equal([end().buffersIn, end().recordsIn], [buffersIn, recordsIn], 'all this is discarded elsewhere');
  assert.is((await run.stop()).state, 'STOPPED');
});

lives('a stop ends a run whose outputs nobody reads, and they can be read then', async () => {
  const run = await start<Relay>(RELAY, { parallelism: 2 });
  const taken: number[] = [];
  for (let n = 0; n < 10_000; n++) if (run.inputs.events.tryPush(eventOf(n))) taken.push(n);
  const { state } = await run.stop();
  assert.is(state, 'STOPPED');
  const same = await rowsOf(run.outputs.same);
  assert.equal(
    same.map(({ n }) => n).sort((a, b) => a - b),
    taken,
    'what was taken arrives',
  );
});

lives('a reader may stop its run from inside its loop', async () => {
  const run = await start<Relay>(RELAY, { parallelism: 1, outputs: { ...FINAL, same: 'live' } });
  const pushing = (async () => {
    for (let n = 0; ; n++) await run.inputs.events.push(eventOf(n));
  })().catch((error) => error.code);
  let count = 0;
  for await (const { n } of run.outputs.same) {
    assert.is(n, count++);
    if (count === 3000) await run.stop();
  }
  assert.ok(count >= 3000);
  assert.is(await pushing, 'PUSH_ENDED');
  assert.is((await run.finished).recordsIn - 10, count, 'beside the ten numbers');
});

lives('a job may be nothing but live ends', async () => {
  const run = await start(jobPath('wire'), { parallelism: 2 });
  const reading = rowsOf(run.outputs['out']!);
  for (let n = 0; n < 5_000; n++) await run.inputs['rows']!.push({ n });
  run.inputs['rows']!.end();
  assert.equal(
    await reading,
    Array.from({ length: 5_000 }, (_, n) => ({ n })),
  );
  await run.finished;
});

lives('rows of undeclared shape come out as they were, also when the shape changes', async () => {
  const run = await start(jobPath('loose'), { parallelism: 2 });
  const reading = rowsOf(run.outputs['out']!);
  for (let n = 0; n < 5_000; n++) await run.inputs['rows']!.push({ n });
  run.inputs['rows']!.end();
  const got = (await reading).map(({ twice, text }) => [twice, text ?? null]).sort(([a], [b]) => a - b);
  assert.equal(
    got,
    Array.from({ length: 5_000 }, (_, n) => [2 * n, n < 2_000 ? null : `row ${n}`]),
  );
  const { tasks } = await run.finished;
  const written = tasks.flatMap(({ undeclared }) => undeclared);
  assert.is(written.reduce((sum, { records }) => sum + records, 0), 5_000); // biome-ignore format: one claim
  const [made] = tasks.filter(({ undeclared }) => undeclared.length > 0);
  assert.ok(made!.undeclaredMs > 0 && run.metrics().tasks.some(({ undeclaredMs }) => undeclaredMs > 0));
});

lives('a live input is a stream to write to, and a live output one to read from', async () => {
  const { Readable, promises } = await import('node:stream').then(async ({ Readable }) => ({
    Readable,
    promises: await import('node:stream/promises'),
  }));
  const run = await start<Relay>(RELAY, { parallelism: 1, outputs: { ...FINAL, same: 'live' } });
  const rows = events(5_000);
  const got: Event[] = [];
  await Promise.all([
    promises.pipeline(Readable.from(rows), run.inputs.events.writable()),
    promises.pipeline(Readable.from(run.outputs.same), async (source) => {
      for await (const row of source) got.push(row as Event);
    }),
  ]);
  assert.equal(got, rows);
  await run.finished;
});

lives.run();
