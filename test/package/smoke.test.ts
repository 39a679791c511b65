import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { repositoryRoot } from '../kit/sources.js';

const smoke = suite('smoke');
const CLI = fileURLToPath(new URL('../../engine/cli/main.js', import.meta.url));
const JOB = join(repositoryRoot, 'test/package/project/job.ts');

for (const parallelism of [1, 2]) {
  smoke(`a job runs from the command line at parallelism ${parallelism}`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-smoke-'));
    try {
      const output = join(folder, 'out.ndjson');
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        [CLI, 'run', JOB, '--param', `output=${output}`, '--parallelism', `${parallelism}`, '--json'],
        { encoding: 'utf8', timeout: 60_000 },
      );
      assert.is(status, 0, stderr);
      const { job, state, recordsIn } = JSON.parse(stdout);
      assert.equal({ job, state, recordsIn }, { job: 'readings', state: 'FINISHED', recordsIn: 10_000 });
      const rows = readFileSync(output, 'utf8').trimEnd().split('\n');
      assert.is(rows.length, 7);
      const readings = rows.map((row) => Number(JSON.parse(row).readings));
      assert.is(
        readings.reduce((sum, count) => sum + count, 0),
        9_999,
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

smoke.run();
