import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { BenchResult } from '../../bench/kit/bench-result.js';
import type { RunsOptions } from '../../bench/kit/calibrated-runs.js';
import { Calibrator } from '../../bench/kit/calibration.js';
import { compare } from '../../bench/kit/compare.js';
import { measure } from '../../bench/kit/measure.js';
import { globPattern, resultNames, runSuite } from '../../bench/kit/run-suite.js';
import { summarise } from '../../bench/kit/samples.js';
import { shuffleChecksum } from '../../bench/kit/shuffle-checksum.js';
import type { BenchSuite, Curve, Variant } from '../../bench/kit/suite.js';

const kit = suite('bench kit');
const TOY = fileURLToPath(new URL('./fixtures/toy.js', import.meta.url));
const MAIN = fileURLToPath(new URL('../../bench/main.js', import.meta.url));

function toy(...args: readonly (string | number)[]): Variant {
  return {
    name: `toy ${args.join(' ')}`,
    command: () => ({ argv: [TOY, ...args.map(String)], timed: { kind: 'reported' } }),
  };
}

/** A machine that gives as many cores at each calibration as told, two in the end. */
function machineOf(...cores: readonly number[]): RunsOptions['calibrator'] {
  let next = 0;
  return {
    measure: () => ({ cpuCores: cores[next++] ?? 2, work: 1 }),
    cores: ({ cpuCores }) => cpuCores,
  };
}

function options(overrides: Partial<RunsOptions> = {}): RunsOptions {
  return { size: 'smoke', budgetMs: 60_000, calibrator: machineOf(), log: () => {}, ...overrides };
}

async function rejection(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return (error as Error).message;
  }
  return 'no error';
}

kit('a summary has the median, the lowest and the highest of exactly the samples given', () => {
  assert.equal(summarise([5, 1, 4, 2, 3]), { median: 3, low: 1, high: 5 });
  assert.equal(summarise([0.25]), { median: 0.25, low: 0.25, high: 0.25 });
  assert.throws(() => summarise([]), /at least one/);
});

kit('a program that does the work in half the time has ratio 2', async () => {
  const comparison = { name: 'half', subject: toy(1000, 0.5, 'x'), baselines: [toy(1000, 1, 'x')] };
  const [throughput, cpu, memory] = await compare(comparison, options());
  const { name, value, unit, baseline, ratio, low, high, runs, dropped } = throughput as BenchResult;
  assert.equal(
    { name, value, unit, baseline, ratio, low, high, runs, dropped },
    {
      name: 'half',
      value: 2000,
      unit: 'records/s',
      baseline: 1000,
      ratio: 2,
      low: 2,
      high: 2,
      runs: 1,
      dropped: 0,
    },
  );
  assert.is(cpu!.name, 'half/cpu');
  assert.ok(cpu!.value > 0);
  assert.is(memory!.name, 'half/memory');
  assert.ok(memory!.value > 10 && memory!.value < 1_000, `${memory!.value} MB`);
});

kit('of several baselines the fastest of the round counts, and each has a result of its own', async () => {
  const baselines = [
    { ...toy(1000, 4, 'x'), name: 'slow' },
    { ...toy(1000, 2, 'x'), name: 'fast' },
  ];
  const results = await compare({ name: 'best', subject: toy(1000, 1, 'x'), baselines }, options());
  assert.equal(
    results
      .filter(({ unit }) => unit === 'records/s')
      .map(({ name, baseline, ratio }) => [name, baseline, ratio]),
    [
      ['best', 500, 2],
      ['best/slow', 250, 4],
      ['best/fast', 500, 2],
    ],
  );
});

kit('of a further amount less is better, and a variant that does not report it fails', async () => {
  const amounts = { 'bytes-of-toys': { reported: 'bytes', unit: 'bytes', bar: '> 1' } };
  const subject = toy(10, 1, 'x', 0, 0, 50);
  const measured = await compare(
    { name: 'a', subject, baselines: [toy(10, 1, 'x', 0, 0, 200)], amounts },
    options(),
  );
  const { name, value, baseline, ratio, bar } = measured.at(-1)!;
  assert.equal([name, value, baseline, ratio, bar], ['bytes-of-toys', 50, 200, 4, '> 1']);
  const silent = compare({ name: 'a', subject, baselines: [toy(10, 1, 'x')], amounts }, options());
  assert.match(await rejection(silent), 'reported no measurement');
});

kit('variants may run different numbers of records if each is checked by its own', async () => {
  const comparison = { name: 'a', subject: toy(40, 1, 'of 40'), baselines: [toy(10, 1, 'of 10')] };
  const expected = (records: number): string => `of ${records}`;
  const [throughput] = await compare({ ...comparison, expected }, options());
  assert.is(throughput!.ratio, 4);
  const wrong = compare({ ...comparison, expected: () => 'of 10' }, options());
  assert.match(await rejection(wrong), 'checksum of 40 of toy 40 1 of 40 against of 10');
});

kit('the points of a curve are results, and an amount is chosen by its name', async () => {
  const curve: Curve = {
    ...{ name: 'keys', axis: 'keys' },
    points: [10, 1_000].map((x) => ({ x, subject: toy(x, 1, 'x'), baselines: [] })),
  };
  const amounts = { bytes: { reported: 'bytes', unit: 'bytes' } };
  const comparisons = [{ name: 'time', subject: toy(1, 1, 'x', 0, 0, 5), baselines: [], amounts }];
  const bench: BenchSuite = {
    ...{ name: 'toys', question: 'which?', nonGoals: '', seed: 0, comparisons, probes: [], curves: [curve] },
  };
  assert.equal(resultNames(bench), ['time', 'bytes', 'keys-10', 'keys-1000']);
  const { results } = await runSuite(bench, { size: 'smoke', only: 'bytes', log: () => {} });
  assert.equal(
    results.map(({ name }) => name),
    ['time', 'time/cpu', 'time/memory', 'bytes'],
  );
});

