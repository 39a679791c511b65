import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { SluiceError } from '../../engine/base/errors.js';
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
  const error = new SluiceError('USER_FUNCTION_FAILED', "map of 'enrich' threw", { cause: thrownAt(2, 9) });
  assert.equal(errorText(error).split('\n'), [
    "USER_FUNCTION_FAILED: map of 'enrich' threw",
    '  because TypeError: boom is not a function',
    `  at ${file}:2:9`,
    '  2 | \treturn boom(x);',
    '      \t       ^',
    '  A function of the job threw; the message names operator, subtask and record, and the cause is the original error.',
  ]);
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
    '\n  at /gone/job.ts:1:2\n',
  );
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
    'OUTPUT_WRITE_FAILED',
    'PLAN_MISMATCH',
    'USER_FUNCTION_FAILED',
    'WORKER_EXITED',
    'TASK_FAILED',
  ] as const;
  assert.equal(
    codes.map((code) => exitCodeOf(new SluiceError(code, 'x'))),
    [2, 2, 2, 2, 2, 1, 1, 1],
  );
  assert.is(
    exitCodeOf(new SluiceError('TASK_FAILED', 'x', { cause: new SluiceError('INPUT_INVALID', 'y') })),
    2,
  );
  assert.is(exitCodeOf(new Error('x')), 1);
});

report.run();
