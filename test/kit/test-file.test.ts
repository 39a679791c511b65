import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type FileReport, runTestFile } from './test-file.js';

const runner = suite('test runner');
const LIMITS = { timeoutMs: 20_000, exitMs: 700 };

function run(fixture: string, limits = LIMITS): Promise<FileReport> {
  return runTestFile(fileURLToPath(new URL(`./fixtures/${fixture}.js`, import.meta.url)), limits);
}

runner('a file whose tests all pass is counted', async () => {
  const { passed, failed, skipped, faults } = await run('passing');
  assert.equal({ passed, failed, skipped, faults }, { passed: 2, failed: 0, skipped: 1, faults: [] });
});

runner('a failing test is counted once and its output is kept, with the line of the source', async () => {
  const { passed, failed, output } = await run('failing');
  assert.equal({ passed, failed }, { passed: 1, failed: 1 });
  assert.match(output, 'two and two are five');
  assert.match(output, 'fixtures/failing.ts:6');
});

// Every file that uvu alone would let pass, or would wait for for ever.
// biome-ignore format: a table
const FAULTS: readonly (readonly [fixture: string, fault: RegExp])[] = [
  ['before-throws',  /ended early yet exited with 0/],
  ['not-an-error',   /ended early yet exited with 0/],
  ['never-run',      /reported nothing/],
  ['no-tests',       /has no tests/],
  ['leaked-handle',  /did not exit within 700 ms/],
  ['leaked-process', /left a process running/],
  ['unsettled',      /exited with code/],
  ['exits',          /exited with code 1/],
  ['rejects-later',  /exited with code 1/],
];

for (const [fixture, fault] of FAULTS) {
  runner(`the file ${fixture} fails`, async () => {
    const report = await run(fixture);
    assert.ok(report.failed > 0, `${fixture} was let pass`);
    assert.match(report.faults.join('; '), fault);
  });
}

runner('a leaked handle is named', async () => {
  assert.match((await run('leaked-handle')).output, /still open: .*Timeout/);
});

runner('a file that hangs is ended and fails', async () => {
  const report = await run('hanging', { timeoutMs: 800, exitMs: 700 });
  assert.match(report.faults.join('; '), /timed out after 800 ms/);
});

runner('a filter that matches no file fails', () => {
  const entry = fileURLToPath(new URL('../run.js', import.meta.url));
  const { status, stdout } = spawnSync(process.execPath, [entry, 'no-such-file'], { encoding: 'utf8' });
  assert.is(status, 1);
  assert.match(stdout, /\n0 passed, 1 failed, 0 skipped\n$/);
});

runner.run();
