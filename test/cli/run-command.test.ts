import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const run = suite('sluice run');
const folder = mkdtempSync(join(tmpdir(), 'sluice-test-run-'));
run.after(() => rmSync(folder, { recursive: true }));
writeFileSync(join(folder, 'job.ts'), "import { job } from 'sluice';\nexport default job('a', () => {});\n");

const url = (path: string) => JSON.stringify(new URL(`../../engine/${path}`, import.meta.url).href);

/**
 * A stand-in for the engine: its run ends after `ms` (0: never), or when stopped or cancelled, and tells on stdout what
 * was asked of it.
 */
const STAND_IN = (ms: number, stopMs: number) => `
  import { runCommand } from ${url('cli/run-command.js')};
  import { readCommand } from ${url('cli/command.js')};
  import { errorText } from ${url('cli/error-report.js')};
  import { exitCodeOf } from ${url('cli/exit-codes.js')};
  import { SluiceError } from ${url('base/errors.js')};
  const startJob = async ({ job }, options) => {
    console.log('start', job.name, JSON.stringify(options.params), JSON.stringify(options.optionLayers));
    let end, fail;
    const finished = new Promise((resolve, reject) => { end = resolve; fail = reject; });
    const summary = { job: 'a', state: 'FINISHED', durationMs: 1234, runningMs: 1000, recordsIn: 10, recordsOut: 5, lateRecords: 1, droppedRecords: 0, tasks: [], peakRssBytes: 1, segmentBytes: 2, limit: null, outputs: ['/x/out.csv'] };
    const alive = setInterval(() => {}, 1000);
    finished.finally(() => clearInterval(alive)).catch(() => {});
    if (${ms} > 0) setTimeout(() => end(summary), ${ms});
    if (${ms} < 0) fail(new SluiceError('USER_FUNCTION_FAILED', 'map threw', { cause: new Error('deep') }));
    console.log('started');
    if (options.params?.p === 'slow')
      await new Promise((_, reject) => {
        options.signal.onabort = () => { clearInterval(alive); reject(new SluiceError('RUN_ABORTED', 'x')); };
      });
    return { job: 'a', id: 'x', finished, url: options.serve ? 'http://there:' + JSON.stringify(options.serve) : null,
      stop: () => { console.log('stop'); if (${stopMs} >= 0) setTimeout(() => end({ ...summary, state: 'STOPPED' }), ${stopMs}); return finished; },
      cancel: async () => { console.log('cancel'); },
      notices: options.params?.p === 'short' ? ['lowered it to fit'] : [],
      metrics: () => ({ job: 'a', state: 'RUNNING', elapsedMs: 1, recordsIn: 1, recordsInPerSecond: 1, segmentBytes: 1, writesToStdout: false, tasks: [], vertices: [] }) };
  };
  try {
    process.exitCode = await runCommand(readCommand(process.argv.slice(1)), startJob);
  } catch (error) { console.error(errorText(error)); process.exitCode = exitCodeOf(error); }
`;

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function runWith(
  args: readonly string[],
  ms: number,
  signals: readonly NodeJS.Signals[] = [],
  stopMs = 0,
  gapMs = 300,
): Promise<Ended> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', STAND_IN(ms, stopMs), '--', ...args], {
    cwd: folder,
  });
  const out = collect(child.stdout!);
  const err = collect(child.stderr!);
  if (signals.length > 0) {
    await untilText(out, 'started');
    for (const [at, signal] of signals.entries()) {
      if (at > 0) await untilText(err, 'once more');
      if (at > 0) await new Promise((resolve) => setTimeout(resolve, gapMs));
      child.kill(signal);
    }
  }
  const code = await exitOf(child);
  return { code, stdout: out.text, stderr: err.text };
}

function collect(stream: NodeJS.ReadableStream): { text: string } {
  const collected = { text: '' };
  stream.on('data', (chunk) => (collected.text += String(chunk)));
  return collected;
}

async function untilText(collected: { text: string }, text: string): Promise<void> {
  for (let tries = 0; tries < 500 && !collected.text.includes(text); tries++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.match(collected.text, text);
}

function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.on('close', resolve));
}

