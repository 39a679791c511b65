import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { jobPath } from '../../kit/run-kit.js';

const processes = suite('processes with live runs');
const ENGINE = new URL('../../../engine/index.js', import.meta.url).href;
const EXAMPLE = fileURLToPath(new URL('../../../../../examples/alerts-application.mjs', import.meta.url));

/** What a program prints until it ends by itself; the runner ends a test file that takes too long. */
async function outputOf(args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, ['-C', 'sluice-checked', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (text += part));
  const code = await new Promise((resolve) => child.on('close', resolve));
  return `${text.trim()} exit ${code}`;
}

const programOf = (text: string): readonly string[] => [
  '--input-type=module',
  '-e',
  `import { start } from '${ENGINE}'; const run = await start('${jobPath('wire')}', { parallelism: 1 }); ${text}`,
];

processes(
  'a process does not end while its live run waits for input, and ends when the run has ended',
  async () => {
    const waiting = `
    setTimeout(() => run.inputs.rows.end(), 500).unref();
    for await (const row of run.outputs.out);
    console.log((await run.finished).state);`;
    assert.is(await outputOf(programOf(waiting)), 'FINISHED exit 0');
  },
);

processes('nothing of a stopped or a cancelled run keeps the process alive', async () => {
  const stopped = 'run.inputs.rows.tryPush({ n: 1 }); await run.stop(); console.log(run.metrics().state);';
  assert.is(await outputOf(programOf(stopped)), 'STOPPED exit 0');
  const cancelled = `
    void run.inputs.rows.push({ n: 1 });
    const reading = run.outputs.out[Symbol.asyncIterator]();
    await reading.next();
    const next = reading.next().catch((error) => error.code);
    await run.cancel();
    console.log(await next);`;
  assert.is(await outputOf(programOf(cancelled)), 'RUN_ABORTED exit 0');
});

processes('the example tells of the users that a plain loop finds', async () => {
  const spent = new Map<string, number>();
  const above = new Set<string>();
  for (let i = 0; i < 100_000; i++) {
    const user = `user-${i % 1000}`;
    spent.set(user, (spent.get(user) ?? 0) + ((i * 7919) % 100_000));
    if (spent.get(user)! > 5_000_000) above.add(user);
  }
  assert.ok(above.size > 0 && above.size < 1000);
  const text = await outputOf([EXAMPLE]);
  const told = [...text.matchAll(/^(user-\d+) has spent/gm)].map(([, user]) => user);
  assert.equal(told.sort(), [...above].sort());
  assert.match(text, new RegExp(`100000 payments, ${above.size} users above their limit.* exit 0$`));
});

processes.run();
