import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { showProgress } from '../../engine/cli/progress.js';
import { start } from '../../engine/control/engine.js';
import type { Run } from '../../engine/control/run.js';

const progress = suite('progress');
const folder = mkdtempSync(join(tmpdir(), 'sluice-test-progress-'));
progress.after(() => rmSync(folder, { recursive: true }));

/** What a terminal got at once from a run that prints on stdout, or does not. */
function drawnAtOnce(stdoutIsTTY: boolean, writesToStdout: boolean): string {
  let drawn = '';
  const terminal = { isTTY: true, columns: 80, rows: 24, write: (text: string) => (drawn += text) !== '' };
  const metrics = () => ({
    job: 'a',
    state: 'RUNNING',
    elapsedMs: 1,
    recordsIn: 1,
    recordsInPerSecond: 1,
    segmentBytes: 1,
    writesToStdout,
    tasks: [],
    vertices: [],
  });
  const before = process.stdout.isTTY;
  process.stdout.isTTY = stdoutIsTTY;
  try {
    showProgress({ metrics } as unknown as Run, terminal as unknown as NodeJS.WriteStream, false).stop(false);
  } finally {
    process.stdout.isTTY = before;
  }
  return drawn;
}

progress('a run is drawn in place, unless it prints rows on the same terminal', () => {
  assert.match(drawnAtOnce(true, false), 'a  RUNNING');
  assert.match(drawnAtOnce(false, true), 'a  RUNNING');
  assert.is(drawnAtOnce(true, true), '');
});

progress('the figures of a run tell whether it prints on stdout', async () => {
  for (const [sink, writesToStdout] of [
    ['.print()', true],
    ['.to(discard())', false],
  ] as const) {
    const file = join(folder, `job-${writesToStdout}.ts`);
    writeFileSync(
      file,
      `import { job } from 'sluice';
import { collection, discard } from 'sluice/connectors';
export default job('p', (flow) => { flow.from(collection([]))${sink}; });
`,
    );
    const run = await start(file, { parallelism: 1 });
    assert.is(run.metrics().writesToStdout, writesToStdout);
    await run.finished;
  }
});

progress.run();
