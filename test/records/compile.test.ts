import { execFileSync } from 'node:child_process';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from '../../engine/records/compile.js';

const compiling = suite('compile');

compiling('names in the source are bound to the values', () => {
  assert.is(compile('sum', 'return a + b;', ['a', 'b'], [2, 3]), 5);
});

compiling('errors thrown by generated code show the name of the code in their stack', () => {
  const fail = compile<() => never>('demo', "return () => { throw new Error('x'); };", [], []);
  try {
    fail();
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).stack!, /sluice:demo/);
  }
});

compiling('a syntax error is not taken for a ban on generated code', () => {
  assert.throws(
    () => compile('broken', 'return (', [], []),
    (error: Error) => error instanceof SyntaxError,
  );
});

compiling('where code generation is forbidden the error has a code of its own', () => {
  const url = new URL('../../engine/records/compile.js', import.meta.url).href;
  const program = `import { compile } from ${JSON.stringify(url)};
    try { compile('x', 'return 1;', [], []); } catch (error) { console.log(error.code); }`;
  const flags = ['--disallow-code-generation-from-strings', '--input-type=module', '-e', program];
  assert.is(execFileSync(process.execPath, flags, { encoding: 'utf8' }).trim(), 'CODEGEN_FORBIDDEN');
});

compiling.run();
