import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { RunsOptions } from '../../bench/kit/calibrated-runs.js';
import { probe } from '../../bench/kit/probe.js';
import { measureAll, resultNames, runSuite } from '../../bench/kit/run-suite.js';
import { summarise } from '../../bench/kit/samples.js';
import type { BenchSuite, Probe } from '../../bench/kit/suite.js';

const probes = suite('bench probes');
const TOY = fileURLToPath(new URL('./fixtures/toy-probe.js', import.meta.url));
const all = (): boolean => true;

/** A probe of two figures that reports the next of the given values at each run, and the last one from then on. */
function toy(...runs: readonly Readonly<Record<string, unknown>>[]): Probe {
  let next = 0;
  return {
    figures: { 'wait-ms': { unit: 'ms', bar: '<= 5' }, share: { unit: 'of all' } },
    argv: () => [TOY, JSON.stringify(runs[Math.min(next++, runs.length - 1)])],
  };
}

/** @param cores  what the machine gives at each calibration; two in the end */
function options(size: 'full' | 'smoke', cores: readonly number[] = []): RunsOptions {
  let next = 0;
  const calibrator = {
    measure: () => ({ cpuCores: cores[next++] ?? 2, work: 1 }),
    cores: ({ cpuCores }: { readonly cpuCores: number }) => cpuCores,
  };
  return { size, budgetMs: 60_000, calibrator, log: () => {} };
}

async function rejection(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return (error as Error).message;
  }
  return 'no error';
}

probes(
  'every figure is a result with its unit, its bar, median and spread, and looks like a comparison',
  async () => {
    // The second calibration spoils the first run; 14 are left: 2, and 3 thirteen times.
    const figures = [9, 2, 3].map((ms) => ({ 'wait-ms': ms, share: 1 / ms }));
    const [wait, share] = await probe(toy(...figures), all, options('full', [2, 1.7, 2, 2]));
    assert.equal(wait, {
      name: 'wait-ms',
      value: 3,
      unit: 'ms',
      baseline: null,
      ratio: null,
      low: 2,
      high: 3,
      bar: '<= 5',
      runs: 14,
      dropped: 1,
    });
    assert.equal([share!.name, share!.unit, share!.bar, share!.high], ['share', 'of all', null, 0.5]);
  },
);

probes('only the figures that are wanted are reported', async () => {
  const results = await probe(toy({ 'wait-ms': 1, share: 1 }), (name) => name === 'share', options('smoke'));
  assert.equal(
    results.map(({ name }) => name),
    ['share'],
  );
});

probes('a probe that reports other figures than promised, none, or no number, fails', async () => {
  const failure = (reported: Readonly<Record<string, unknown>>): Promise<string> =>
    rejection(probe(toy(reported), all, options('smoke')));
  assert.match(await failure({ 'wait-ms': 1 }), 'wait-ms, share were to be measured, not wait-ms');
  assert.match(await failure({ 'wait-ms': 1, share: 1, more: 1 }), 'not wait-ms, share, more');
  assert.match(await failure({ 'wait-ms': null, share: 1 }), 'wait-ms reported no measurement');
  const silent = { ...toy(), argv: () => ['-e', '0'] };
  assert.match(await rejection(probe(silent, all, options('smoke'))), 'wait-ms reported no measurement');
});

probes('figures may be below 0: a slope, or a time less another', () => {
  assert.equal(summarise([-3, 2, -1]), { median: -1, low: -3, high: 2 });
});

probes('a glob chooses among comparisons and figures alike', async () => {
  const bench: BenchSuite = {
    ...{ name: 'toys', question: '', nonGoals: '', seed: 0 },
    comparisons: [
      {
        name: 'share-of-a-program',
        subject: {
          name: '',
          command: () => ({ argv: ['-e', 'process.exit(1)'], timed: { kind: 'reported' } }),
        },
        baselines: [],
      },
    ],
    probes: [toy({ 'wait-ms': 4, share: 1 })],
  };
  assert.equal(resultNames(bench), ['share-of-a-program', 'wait-ms', 'share']);
  const { results, notMeasured } = await runSuite(bench, { size: 'smoke', only: 'wait*', log: () => {} });
  assert.equal(
    results.map(({ name, value }) => [name, value]),
    [['wait-ms', 4]],
  );
  assert.equal(notMeasured, []);
});

probes(
  'what cannot be measured on a busy machine is named, and the rest is measured; other failures end it',
  async () => {
    const cores = Array(100).fill(1);
    const busy = (): Promise<never> =>
      probe(toy({ 'wait-ms': 1, share: 1 }), all, {
        ...options('full', cores),
        budgetMs: 1,
      }) as Promise<never>;
    const quiet = (given: RunsOptions) => probe(toy({ 'wait-ms': 4, share: 1 }), all, given);
    const { results, notMeasured } = await measureAll([busy, quiet], options('smoke'));
    assert.is(results.length, 2);
    assert.is(notMeasured.length, 1);
    assert.match(notMeasured[0]!, 'wait-ms: the machine gave less than 1.8 cores during all 3 runs');
    const failing = (given: RunsOptions) => probe(toy({}), all, given);
    assert.match(await rejection(measureAll([failing, quiet], options('smoke'))), 'were to be measured');
  },
);

probes.run();
