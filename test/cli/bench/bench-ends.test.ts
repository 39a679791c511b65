import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BenchFolder, SHORT } from '../../kit/bench-folder.js';
import { jobPath, until } from '../../kit/run-kit.js';

/** What ends a bench before all was measured, and what is told meanwhile. */
const ends = suite('ends of a bench');
const own = new BenchFolder();
ends.after(() => rmSync(own.path, { recursive: true }));

for (const [where, text] of [
  ['while it is loaded', 'began(); for (;;);'],
  ['while it is called', 'export default () => { began(); for (;;); };'],
] as const)
  ends(`a function to compare with that does not come back ${where} is ended by Ctrl-C`, async () => {
    const note = join(own.path, `began ${where}`);
    const began = `const began = () => writeFileSync(${JSON.stringify(note)}, '');`;
    const module = own.write('endless.ts', `import { writeFileSync } from 'node:fs';\n${began}\n${text}`);
    const { child, ended } = own.begin([jobPath('benched'), ...SHORT, '--against', module]);
    await Promise.race([until(() => existsSync(note)), ended]);
    child.kill('SIGINT');
    await ended;
    assert.is(child.signalCode, 'SIGINT');
  });

const SPILLING = `
import { job, t } from 'sluice';
import { discard, generate } from 'sluice/connectors';
const Visit = t.record({ n: t.int64, place: t.category });
export default job('spilling', (flow) => {
  flow.from(generate({ schema: Visit, make: (n) => ({ n, place: 'place ' + (n % 100) }) })).rebalance().to(discard());
});`;

ends('what every run of the job warns of is told once', async () => {
  const args = ['-D', 'sluice.category.max-values=10', '--json'];
  const { code, stderr } = await own.run(own.write('spilling.ts', SPILLING), ...SHORT, ...args);
  assert.is(code, 0);
  assert.match(stderr, /^CATEGORY_SPILLED: [^\n]* 'place' travel as strings[^\n]*\n$/);
});

const STALLING = SPILLING.replace('make:', 'ratePerSecond: 0.001, make:');

ends('a job without records is an error, and nothing is left of it', async () => {
  const { code, stdout, stderr } = await own.run(own.write('stalling.ts', STALLING), ...SHORT);
  assert.equal([code, stdout], [2, '']);
  assert.match(stderr, /^BENCH_RATE_UNSTEADY: no record came in \d+ ms/);
});

ends.run();
