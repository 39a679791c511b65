import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isSluiceError } from '../../../engine/base/errors.js';
import { lsCommand, runsTable } from '../../../engine/cli/ls-command.js';
import { runDoctorCommand } from '../../../engine/cli/run-doctor-command.js';
import { stopCommand } from '../../../engine/cli/stop-command.js';
import { start } from '../../../engine/control/engine.js';
import { type AttachedRun, attachedRuns, runNamed } from '../../../engine/control/serve/attached-runs.js';
import { makeRuntimeFolder, runtimeFolder } from '../../../engine/control/serve/runtime-folder.js';
import { ask, askJson } from '../../kit/http-kit.js';
import { jobPath, until } from '../../kit/run-kit.js';

const attach = suite('runs that other programs find');
const home = mkdtempSync(join(tmpdir(), 'sluice-test-attach-'));
process.env['XDG_RUNTIME_DIR'] = home;
const folder = join(home, 'sluice');
const files = () => (existsSync(folder) ? readdirSync(folder).sort() : []);
const begin = (options: Record<string, boolean> = {}) =>
  start(jobPath('endless'), { params: { sourceRate: 500 }, parallelism: 1, options });

attach.after(() => rmSync(home, { recursive: true }));

const engine = JSON.stringify(new URL('../../../engine/control/engine.js', import.meta.url).href);

