import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromWire, SluiceError, toWire } from '../../engine/base/errors.js';
import { errorJson, errorText } from '../../engine/cli/error-report.js';
import { exitCodeOf } from '../../engine/cli/exit-codes.js';

const report = suite('error report');
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'sluice-test-report-')));
report.after(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'job.ts');
writeFileSync(file, 'line one\n\treturn boom(x);\n');

function thrownAt(line: number, column: number): Error {
  const error = new TypeError('boom is not a function');
  error.stack = `TypeError: boom is not a function\n    at Map.fn (file://${file}:${line}:${column})\n    at node:internal/x:1:1`;
  return error;
}

report("a person gets code, what, the user's line and the cure", () => {
  const error = new SluiceError('WORKER_EXITED', 'task 3 ended', { cause: thrownAt(2, 9) });
  assert.equal(errorText(error).split('\n'), [
    'WORKER_EXITED: task 3 ended',
    '  because TypeError: boom is not a function',
    `  at ${file}:2:9`,
    '  2 | \treturn boom(x);',
    '      \t       ^',
    '  A worker thread ended without being asked to; look for process.exit or an out-of-memory error in the job.',
  ]);
});

report('a cure that says nothing beyond the message is left out for a person and kept for a program', () => {
  const error = new SluiceError('JOB_MODULE_MISSING', 'there is no file /x/job.ts');
  assert.is(errorText(error).split('\n')[0], 'JOB_MODULE_MISSING: there is no file /x/job.ts');
  assert.not.match(errorText(error), 'There is no job file');
  assert.is(
    errorJson(error)['cure'],
    'There is no job file at this path; paths are relative to the working folder.',
  );
});

report('several faults get one cure for each code', () => {
  const faults = ['a', 'b'].map((name) => new SluiceError('PARAM_MISSING', `parameter '${name}' is missing`));
  const text = errorText(new SluiceError('PLAN_INVALID', 'job has 2 faults\n  a\n  b', { errors: faults }));
  assert.is(text.split('\n').filter((line) => line.includes('without a default')).length, 1);
});

report('an error without a code is shown with its stack, and a file that is gone only by its place', () => {
  assert.match(errorText(new RangeError('odd')), /^unexpected error: RangeError: odd\n {4}at /);
  const gone = new Error('x');
  gone.stack = 'Error: x\n    at file:///gone/job.ts:1:2';
  assert.match(
    errorText(new SluiceError('JOB_MODULE_FAILED', 'w', { cause: gone })),
    /\n {2}at \/gone\/job\.ts:1:2$/,
  );
});

report('an error from another thread has a cause only where it had one there', () => {
  const wired = fromWire(toWire(new SluiceError('TASK_FAILED', 'x', { cause: new RangeError('y') })));
  assert.equal([Object.hasOwn(wired, 'cause'), (wired.cause as Error).message], [true, 'y']);
  assert.is(Object.hasOwn(wired.cause as Error, 'cause'), false);
});

report('a program gets the same by name', () => {
  const error = new SluiceError('TASK_FAILED', 'w', { detail: { subtask: 1 }, cause: thrownAt(2, 9) });
  const json = JSON.parse(JSON.stringify(errorJson(error)));
  assert.equal(
    [json.code, json.message, json.detail, json.site, json.cause.message],
    ['TASK_FAILED', 'TASK_FAILED: w', { subtask: 1 }, `${file}:2:9`, 'boom is not a function'],
  );
});

report('bad input exits with 2, a job that fails while it runs with 1', () => {
  const codes = [
    'OPTION_UNKNOWN',
    'JOB_MODULE_MISSING',
    'MEMORY_INSUFFICIENT',
    'PLAN_MISMATCH',
    'INPUT_VALUE_INVALID',
    'OUTPUT_ROWS_EXCEEDED',
    'OUTPUT_ROW_INVALID',
    'OUTPUT_WRITE_FAILED',
    'USER_FUNCTION_FAILED',
    'WORKER_EXITED',
    'TASK_FAILED',
  ] as const;
  assert.equal(
    codes.map((code) => exitCodeOf(new SluiceError(code, 'x'))),
    [2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1],
  );
  assert.is(
    exitCodeOf(new SluiceError('TASK_FAILED', 'x', { cause: new SluiceError('INPUT_INVALID', 'y') })),
    2,
  );
  assert.is(exitCodeOf(new Error('x')), 1);
});

report(
  'a file that cannot be written for want of room was an output that cannot be used: 2, elsewhere 1',
  () => {
    const failed = (path: string, code: string) =>
      exitCodeOf(new SluiceError('OUTPUT_WRITE_FAILED', 'x', { detail: { path, code } }));
    assert.equal(
      ['ENOSPC', 'EROFS', 'EDQUOT', 'EIO'].map((code) => failed('/x/out.csv', code)),
      [2, 2, 2, 1],
    );
    assert.is(failed('standard output', 'ENOSPC'), 1);
    const cause = Object.assign(new Error('x'), { code: 'ENOSPC' });
    const wrapped = new SluiceError('OUTPUT_WRITE_FAILED', 'the sink a, subtask 0: x', { cause });
    assert.is(exitCodeOf(fromWire(toWire(new SluiceError('TASK_FAILED', 'x', { cause: wrapped })))), 2);
  },
);

report.run();
