import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { BenchResult } from '../../bench/kit/bench-result.js';
import { resultChart } from '../../bench/kit/chart.js';
import type { BenchSuite, Variant } from '../../bench/kit/suite.js';
import { resultTable } from '../../bench/kit/table.js';

const charts = suite('bench results for people');

function result(changes: Partial<BenchResult>): BenchResult {
  return {
    ...{ name: 'a', value: 2_000, unit: 'records/s', baseline: 1_000, ratio: 2, low: 1.5, high: 2.5 },
    ...{ bar: null, runs: 3, dropped: 0, ...changes },
  };
}

const toys: BenchSuite = {
  ...{ name: 'toys', question: 'is a < b & c?', nonGoals: '', seed: 0, comparisons: [], probes: [] },
};

function chart(results: readonly BenchResult[], bench = toys): string {
  return resultChart(bench, { results, machine: 'two cores', node: 'v20', commit: null });
}

/** Widths of the bars of a kind, in order. */
const widths = (svg: string, kind: string): number[] =>
  [...svg.matchAll(new RegExp(`<rect class="${kind}" x="[^"]*" width="([^"]*)"`, 'g'))].map((match) =>
    Number(match[1]),
  );

charts('a table has a line per result, with CPU time and memory beside it', () => {
  const text = resultTable([
    result({ bar: '>= 1.5', dropped: 1 }),
    result({ name: 'a/cpu', value: 0.5, baseline: 0.25 }),
    result({ name: 'a/memory', value: 90, baseline: 60 }),
    result({ name: 'wait-ms', value: 3, unit: 'ms', baseline: null, ratio: null, low: 1, high: 9 }),
  ]);
  const [head, ...lines] = text.trimEnd().split('\n');
  assert.match(head!, /^result +median +baseline +ratio +spread +asked +CPU us\/record +MB at most +runs$/);
  assert.equal(
    lines.map((line) => line.split(/ {2,}/)),
    [
      [
        'a',
        '2.0 k records/s',
        '1.0 k',
        '2.00',
        '1.50..2.50',
        '>= 1.5',
        '0.500 : 0.250',
        '90.0 : 60.0',
        '3 of 4',
      ],
      ['wait-ms', '3.00 ms', '1.00..9.00', '3'],
    ],
  );
});

charts('columns that nothing is in are left out', () => {
  const text = resultTable([result({ baseline: null, ratio: null })]);
  assert.match(text, /^result +median +spread +runs\n/);
});

charts('a ratio twice as far from 1 has a bar twice as long, to either side', () => {
  const svg = chart([
    result({ ratio: 2, low: 2, high: 2 }),
    result({ ratio: 4, low: 4, high: 4 }),
    result({ ratio: 0.25, low: 0.25, high: 0.25 }),
  ]);
  const [two, four, quarter] = widths(svg, 'none');
  assert.ok(
    Math.abs(four! - 2 * two!) < 1e-6 && Math.abs(four! - quarter!) < 1e-6,
    `${two} ${four} ${quarter}`,
  );
});

charts('what misses its bar looks different, whichever side is better', () => {
  const held = [
    result({ bar: '>= 2' }),
    result({ bar: '> 1' }),
    result({ bar: '<= 5', ratio: null, baseline: null, value: 5 }),
    result({ bar: '= 0', ratio: null, baseline: null, value: 0 }),
  ];
  const missed = [
    result({ bar: '>= 2.1' }),
    result({ bar: '> 2' }),
    result({ bar: '<= 5', ratio: null, baseline: null, value: 5.1 }),
    result({ bar: '= 0', ratio: null, baseline: null, value: 1 }),
  ];
  assert.equal([widths(chart(held), 'bar').length, widths(chart(held), 'missed').length], [4, 0]);
  assert.equal([widths(chart(missed), 'bar').length, widths(chart(missed), 'missed').length], [0, 4]);
});

charts('a curve is a line through its points, and its points are no bars', () => {
  const subject: Variant = { name: '', command: () => ({ argv: [], timed: { kind: 'reported' } }) };
  const points = [10, 100, 1_000].map((x) => ({ x, subject, baselines: [] }));
  const svg = chart(
    [10, 100].map((x) => result({ name: `keys-${x}`, value: x * 7, baseline: null, ratio: null })),
    { ...toys, curves: [{ name: 'keys', axis: 'keys', points }] },
  );
  const line = /class="subject" points="([^"]*)"/
    .exec(svg)![1]!
    .split(' ')
    .map((point) => point.split(',').map(Number));
  assert.is(line.length, 2);
  assert.ok(line[1]![0]! > line[0]![0]! && line[1]![1]! < line[0]![1]!, 'further right and higher');
  assert.equal(widths(svg, 'none'), []);
});

charts('text is escaped, and nothing outside the file is needed', () => {
  const svg = chart([result({ name: 'x<y' })]);
  assert.match(svg, 'is a &lt; b &amp; c?');
  assert.match(svg, 'x&lt;y');
  assert.not.match(svg.replace('http://www.w3.org/2000/svg', ''), /https?:|href|<script/);
});

charts.run();