/** A program of its own with a job that goes on, which then does something. */
function program(then: string) {
  const text = `
    import { start } from ${engine};
    const run = await start(${JSON.stringify(jobPath('endless'))}, { params: { sourceRate: 500 }, parallelism: 1 });
    console.log(run.id);
    ${then}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', text], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  return {
    child,
    id: once(child.stdout, 'data').then(([chunk]) => String(chunk).trim()),
    ended: once(child, 'exit'),
  };
}

attach('the owner finds a run, needs no token to stop it, and nothing of it is left', async () => {
  const run = await begin();
  await until(() => files().length === 2);
  const [entry, socket] = files();
  assert.match(entry!, new RegExp(`^${process.pid}-[0-9a-f]{8}\\.json$`));
  const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);
  assert.equal(
    [mode(folder), mode(join(folder, entry!)), mode(join(folder, socket!))],
    ['700', '600', '600'],
  );

  const { runs } = await attachedRuns();
  assert.equal(
    runs.map(({ id, job, pid, tasks }) => [id, job, pid, tasks]),
    [[run.id, 'endless', process.pid, 2]],
  );
  const answer = await askJson('http://localhost', `/jobs/${run.id}`, { socketPath: join(folder, socket!) });
  assert.is(answer.name, 'endless');
  assert.match(
    await lsCommand({ json: false }),
    new RegExp(`^id .*\\n${run.id.slice(0, 8)}  endless  RUNNING`),
  );
  assert.is(JSON.parse(await lsCommand({ json: true }))[0].id, run.id);

  const diagnosis = JSON.parse(await runDoctorCommand({ id: run.id.slice(0, 6), seconds: 0.05, json: true }));
  assert.equal([diagnosis.job, Array.isArray(diagnosis.findings)], ['endless', true]);
  const { status, text: refusal } = await ask('http://localhost', `/jobs/${run.id}/diagnosis?seconds=soon`, {
    socketPath: join(folder, socket!),
  });
  assert.equal(
    [status, JSON.parse(refusal).errors],
    [400, ["seconds is a number from 0.05 to 60, not 'soon'"]],
  );

  const { text, exitCode } = await stopCommand({ id: run.id.slice(0, 6), isCancel: false });
  assert.equal([text, exitCode], [`endless (${run.id.slice(0, 8)}) STOPPED`, 0]);
  assert.is((await run.finished).state, 'STOPPED');
  assert.equal(files(), []);
  assert.is(await lsCommand({ json: false }), 'no job is running');
});

attach('two runs of a process share a socket, and one is cancelled without the other', async () => {
  const [a, b] = await Promise.all([begin(), begin()]);
  await until(() => files().length === 2);
  const { text, exitCode } = await stopCommand({ id: a.id, isCancel: true });
  assert.equal([text, exitCode], [`endless (${a.id.slice(0, 8)}) CANCELED`, 0]);
  assert.equal(
    (await attachedRuns()).runs.map(({ id }) => id),
    [b.id],
  );
  await b.cancel();
  assert.equal(files(), []);
});

attach('sluice.attach off hides a run, and a place that cannot be written to is no error', async () => {
  const hidden = await begin({ 'sluice.attach': false });
  assert.equal(files(), []);
  await hidden.cancel();
  writeFileSync(join(home, 'file'), '');
  process.env['XDG_RUNTIME_DIR'] = join(home, 'file');
  const nowhere = await begin();
  await nowhere.cancel();
  assert.equal((await attachedRuns()).runs, []);
  process.env['XDG_RUNTIME_DIR'] = home;
});

attach(
  'a connection keeps no process alive, and a process that exits in the middle leaves nothing',
  async () => {
    const leaving = program(
      "process.stdin.once('data', () => run.cancel().then(() => process.stdin.destroy()));",
    );
    const [{ socket }] = await foundWith(await leaving.id);
    const idle = connect(socket);
    await once(idle, 'connect');
    leaving.child.stdin.write('now');
    assert.is((await leaving.ended)[0], 0);
    const abrupt = program('process.exit(3);');
    assert.is((await abrupt.ended)[0], 3);
    assert.equal(files(), []);
  },
);

attach('what a killed process left is removed by whoever lists, and nothing else', async () => {
  const killed = program('');
  await foundWith(await killed.id);
  writeFileSync(join(folder, '999999-0123abcd.json'), '{}');
  writeFileSync(join(folder, 'a note.json'), '');
  killed.child.kill('SIGKILL');
  await killed.ended;
  assert.is(files().length, 4);
  assert.equal(await attachedRuns(), { runs: [], silentPids: [] });
  assert.equal(files(), ['a note.json']);
  rmSync(join(folder, 'a note.json'));
});

async function foundWith(id: string): Promise<readonly [AttachedRun]> {
  for (;;) {
    const found = (await attachedRuns()).runs.find((each) => each.id === id);
    if (found !== undefined) return [found];
  }
}

attach('a folder is made for the user alone, or it is not used', () => {
  const mine = join(home, 'mine');
  mkdirSync(mine);
  chmodSync(mine, 0o777);
  assert.ok(makeRuntimeFolder(mine));
  assert.is(statSync(mine).mode & 0o777, 0o700);
  assert.not.ok(makeRuntimeFolder(join(home, 'file')));
  assert.not.ok(makeRuntimeFolder(join(home, 'file', 'below')));
  delete process.env['XDG_RUNTIME_DIR'];
  assert.is(runtimeFolder(), join(tmpdir(), `sluice-${process.getuid!()}`));
  process.env['XDG_RUNTIME_DIR'] = home;
});

const named = (id: string, job = 'a'): AttachedRun => ({
  ...{
    id: id.padEnd(32, '0'),
    job,
    state: 'RUNNING',
    pid: 123,
    startedMs: 1,
    durationMs: 3_723_000,
    tasks: 8,
    socket: '/x',
  },
});

attach('the first digits of an id name a run, if only one has them', () => {
  const all = { runs: [named('ab1'), named('ab2'), named('c')], silentPids: [77] };
  assert.is(runNamed('c', all), all.runs[2]);
  assert.is(runNamed('AB2', all), all.runs[1]);
  for (const [prefix, text] of [
    ['ab', '2 running jobs have'],
    ['x', 'process 77 did not answer'],
    ['', 'no running job'],
  ] as const) {
    try {
      runNamed(prefix, all);
      assert.unreachable();
    } catch (error) {
      assert.ok(isSluiceError(error) && error.code === 'RUN_UNKNOWN', String(error));
      assert.match(error.message, text);
    }
  }
});

attach('a table of runs has at most 80 columns, whatever the jobs are called', () => {
  const lines = runsTable([named('abc', 'x'.repeat(100)), named('def', 'with\nlines')]).split('\n');
  assert.equal(
    lines.map((line) => line.length),
    [80, 80, 80],
  );
  assert.match(lines[1]!, /^abc00000 {2}x+… {2}RUNNING {6}8 {2}1:02:03 {2}123$/);
  assert.match(lines[2]!, 'with lines');
});

attach.run();
