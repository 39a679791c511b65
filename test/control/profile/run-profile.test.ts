import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { start } from '../../../engine/control/engine.js';
import type { JobMaster } from '../../../engine/control/job-master.js';
import type { Frame } from '../../../engine/control/profile/frame-tree.js';
import type { OwnerTime } from '../../../engine/control/profile/on-cpu.js';
import type { RunProfile } from '../../../engine/control/profile/run-profile.js';
import type { Run } from '../../../engine/control/run.js';
import { failureOf, jobPath, rowsOf, settled, until } from '../../kit/run-kit.js';

const profiles = suite('profiles of runs');
const JOB = jobPath('profiled');

async function profiled(job: string, params: Record<string, string>, seconds: number): Promise<RunProfile> {
  await using run = await start(job, { parallelism: 1, params });
  return await run.profile({ seconds });
}

const owner = (profile: RunProfile, task: number, name: string): OwnerTime =>
  profile.tasks[task]!.onCpu!.owners.find((each) => each.name === name)!;

/** The line of a file on which a text stands. */
const lineOf = (file: string, text: string): number =>
  readFileSync(file, 'utf8')
    .split('\n')
    .findIndex((line) => line.includes(text)) + 1;

profiles(
  'profile/anew, profile/inlined: the hot one of three fused operators is told, with its place',
  async () => {
    await using run = await start(JOB, { parallelism: 1, params: { what: 'hot' } });
    await run.profile({ seconds: 0.3 }); // while it compiles, its time is that of the compiler
    const profile = await run.profile({ seconds: 0.6 });
    const [source] = profile.tasks;
    const shares = ['generate', 'before', 'hot', 'after'].map((name) => owner(profile, 0, name).share);
    assert.ok(shares[2]! > 0.75, `hot has its two thousand rounds: ${shares}\n${profile.toText()}`);
    assert.ok(shares[0]! + shares[1]! + shares[3]! < 0.1, `the others have next to nothing: ${shares}`);
    const [hottest] = owner(profile, 0, 'hot').functions;
    assert.match(hottest!.hotPlace!, /profiled\.ts:\d+$/);
    const line = Number(/\d+$/.exec(hottest!.hotPlace!));
    assert.ok([lineOf(JOB, 'h = Math.imul'), lineOf(JOB, 'the hot call')].includes(line), hottest!.hotPlace!);
    assert.ok(source!.busyMs > 0 && source!.onCpu!.ms > 0);
  },
);

profiles(
  'a job whose time goes into the bytes of rows that nobody declared names serialization',
  async () => {
    const profile = await profiled(JOB, { what: 'undeclared' }, 0.6);
    const { owners } = profile.tasks[0]!.onCpu!;
    const sending = owner(profile, 0, 'serialization to receiver');
    const parts = owners.filter(({ kind }) => kind === 'part');
    assert.is(parts[0], sending, profile.toText());
    assert.ok(sending.share > 0.2, profile.toText());
    assert.ok(owner(profile, 1, 'reading').share > 0.2, profile.toText());
  },
);

profiles('profile/outside: a function without end is profiled, and so is who sleeps meanwhile', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-'));
  const file = join(folder, 'until');
  const run = await start(JOB, { parallelism: 1, params: { what: 'stuck', until: file } });
  await settled(() => run.metrics().tasks[0]!.loops);
  const profile = await run.profile({ seconds: 0.3 });
  writeFileSync(file, '');
  await run.cancel();
  rmSync(folder, { recursive: true });
  const [stuck, asleep] = profile.tasks;
  const { share, functions } = owner(profile, 0, 'mischief');
  assert.ok(share > 0.9, profile.toText());
  assert.match(functions[0]!.hotPlace!, `profiled.ts:${lineOf(JOB, 'h = Math.imul')}`);
  assert.is(asleep!.missing, null);
  assert.is(asleep!.offCpu.children[0]!.name, 'waiting for input');
  assert.is(asleep!.offCpu.children[0]!.children[0]!.name, `for ${stuck!.name} (0) to send`);
});

