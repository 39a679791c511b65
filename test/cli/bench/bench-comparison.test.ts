import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isSluiceError } from '../../../engine/base/errors.js';
import { compareReports, readReport } from '../../../engine/cli/bench/bench-comparison.js';
import { repetitionOf, reportOf } from '../../kit/bench-reports.js';
import { randomRuns } from '../../kit/random-rows.js';

const comparisons = suite('bench comparison');
const RUNS = randomRuns(300);

/** A report whose only figures that vary are these. */
const withRates = (rates: readonly number[], cpus = rates.map(() => 1)) =>
  reportOf(
    rates.map((sustainablePerSecond, k) =>
      repetitionOf({ sustainablePerSecond, cpuSecondsPerMillion: cpus[k]! }),
    ),
  );

comparisons('better is said only where every repetition is better than every one before', () => {
  const three = fc.array(fc.double({ min: 1, max: 1e7, noNaN: true }), { minLength: 3, maxLength: 3 });
  fc.assert(
    fc.property(three, three, (before, now) => {
      const { ratios } = compareReports(withRates(before, before), withRates(now, now));
      const find = (name: string) => ratios.find((each) => each.name === name)!;
      const isAllAbove = now.every((a) => before.every((b) => a > b));
      const isAllBelow = now.every((a) => before.every((b) => a < b));
      const even = 'within the spread';
      const rate = find('sustainable throughput');
      assert.is(rate.verdict, isAllAbove ? 'better' : isAllBelow ? 'worse' : even);
      assert.is(
        find('CPU seconds per million records').verdict,
        isAllAbove ? 'worse' : isAllBelow ? 'better' : even,
      );
      const all = now.flatMap((a) => before.map((b) => a / b));
      assert.equal([rate.low, rate.high], [Math.min(...all), Math.max(...all)]);
      assert.ok(rate.low <= rate.ratio && rate.ratio <= rate.high);
    }),
    RUNS,
  );
});

comparisons('figures that only one has are left out, and other circumstances are told', () => {
  const before = reportOf([repetitionOf({ againstPerSecond: 1e6 })], { seconds: 1, params: { a: '1' } });
  const { ratios, differences, since } = compareReports(before, reportOf([repetitionOf()]));
  assert.not.ok(ratios.some(({ name }) => name === 'job / one thread'));
  assert.ok(ratios.every(({ ratio, verdict }) => ratio === 1 && verdict === 'within the spread'));
  assert.equal(differences, ['params: {"a":"1"} before, {} now', 'seconds: 1 before, 2 now']);
  assert.is(since, '2001-02-03T04:05:06.000Z');
});

const REFUSED: readonly (readonly [text: string, told: RegExp])[] = [
  ['', /is not JSON/],
  ['[]', /is not what 'sluice bench --json' wrote/],
  ['null', /is not what/],
  [JSON.stringify({ state: 'FINISHED' }), /is not what/],
  [JSON.stringify({ ...reportOf([repetitionOf()]), form: 'sluice-bench-0' }), /of the form "sluice-bench-0"/],
  [
    JSON.stringify({ ...reportOf([repetitionOf()]), job: 'other' }),
    /of the job "other", and this is 'flights'/,
  ],
  [JSON.stringify({ ...reportOf([repetitionOf()]), figures: [{ name: 'x' }] }), /is damaged/],
  [JSON.stringify({ ...reportOf([repetitionOf()]), figures: 3 }), /is damaged/],
];

for (const [text, told] of REFUSED) {
  comparisons(`a file is refused that holds ${text.slice(0, 40)}`, () => {
    try {
      readReport(text, 'old.json', 'flights');
    } catch (error) {
      assert.ok(isSluiceError(error) && error.code === 'BENCH_COMPARE_INVALID');
      assert.match((error as Error).message, told);
      assert.match((error as Error).message, 'old.json');
      return;
    }
    assert.unreachable();
  });
}

comparisons('what was written is read again as it was', () => {
  const report = reportOf([repetitionOf(), repetitionOf()]);
  assert.equal(readReport(JSON.stringify(report), 'old.json', 'flights'), report);
});

comparisons.run();
