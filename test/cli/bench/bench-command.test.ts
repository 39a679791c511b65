import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { BenchReport } from '../../../engine/control/bench/bench-report.js';
import { BenchFolder, type Outcome, SHORT } from '../../kit/bench-folder.js';
import { jobPath, later, until } from '../../kit/run-kit.js';

const benches = suite('sluice bench');
const own = new BenchFolder();
const folder = own.path;
benches.after(() => rmSync(folder, { recursive: true }));

const bench = (...args: readonly string[]): Promise<Outcome> => own.run(...args);
const write = (name: string, text: string): string => own.write(name, text);

function isSound(report: BenchReport): void {
  assert.equal([report.form, report.repetitions.length], ['sluice-bench-1', 3]);
  for (const { median, low, high, name } of report.figures) {
    assert.ok(low <= median && median <= high && low >= 0 && Number.isFinite(high), name);
  }
  for (const { trials, sustainablePerSecond, latencies, heapBytes } of report.repetitions) {
    const held = trials.filter(({ isHeld }) => isHeld).map(({ perSecond }) => perSecond);
    assert.is(sustainablePerSecond, Math.max(...held));
    assert.equal(
      latencies.map(({ load }) => load),
      [0.5, 0.8],
    );
    for (const { ms, markers } of latencies) {
      assert.ok(ms !== null && markers > 0);
      const rising = [ms.p50, ms.p90, ms.p99, ms.p999, ms.max];
      assert.equal(
        rising,
        [...rising].sort((a, b) => a - b),
      );
    }
    assert.ok(heapBytes! > 0);
  }
  for (const { busy, idle, backpressured, heldBack } of report.vertices)
    assert.ok(Math.abs(busy + idle + backpressured + heldBack - 1) < 0.02, 'times add up');
}

benches(
  'a job without an end is measured; the report can be compared with, against a function, as a page',
  async () => {
    const first = await bench(jobPath('benched'), ...SHORT, '--json');
    assert.equal([first.code, first.stderr], [0, '']);
    const report = JSON.parse(first.stdout) as BenchReport;
    isSound(report);
    assert.equal(
      [report.job, report.sinks, report.options],
      ['benched', 'own', { 'parallelism.default': '1' }],
    );
    assert.equal(
      report.vertices.map(({ name, subtasks }) => [name, subtasks]),
      [
        ['generate -> filter', 1],
        ['aggregate -> discard', 1],
      ],
    );
    write('before.json', first.stdout);
    const against = jobPath('one-thread-count');
    const args = [...SHORT, '--compare', 'before.json', '--against', against, '--html', 'page.html'];
    const second = await bench(jobPath('benched'), ...args);
    assert.equal([second.code, second.stderr], [0, 'report: page.html\n']);
    assert.not.match(second.stdout, /[^\n\P{Cc}]/u);
    for (const word of [
      'sustainable throughput',
      'latency, ms',
      'bottleneck',
      'as one thread',
      'compared',
      'memory: ',
    ])
      assert.match(second.stdout, word);
    for (const line of second.stdout.split('\n')) assert.ok(line.length <= 80, line);
    assert.match(readFileSync(join(folder, 'page.html'), 'utf8'), /<!doctype html>[\s\S]*<\/html>\n$/);
  },
);

const FILE_JOB = `
import { job, t } from 'sluice';
import { generate, ndjson } from 'sluice/connectors';
const Tick = t.record({ n: t.int64 });
export default job('filed', { params: { count: t.int64.default(0) } }, (flow, { count }) => {
  flow.from(generate({ schema: Tick, make: (n) => ({ n }), ...(count > 0 && { count }) }), { ratePerSecond: 5 })
    .uid('ticks').to(ndjson('rows.ndjson'));
});`;

benches('a bounded job is run again and again, at no rate of its own, and leaves no output', async () => {
  write('filed.ts', FILE_JOB);
  const { code, stdout, stderr } = await bench('filed.ts', ...SHORT, '--param', 'count=600000', '--json');
  assert.equal([code, stderr], [0, '']);
  const report = JSON.parse(stdout) as BenchReport;
  isSound(report);
  assert.ok(report.figures[0]!.low > 5, 'the rate that the job gives its source is lifted');
  assert.not.ok(readdirSync(folder).some((name) => name.includes('rows')));
});

