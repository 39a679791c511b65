import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BenchFolder } from '../kit/bench-folder.js';
import { jobPath } from '../kit/run-kit.js';
import { checkTrace } from '../kit/trace-kit.js';

const flags = suite('sluice run --trace, SLUICE_LOG');
const folder = new BenchFolder('run', { SLUICE_LOG: 'credit' });
const mistaken = new BenchFolder('run', { SLUICE_LOG: 'credits' });
flags.after(() => {
  for (const { path } of [folder, mistaken]) rmSync(path, { recursive: true });
});

const JOB = [jobPath('counted'), '--parallelism', '1', '--param', 'ticks=60000'] as const;

flags('the log is on standard error, a line each, and the trace in its file', async () => {
  const { code, stderr } = await folder.run(...JOB, '--trace', 'out.json');
  assert.is(code, 0, stderr);
  const lines = stderr.trimEnd().split('\n');
  const logged = lines.filter((line) => line.startsWith('credit'));
  const form =
    /^credit +\d+\.\d{6} s {2}[a-z >-]+ \(0\) {2}(channel [0-2]\.0 (to|from) [a-z >-]+ \(0\): \S|left out in)/;
  assert.equal(
    logged.filter((line) => !form.test(line)),
    [],
  );
  for (const what of [
    'takes credit #0;',
    'grants credit #2, a floating segment',
    'pauses: ',
    'resumes after ',
  ])
    assert.ok(stderr.includes(what), `${what} in\n${stderr}`);
  const rest = lines.filter((line) => !line.startsWith('credit'));
  assert.match(
    rest.join('\n'),
    /^counted FINISHED [^\n]*\ntrace: out\.json, for https:\/\/ui\.perfetto\.dev$/,
  );
  const { slices } = checkTrace(readFileSync(join(folder.path, 'out.json'), 'utf8'));
  assert.ok([...slices.keys()].filter((track) => !track.endsWith('collections')).length >= 4);
});

flags('a log that is none is told with what there is', async () => {
  const { code, stderr } = await mistaken.run(...JOB);
  assert.is(code, 2);
  assert.match(stderr, /SLUICE_LOG=credits: .*there is credit/);
});

flags.run();
