import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { quantile } from '../../bench/probes/probe-report.js';
import { HISTOGRAM_BUCKETS, LatencyHistogram } from '../../engine/base/latency-histogram.js';

const histograms = suite('latency histogram');
const SEED = Number(process.env['SEED'] ?? 1);
const fresh = (): LatencyHistogram => new LatencyHistogram(new Float64Array(HISTOGRAM_BUCKETS));

histograms(`a quantile is never less than the truth, and at most a 32nd more (SEED=${SEED})`, () => {
  const value = fc.oneof(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 2 ** 31 - 1 }));
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 1, maxLength: 300 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (values, share) => {
        const histogram = fresh();
        for (const each of values) histogram.add(each);
        const sorted = [...values].sort((a, b) => a - b);
        const truth = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
        const told = histogram.at(share);
        assert.ok(told >= truth && told <= truth + truth / 32, `${told} for ${truth}`);
      },
    ),
    { seed: SEED, numRuns: Number(process.env['RUNS'] ?? 1_000) },
  );
});

histograms('the deviation is that of the values, within their buckets', () => {
  const histogram = fresh();
  const values = Array.from({ length: 500 }, (_, i) => ((i * 37) % 101) + 200 * (i % 3));
  for (const each of values) histogram.addMs(each);
  const mean = values.reduce((sum, each) => sum + each, 0) / values.length;
  const truth = Math.sqrt(values.reduce((sum, each) => sum + (each - mean) ** 2, 0) / values.length);
  const told = histogram.deviationMs(mean);
  assert.ok(Math.abs(told - truth) < truth / 16, `${told} for ${truth}`);
});

histograms('what several have counted is added up', () => {
  const [a, b] = [new Float64Array(HISTOGRAM_BUCKETS), new Float64Array(HISTOGRAM_BUCKETS)];
  new LatencyHistogram(a).add(3);
  new LatencyHistogram(b).add(9);
  new LatencyHistogram(b).add(3);
  const all = LatencyHistogram.of([a, b]);
  assert.equal([all.count, all.at(0.6), all.at(1)], [3, 3, 9]);
  assert.is(new LatencyHistogram(a).count, 1, 'and stays what it was');
});

histograms(
  'small values are exact, fractions are rounded up, negative ones are 0, huge ones the most',
  () => {
    const histogram = fresh();
    for (const each of [-5, 0.2, 63, 2 ** 40]) histogram.add(each);
    assert.equal(
      [0.25, 0.5, 0.75, 1].map((share) => histogram.at(share)),
      [0, 1, 63, 2 ** 31 - 1],
    );
    assert.is(histogram.count, 4);
  },
);

histograms('times are counted in microseconds', () => {
  const histogram = fresh();
  histogram.addMs(0.03);
  assert.equal([histogram.at(1), histogram.atMs(1)], [30, 0.03]);
});

histograms('nothing has no quantile', () => {
  assert.throws(() => fresh().at(0.5), 'nothing was counted');
  assert.throws(() => quantile([], 0.5), 'no samples');
});

histograms('the quantile of samples is by nearest rank', () => {
  assert.equal(
    [0, 0.5, 0.51, 0.99, 1].map((share) => quantile([4, 1, 3, 2], share)),
    [1, 2, 3, 4, 4],
  );
});

histograms.run();