profiles('a profile ends with its run, and none begins behind it', async () => {
  const run = await start(JOB, { parallelism: 1, params: { what: 'hot', rows: 100_000 } });
  const profile = await run.profile({ seconds: 600 });
  assert.is((await run.finished).state, 'FINISHED');
  assert.ok(
    profile.tasks.every(({ onCpu }) => onCpu !== null),
    profile.toText(),
  );
  const { code, message } = await failureOf(run.profile());
  assert.is(code, 'ARGUMENT_INVALID');
  assert.match(message, 'the run is over');
});

profiles('a flame graph is drawn while it is asked for, as Flink says it', async () => {
  const run = (await start(JOB, {
    parallelism: 1,
    params: { what: 'hot' },
  })) as JobMaster;
  const { vertex } = run.metrics().vertices[0]!;
  assert.equal(run.flameGraph(vertex, 'full'), { endTimestamp: -3 });
  await until(() => run.flameGraph(vertex, 'full').data !== undefined);
  const { endTimestamp, data } = run.flameGraph(vertex, 'on_cpu', 0);
  assert.ok(Math.abs(endTimestamp - Date.now()) < 60_000);
  assert.ok(data!.children.some(({ name, value }) => name === 'hot' && value > 0));
  await run.cancel();
  assert.equal(run.flameGraph(vertex, 'full'), { endTimestamp: -1 });
});

profiles('wrong options are refused, and right ones choose tasks', async () => {
  await using run = await start(jobPath('endless'), { parallelism: 1, params: { sourceRate: 100 } });
  for (const options of [
    { seconds: 0 },
    { seconds: Number.NaN },
    { seconds: 601 },
    { task: 2 },
    { task: -1 },
    { vertex: 'x' },
  ])
    assert.is((await failureOf(run.profile(options))).code, 'ARGUMENT_INVALID', JSON.stringify(options));
  const vertex = run.metrics().vertices[1]!.vertex;
  const { tasks } = await run.profile({ seconds: 0.05, vertex });
  assert.equal(
    tasks.map(({ vertex: id, task }) => [id, task]),
    [[vertex, 1]],
  );
});

profiles('the forms of a profile agree with each other', async () => {
  const profile = await profiled(JOB, { what: 'hot' }, 0.3);
  const { vertex, onCpu, offCpu } = profile.tasks[0]!;
  const values = (['on_cpu', 'off_cpu', 'full'] as const).map(
    (type) => profile.toFlameGraph(vertex, type).data!,
  );
  assert.ok(near(values[0]!.value, onCpu!.ms) && near(values[1]!.value, offCpu.ms));
  assert.ok(near(values[2]!.value, onCpu!.ms + offCpu.ms));
  assert.is(values[2]!.name, 'root');
  fits(onCpu!.frames);
  const cpu = profile.toCpuProfile(0)!;
  const ids = new Set(cpu.nodes.map(({ id }) => id));
  assert.is(ids.size, cpu.nodes.length);
  assert.ok(cpu.samples!.every((id) => ids.has(id)));
  assert.is(cpu.samples!.length, cpu.timeDeltas!.length);
  assert.ok(cpu.nodes.some(({ callFrame: { url } }) => url.endsWith('/test/jobs/profiled.ts')));
  assert.ok(cpu.nodes.some(({ callFrame }) => /^(hot: )?(scored|mix)$/.test(callFrame.functionName)));
  assert.ok(
    profile
      .toText()
      .split('\n')
      .every((line) => line.length <= 80),
    profile.toText(),
  );
});

/** Rounded per frame. */
const near = (value: number, ms: number): boolean => Math.abs(value - ms) < 10 + ms / 10;

function fits({ ms, children }: Frame): void {
  const below = children.reduce((sum, child) => sum + child.ms, 0);
  assert.ok(below <= ms * (1 + 1e-9), 'no frame is narrower than what it calls');
  for (const child of children) fits(child);
}

profiles('profile/lines: V8 sees each function called from a line of its own operator', async () => {
  const run: Run = await start(JOB, { parallelism: 1, params: { what: 'callers', rows: 5 } });
  const rows = await rowsOf<{ owners: string }>(run.outputs['out'] as AsyncIterable<{ owners: string }>);
  const expected = ['first', 'third', 'fourth', 'fifth'].map((uid) => `operator ${uid}`).join(' ');
  assert.is(rows.length, 5);
  assert.equal([...new Set(rows.map(({ owners }) => owners))], [expected]);
});

profiles.run();