benches(
  'sinks that shall be discarded make no file at all, and what a program would get is nobody’s',
  async () => {
    write('out.ts', FILE_JOB.replace("'rows.ndjson'", "'absent/rows.ndjson'"));
    const refused = await bench('out.ts', ...SHORT);
    assert.match(refused.stderr, /^OUTPUT_FOLDER_MISSING/);
    const { code, stdout } = await bench('out.ts', ...SHORT, '--discard-sinks', '--json');
    assert.is(code, 0);
    assert.is((JSON.parse(stdout) as BenchReport).sinks, 'discarded');
    assert.not.ok(existsSync(join(folder, 'absent')));
    write(
      'named.ts',
      `import { job, t } from 'sluice';
     import { generate } from 'sluice/connectors';
     const Tick = t.record({ n: t.int64 });
     export default job('named', ({ from }) => {
       from(generate({ schema: Tick, make: (n) => ({ n }) })).uid('other').print();
       return { ticks: from(generate({ schema: Tick, make: (n) => ({ n }) })).uid('ticks') };
     });`,
    );
    const named = await bench('named.ts', ...SHORT, '--json');
    assert.equal([named.code, named.stderr], [0, '']);
    const lines = named.stdout.trim().split('\n');
    assert.is(lines.length, 1, 'nothing is printed beside the report');
    isSound(JSON.parse(lines[0]!));
  },
);

benches(
  'an input that ends at once is an error that says how long it lasted; a page from before stays',
  async () => {
    write('kept.html', 'a page');
    const args = ['--param', 'count=10', '--html', 'kept.html'];
    const { code, stdout, stderr } = await bench(jobPath('benched'), ...SHORT, ...args);
    assert.equal([code, stdout], [2, '']);
    assert.match(stderr, /^BENCH_INPUT_SHORT: the input of 10 records lasted \d+ ms[\s\S]*--seconds/);
    assert.is(readFileSync(join(folder, 'kept.html'), 'utf8'), 'a page');
  },
);

benches('what goes wrong in the job is told as a run tells it', async () => {
  const { code, stderr } = await bench(jobPath('endless'), ...SHORT, '--param', 'mischief=throw');
  assert.is(code, 1);
  assert.match(stderr, /^USER_FUNCTION_FAILED: mischief at .*endless\.ts.*no more than 1000/);
});

const REFUSED: readonly (readonly [args: readonly string[], told: RegExp])[] = [
  [['--compare', 'missing.json'], /^BENCH_COMPARE_INVALID: missing\.json cannot be read/],
  [['--compare', 'text.json'], /^BENCH_COMPARE_INVALID: text\.json is not what/],
  [['--against', 'missing.ts'], /^JOB_MODULE_MISSING/],
  [['--html', 'absent/page.html'], /^OUTPUT_UNWRITABLE: the report cannot be written to absent\/page\.html/],
  [['--param', 'x=1'], /^PARAM_UNKNOWN/],
  [['-D', 'paralelism=2'], /^OPTION_UNKNOWN: -D: there is no option 'paralelism'/],
];

for (const [args, told] of REFUSED) {
  benches(`${args.join(' ')} is refused`, async () => {
    write('text.json', '{}');
    const { code, stdout, stderr } = await bench(jobPath('benched'), ...args);
    assert.equal([code, stdout], [2, '']);
    assert.match(stderr, told);
  });
}

benches('a job whose rows come from a program cannot be measured from a command line', async () => {
  const { code, stderr } = await bench(jobPath('echo'));
  assert.is(code, 2);
  assert.match(stderr, /^ARGUMENT_INVALID: .*which a program gives rows to/);
});

benches('Ctrl-C ends it, what its sinks wrote is removed, and the exit code says so', async () => {
  write('stopped.ts', FILE_JOB.replace('rows.ndjson', 'stopped.ndjson'));
  const { child, ended } = own.begin(['stopped.ts', '--parallelism', '1', '--seconds', '60']);
  const staged = () => readdirSync(folder).filter((name) => name.includes('stopped.ndjson'));
  await Promise.race([until(() => staged().length > 0), ended]);
  await later(20);
  child.kill('SIGINT');
  const { code, stdout, stderr } = await ended;
  assert.equal([code, stdout], [130, '']);
  assert.is(stderr, 'stopped before all was measured; nothing of the job was committed\n');
  assert.equal(staged(), []);
});

benches.run();
