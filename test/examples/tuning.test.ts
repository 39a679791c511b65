import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { tuning } from '../../bench/tuning.bench.js';
import { loadJob } from '../../engine/control/job-file/job-loader.js';
import { runInline } from '../../engine/testing/run-inline.js';

/** Replays: what changes the speed of a job does not change its answer. */
const replays = suite('replays of tuning');
const FOLDER = fileURLToPath(new URL('../../../../examples/tuning', import.meta.url));
const NAMES = readdirSync(FOLDER).flatMap((file) => /^(.*)\.ts$/.exec(file)?.[1] ?? []);
const RECORDS = 400;
const folder = mkdtempSync(join(tmpdir(), 'sluice-replays-'));
replays.after(() => rmSync(folder, { recursive: true, force: true }));

async function rowsOf(name: string, mode: string, parallelism: number): Promise<readonly unknown[]> {
  const { job } = await loadJob(join(FOLDER, `${name}.ts`));
  const output = join(folder, `${name}-${mode}-${parallelism}.ndjson`);
  await runInline(job, { parallelism, params: { mode, records: RECORDS, output } });
  const lines = readFileSync(output, 'utf8').trimEnd().split('\n');
  return lines.sort().map((line) => JSON.parse(line));
}

for (const name of NAMES)
  replays(`${name} gives the same rows before and after, with one subtask and with three`, async () => {
    const before = await rowsOf(name, 'before', 1);
    assert.ok(before.length > 1);
    for (const [mode, parallelism] of [['after', 1], ['before', 3], ['after', 3]] as const) // biome-ignore format: short
      assert.equal(await rowsOf(name, mode, parallelism), before, `${mode}, ${parallelism}`);
  });

replays('hot-key adds up what a plain loop adds up', async () => {
  const weights = new Map<string, number>();
  for (let n = 0; n < RECORDS; n++) {
    const site = n % 10 < 8 ? 'front' : `site-${n % 50}`;
    weights.set(site, (weights.get(site) ?? 0) + 1 + (n % 3));
  }
  const rows = (await rowsOf('hot-key', 'after', 2)) as readonly { site: string; weight: number }[];
  assert.equal(new Map(rows.map(({ site, weight }) => [site, weight])), weights);
});

replays('each is measured', () => {
  const measured = new Set(tuning.comparisons.map(({ name }) => name));
  assert.equal(
    NAMES.filter((name) => !measured.has(name)),
    [],
  );
});

replays.run();