kit('without a baseline, baseline and ratio are null', async () => {
  const [throughput] = await compare({ name: 'alone', subject: toy(10, 1, 'x'), baselines: [] }, options());
  assert.equal([throughput!.value, throughput!.baseline, throughput!.ratio], [10, null, null]);
});

kit('the CPU time of a process is counted, whatever it reports', async () => {
  const { cpuSeconds, seconds } = await measure(toy(10, 1, 'x', 0, 300), 'smoke');
  assert.is(seconds, 1);
  assert.ok(cpuSeconds >= 0.1, `${cpuSeconds} CPU seconds`);
});

kit('a command is timed from its start to its exit, and its checksum is taken after that', async () => {
  let hasEnded = false;
  const variant: Variant = {
    name: 'whole process',
    command: () => ({
      argv: [TOY, '1', '1', 'x', '0', '200'],
      timed: { kind: 'process', records: 7 },
      checksum: () => {
        hasEnded = true;
        return 'sum';
      },
    }),
  };
  const { records, seconds, checksum } = await measure(variant, 'smoke');
  assert.equal({ records, checksum, hasEnded }, { records: 7, checksum: 'sum', hasEnded: true });
  assert.ok(seconds >= 0.2, `${seconds} s`);
});

kit('a variant that fails ends the comparison with what it said', async () => {
  const message = await rejection(
    compare({ name: 'failing', subject: toy(10, 1, 'x', 3), baselines: [] }, options()),
  );
  assert.match(message, 'ended with code 3');
  assert.match(message, 'what went wrong');
});

kit('a variant that reports nothing fails', async () => {
  const silent: Variant = {
    name: 'silent',
    command: () => ({ argv: ['-e', '0'], timed: { kind: 'reported' } }),
  };
  assert.match(await rejection(measure(silent, 'smoke')), 'silent reported no measurement');
});

kit('variants that disagree in checksum or records are not compared', async () => {
  const checksum = { name: 'a', subject: toy(10, 1, 'x'), baselines: [toy(10, 1, 'y')] };
  const records = { name: 'b', subject: toy(10, 1, 'x'), baselines: [toy(11, 1, 'x')] };
  assert.match(await rejection(compare(checksum, options())), 'checksum x of toy 10 1 x against y');
  assert.match(await rejection(compare(records, options())), '10 records of toy 10 1 x against 11');
});

kit('pairs during which the machine was busy are dropped and counted', async () => {
  // The second calibration spoils the first pair; the second pair waits for the third calibration.
  const calibrator = machineOf(2, 1.7, 2, 2);
  const [result] = await compare(
    { name: 'busy', subject: toy(10, 1, 'x'), baselines: [] },
    options({ size: 'full', calibrator }),
  );
  assert.equal([result!.runs, result!.dropped], [14, 1]);
});

kit('when the machine was always busy nothing is reported', async () => {
  const calibrator = machineOf(...Array(50).fill(1.2));
  const comparison = { name: 'never', subject: toy(10, 1, 'x'), baselines: [] };
  assert.match(
    await rejection(compare(comparison, options({ size: 'full', calibrator, budgetMs: 1 }))),
    'less than 1.8 cores during all 3 runs',
  );
});

kit('the calibrator finds at most two cores and leaves nothing behind', async () => {
  const calibrator = await Calibrator.open();
  const cores = calibrator.cores(calibrator.measure());
  await calibrator.close();
  assert.ok(cores > 0 && cores < 2.3, `${cores} cores`);
});

kit('a glob chooses results by their whole name', () => {
  const names = ['shuffle-2x2', 'shuffle-2x2-1k', 'p1.a'];
  const chosen = (glob: string): string[] => names.filter((name) => globPattern(glob).test(name));
  assert.equal(chosen('shuffle-2x2'), ['shuffle-2x2']);
  assert.equal(chosen('*-1k'), ['shuffle-2x2-1k']);
  assert.equal(chosen('p?.a'), ['p1.a']);
  assert.equal(chosen('p1xa'), []);
});

kit('the checksum of a shuffle does not depend on the order in which prices were added', () => {
  const rows = [
    { key: 0, n: 2, total: 0.1 + 0.2 + 0.3 },
    { key: 1, n: 1, total: 5 },
  ];
  const others = [rows[1]!, { key: 0, n: 2, total: 0.3 + 0.2 + 0.1 }];
  assert.is(shuffleChecksum(rows), shuffleChecksum(others));
  assert.is.not(shuffleChecksum(rows), shuffleChecksum([rows[0]!, { key: 2, n: 1, total: 5 }]));
});

kit('without arguments the suites are listed with their question; an unknown suite or result fails', () => {
  const run = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' });
  const listed = run();
  assert.is(listed.status, 0);
  assert.match(listed.stdout, /^flights: three million flights/);
  assert.match(listed.stdout, '  shuffle-2x2-1k-vs-handwritten  [>= 0.75, aim 0.9]\n');
  assert.match(listed.stdout, '  debloat-cost  [>= 0.97]\n');
  assert.match(listed.stdout, '  resume-ms-p99, ms  [<= 5]\n');
  assert.is(run('no-such-suite').status, 1);
  assert.match(run('flights', '--only', 'p9*').stderr, 'no result of flights matches p9*');
});

kit.run();
