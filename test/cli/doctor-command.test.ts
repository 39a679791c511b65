import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { diagnosisText } from '../../engine/cli/diagnosis-text.js';
import type { Diagnosis, Finding } from '../../engine/control/diagnosis/diagnosis.js';
import type { Episode } from '../../engine/control/diagnosis/diagnosis-history.js';
import { BenchFolder } from '../kit/bench-folder.js';
import { jobPath } from '../kit/run-kit.js';

const doctors = suite('sluice doctor');
const folder = new BenchFolder('doctor');
doctors.after(() => rmSync(folder.path, { recursive: true }));

const FINDING: Finding = {
  cause: 'key-skew',
  severity: 'limit',
  share: 0.8,
  vertex: 'v',
  name: 'window(tumbling 1d) -> enrich -> csv',
  subtask: 1,
  reason: 'key skew: 1 of 4 subtasks gets 71 % of the records',
  evidence: ['busy 99 %', 'parquet -> eventTime -> filter backpressured 93 %', 'csv idle 88 %'],
  advice: "add up before keyBy('origin'), or spread the heavy keys over several",
  gain: 2.9,
};
const DIAGNOSIS: Diagnosis = {
  job: 'flights',
  verdict: 'limited',
  summary: 'it is held up',
  findings: [FINDING, { ...FINDING, cause: 'garbage', severity: 'hint', reason: 'garbage', gain: null }],
  windowMs: 1_000,
  history: [],
};

doctors('the text is as narrow as asked, loses no word, and tells what else is worth a change', () => {
  for (const columns of [40, 60, 80, 200]) {
    const lines = diagnosisText(DIAGNOSIS, { finding: FINDING, share: 0.87 }, columns);
    assert.ok(
      lines.every((line) => line.length <= columns),
      lines.join('\n'),
    );
    const text = lines.join(' ').replace(/ +/g, ' ');
    assert.match(text, /^held up by window\(tumbling 1d\) -> enrich -> csv, subtask 1, for 87 % of the time/);
    for (const part of [
      ...FINDING.evidence,
      FINDING.advice!,
      'at best 2.9x',
      'also window',
      'reason garbage',
    ])
      assert.ok(text.includes(part), `${part} in\n${text}`);
  }
  const healthy = diagnosisText({ ...DIAGNOSIS, verdict: 'healthy', findings: [] }, null, 80);
  assert.equal(healthy, ['healthy     it is held up']);
});

doctors(
  'of a job that was not watched what holds it up now is told, and what did in the last minutes',
  () => {
    const episode = (fromMs: number, toMs: number, cause: Episode['cause']): Episode => ({
      ...{ fromMs, toMs, cause },
      ...(cause === null ? { name: null, subtask: null } : { name: 'total', subtask: 1 }),
    });
    const history = [
      episode(0, 40_000, null),
      episode(40_900, 41_000, 'cpu'),
      episode(42_000, 60_000, 'key-skew'),
    ];
    const lines = diagnosisText({ ...DIAGNOSIS, history }, null, 200);
    assert.is(lines[0], 'held up by  window(tumbling 1d) -> enrich -> csv, subtask 1');
    assert.is(lines.filter((line) => line.startsWith('held up by')).length, 1);
    assert.is(lines.filter((line) => line.startsWith('also')).length, 1, 'it is not told twice');
    assert.is(
      lines.at(-1),
      'lately      healthy from 60 s to 20 s ago, total (cpu) 19 s ago, total (key-skew) from 18 s to 0 s ago',
    );
  },
);

doctors('a job is looked at, told what holds it up, and nothing of it is committed', async () => {
  const args = [jobPath('endless'), '--parallelism', '1', '--param', 'output=rows.ndjson', '--seconds', '2'];
  const { code, stdout, stderr } = await folder.run(...args, '--json');
  assert.is(code, 0, stderr);
  const { job, verdict, limit } = JSON.parse(stdout) as Diagnosis & {
    limit: { finding: Finding; share: number };
  };
  assert.equal([job, verdict], ['endless', 'limited']);
  assert.ok(limit.share > 0.3 && limit.share <= 1);
  assert.not(existsSync(join(folder.path, 'rows.ndjson')));
});

doctors('Ctrl-C ends it early, without a verdict', async () => {
  const { child, ended } = folder.begin([jobPath('endless'), '--parallelism', '1', '--seconds', '600']);
  setTimeout(() => child.kill('SIGINT'), 1_500);
  const { code, stdout, stderr } = await ended;
  assert.equal([code, stdout], [130, '']);
  assert.match(stderr, /nothing of the job was committed/);
});

doctors('flags that make no sense are refused', async () => {
  const { code, stderr } = await folder.run('job.ts', '--seconds', 'soon');
  assert.is(code, 2);
  assert.match(stderr, /sluice doctor: --seconds is a number from 0.05 to 3600, not 'soon'/);
});

doctors.run();