run('a finished job exits with 0 and says on stderr what came of it and where', async () => {
  const { code, stdout, stderr } = await runWith(
    ['run', 'job.ts', '--param', 'p=short', '--parallelism', '2'],
    50,
  );
  assert.is(code, 0);
  assert.match(
    stdout,
    'start a {"p":"short"} [{"origin":"--parallelism","values":{"parallelism.default":"2"}}]',
  );
  assert.match(stderr, 'lowered it to fit\n');
  assert.match(stderr, 'a FINISHED in 0:01.2: 10 records in, 5 out, 1 late\noutput: /x/out.csv\n');
});

run('--json prints one object on stdout and nothing on stderr, --quiet nothing at all', async () => {
  const { stdout, stderr } = await runWith(['run', 'job.ts', '--json'], 50);
  assert.is(JSON.parse(stdout.trim().split('\n').at(-1)!).state, 'FINISHED');
  assert.is(stderr, '');
  const quiet = await runWith(['run', 'job.ts', '--quiet'], 50);
  assert.equal([quiet.stderr, quiet.stdout.trim().split('\n').at(-1)], ['', 'started']);
});

run('a job with a named input is refused: a command has no rows for it', async () => {
  const text =
    "import { job, t } from 'sluice';\nexport default job('fed', { inputs: { rows: t.record({ n: t.int32 }) } }, ({ rows }) => ({ out: rows }));\n";
  writeFileSync(join(folder, 'fed.ts'), text);
  const { code, stdout, stderr } = await runWith(['run', 'fed.ts'], 50);
  assert.equal([code, stdout], [2, '']);
  assert.match(stderr, /ARGUMENT_INVALID: job 'fed' has the input 'rows', which a program gives rows to/);
});

run('a signal while the job starts abandons it, and it is said that nothing came of it', async () => {
  const { code, stderr } = await runWith(['run', 'job.ts', '--param', 'p=slow'], 0, ['SIGINT']);
  assert.is(code, 130);
  assert.match(
    stderr,
    'Ctrl-C: stopping; once more to end at once\nstopped before the job began; no output was touched\n',
  );
});

run('a failed job exits with 1 and says why', async () => {
  const { code, stderr } = await runWith(['run', 'job.ts'], -1);
  assert.is(code, 1);
  assert.match(stderr, /^USER_FUNCTION_FAILED: map threw\n {2}because Error: deep/);
});

run('an option that is wrong exits with 2 before anything starts', async () => {
  const { code, stdout } = await runWith(['run', 'job.ts', '-D', 'parallelism.default=0'], 50);
  assert.equal([code, stdout], [2, '']);
});

run('--serve serves the run, with the token of the environment, and says where', async () => {
  process.env['SLUICE_TOKEN'] = 'secret';
  const { stderr } = await runWith(['run', 'job.ts', '--serve', '9000'], 50);
  delete process.env['SLUICE_TOKEN'];
  assert.match(stderr, 'serving http://there:{"port":9000,"token":"secret"}\n');
  assert.not.match((await runWith(['run', 'job.ts'], 50)).stderr, 'serving');
});

run('options of Flink without a meaning are named once on stderr', async () => {
  const { stderr } = await runWith(['run', 'job.ts', '-D', 'rest.path=/x'], 50);
  assert.match(stderr, '-D: options of Flink without a meaning here are ignored: rest.path\n');
});

run('Ctrl-C stops the job gracefully and exits with 130, SIGTERM with 143', async () => {
  const interrupted = await runWith(['run', 'job.ts'], 0, ['SIGINT']);
  assert.is(interrupted.code, 130);
  assert.match(interrupted.stdout, 'stop');
  assert.not.match(interrupted.stdout, 'cancel');
  assert.match(interrupted.stderr, 'a STOPPED');
  assert.is((await runWith(['run', 'job.ts'], 0, ['SIGTERM'])).code, 143);
});

run('a second Ctrl-C cancels and ends at once, also when stopping takes for ever', async () => {
  const { code, stdout } = await runWith(['run', 'job.ts'], 0, ['SIGINT', 'SIGINT'], -1);
  assert.is(code, 130);
  assert.match(stdout, 'cancel');
});

run('the same signal delivered twice is one', async () => {
  const { code, stdout } = await runWith(['run', 'job.ts'], 0, ['SIGINT', 'SIGINT'], 300, 0);
  assert.is(code, 130);
  assert.not.match(stdout, 'cancel');
});

run.run();
