import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Diagnosis } from '../../../engine/control/diagnosis/diagnosis.js';
import { start } from '../../../engine/control/engine.js';
import { jobPath, later } from '../../kit/run-kit.js';

/** Bottlenecks that were planted into a running job, and what is said of them. */
const planted = suite('planted bottlenecks');
const PLANTED = jobPath('planted');

/** Looks again until the job is said to be limited, or healthy, as it should be; the runner ends a file that takes too long. */
async function diagnosed(
  params: Record<string, string | number>,
  isRight: (of: Diagnosis) => boolean,
): Promise<Diagnosis> {
  const run = await start(PLANTED, { params });
  let last = '';
  const complaint = setTimeout(() => process.stderr.write(`still: ${last}\n`), 12_000);
  try {
    for (;;) {
      await later(50);
      const diagnosis = run.diagnose();
      last = JSON.stringify(diagnosis, null, 1);
      if (isRight(diagnosis)) return diagnosis;
    }
  } finally {
    clearTimeout(complaint);
    await run.cancel();
  }
}

const names =
  (cause: string, vertex: RegExp) =>
  ({ verdict, findings }: Diagnosis): boolean =>
    verdict === 'limited' && findings[0]!.cause === cause && vertex.test(findings[0]!.name);

planted('a function that takes long is found', async () => {
  const { findings } = await diagnosed({ cause: 'cpu', parallelism: 1 }, names('cpu', /^second/));
  assert.is(findings[0]!.severity, 'limit');
});

planted('a key that most records have is found, by the subtask that gets them', async () => {
  const { findings } = await diagnosed({ cause: 'key-skew' }, names('key-skew', /^total/));
  assert.ok(findings[0]!.subtask !== null);
  assert.match(findings[0]!.reason, /1 of 2 subtasks gets \d\d % of the records/);
});

planted('a job that keeps up with its source is healthy, and says what shows it', async () => {
  const isHealthy = ({ verdict }: Diagnosis): boolean => verdict === 'healthy';
  const { summary, findings } = await diagnosed({ cause: 'none', rate: 200 }, isHealthy);
  assert.match(
    summary,
    /^every task keeps up: no backpressure, the busiest is .* at \d+ %, buffers filled up to \d+ %$/,
  );
  assert.ok(findings.every(({ cause, severity }) => cause === 'source-rate' && severity === 'hint'));
});

planted.run();
