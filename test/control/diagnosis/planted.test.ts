import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Diagnosis, Finding } from '../../../engine/control/diagnosis/diagnosis.js';
import { start } from '../../../engine/control/engine.js';
import type { Run } from '../../../engine/control/run.js';
import { jobPath, later, type Relay } from '../../kit/run-kit.js';

/** Bottlenecks that were planted into a running job, and what is said of them. */
const planted = suite('planted bottlenecks');
const PLANTED = jobPath('planted');

/** Looks again until the job is said to be limited, or healthy, as it should be; the runner ends a file that takes too long. */
async function diagnosed(
  params: Record<string, string | number>,
  isRight: (of: Diagnosis) => boolean,
  examined: (run: Run) => Promise<Diagnosis> | Diagnosis = (run) => run.diagnose(),
): Promise<Diagnosis> {
  const run = await start(PLANTED, { params });
  let last = '';
  const complaint = setTimeout(() => process.stderr.write(`still: ${last}\n`), 12_000);
  try {
    for (;;) {
      await later(50);
      const diagnosis = await examined(run);
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

const source = readFileSync(PLANTED, 'utf8').split('\n');

planted(
  'a function that takes long is found, by name and line, and a filter that should be before the exchange',
  async () => {
    const { findings } = await diagnosed(
      { cause: 'cpu', parallelism: 1, keepOneOf: 4 },
      // Where other programs have the cores, that is what is said first.
      (of) => ['cpu', 'few-cores'].some((cause) => names(cause, /second/)(of)) && hot(of) !== null,
      (run) => run.examine({ seconds: 0.3 }),
    );
    assert.is(findings[0]!.severity, 'limit');
    const [, share, line] = hot({ findings })!;
    assert.ok(Number(share) > 25 && Number(share) <= 100, share);
    assert.match(source[Number(line) - 1]!, /hash = /, 'the line of the loop');
    assert.equal([findings[1]!.cause, findings[1]!.severity], ['late-filter', 'hint']);
    assert.match(findings[1]!.reason, /its filters let 2[0-9] % of them through$/);
  },
);

/** Share and line of the function that the evidence names; V8 may have made it one with the one around it. */
function hot({ findings }: Pick<Diagnosis, 'findings'>): readonly string[] | null {
  const line = findings[0]!.evidence.find((each) => /CPU in (burn|\(anonymous\))/.test(each));
  return /^(\d+) % of its CPU in \S+ \(.*planted\.ts:(\d+)\)$/.exec(line ?? '');
}

planted('a key that most records have is found, by its name and the subtask that gets it', async () => {
  // Where other programs have the cores, that is what is said first.
  const skew = ({ findings }: Diagnosis): Finding | undefined =>
    findings.find(
      ({ cause, name, reason }) => cause === 'key-skew' && name === 'total' && /alone/.test(reason),
    );
  const { subtask, reason, evidence } = skew(
    await diagnosed({ cause: 'key-skew' }, (of) => of.verdict === 'limited' && skew(of) !== undefined),
  )!;
  assert.ok(subtask !== null);
  const [, share, error] =
    /gets \d\d % of the records; key "user-17" alone (\d+) %, give or take (\d+) %$/.exec(reason)!;
  // The generator gives it 8 of 10; the shares of the subtasks are of one second.
  assert.ok(Math.abs(Number(share) - 80) <= 2 * Number(error) + 5, reason);
  assert.ok(evidence.some((each) => /^of [\d,]+ of its rows, by key: "user-17" \d+ %$/.test(each)));
});

planted('an output that is read slowly is no fault of the job', async () => {
  const run = await start<Relay>(jobPath('relay'), { params: { ticks: true } });
  try {
    const rows = run.outputs.numbers[Symbol.asyncIterator]();
    for (;;) {
      await rows.next();
      await later(20);
      const { verdict, findings } = run.diagnose();
      const [first] = findings;
      if (verdict !== 'limited' || first!.cause !== 'output-reader') continue;
      assert.match(first!.name, /^numbers$/);
      break;
    }
  } finally {
    await run.cancel();
  }
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
