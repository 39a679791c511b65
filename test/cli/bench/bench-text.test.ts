import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compareReports } from '../../../engine/cli/bench/bench-comparison.js';
import { benchPage } from '../../../engine/cli/bench/bench-page.js';
import { benchText } from '../../../engine/cli/bench/bench-text.js';
import { figureText, threeDigits } from '../../../engine/cli/bench/figure-text.js';
import { repetitionOf, reportOf } from '../../kit/bench-reports.js';

const texts = suite('bench text');

const LONG = `${'a very long name of an operator '.repeat(6)}\x1b[31m\x9b1m<b>&"</b>`;
const plain = reportOf([repetitionOf(), repetitionOf({ sustainablePerSecond: 9e5 }), repetitionOf()]);
const hard = reportOf([repetitionOf({ againstPerSecond: 5e5 })], {
  job: LONG,
  vertices: plain.vertices.map((vertex) => ({ ...vertex, name: LONG })),
  bottleneck: { name: LONG, reason: `busy 90 % while ${LONG} is backpressured 60 %` },
  against: { module: LONG, records: 1_000_000, areInMemory: true },
  params: { path: LONG },
});
const wide = { ...hard, job: '航'.repeat(50), vertices: [{ ...plain.vertices[0]!, name: '航'.repeat(14) }] };
const silent = reportOf([
  repetitionOf({ latencies: repetitionOf().latencies.map((each) => ({ ...each, ms: null, markers: 0 })) }),
  repetitionOf(),
]);

texts('no line is wider than 80 columns or holds a control character, whatever names there are', () => {
  for (const report of [plain, hard, wide, silent]) {
    for (const comparison of [null, compareReports(plain, report)]) {
      const text = benchText(report, comparison);
      for (const line of text.split('\n')) {
        const columns = line.length + line.split('航').length - 1; // such a character takes two
        assert.ok(columns <= 80, `${columns}: ${line}`);
        assert.not.match(line, /\p{Cc}/u);
      }
    }
  }
});

texts('the figures are those of the report, and what is not measured is said', () => {
  const text = benchText(plain, null);
  assert.match(text, /sustainable throughput +1\.00 M\/s +900 k\/s \.\. 1\.00 M\/s/);
  assert.match(text, /full speed +1\.25 M\/s/);
  assert.match(text, /at 50 %, 500 k\/s +1\.50 +4\.00 +12\.0 +40\.0 +41\.0/);
  assert.match(text, /parquet -> eventTime -> \.\. +2 +60 % +50 % +10 % +0 % +40 % +0 %/);
  assert.match(text, /window\(tumbling 1d\) -> csv +2 +90 % +- +- +10 % +0 % +0 %/);
  assert.match(text, /bottleneck: window\(tumbling 1d\) -> csv: busy 90 %/);
  assert.match(text, 'peak 300 MB, heaps of tasks 40 MB, segments 3.0 MB');
  assert.match(
    text.replace(/\s+/g, ' '),
    'Time that records wait in windows and within functions is left out',
  );
  assert.match(text, 'nothing was committed');
  assert.match(benchText(silent, null), 'No marker came to a sink');
  assert.match(benchText(hard, null), 'the job does 2.50 times as much as one thread');
  const other = benchText(reportOf([repetitionOf()], { bottleneck: null, sinks: 'discarded' }), null);
  assert.match(other, 'none stands out');
  assert.match(other, 'Sinks discarded their rows');
});

texts('the rate at which a latency was measured is the median of the repetitions, as the latency is', () => {
  const [half] = repetitionOf().latencies;
  const rates = [5e5, 4e5, 9e5].map((perSecond) => repetitionOf({ latencies: [{ ...half!, perSecond }] }));
  assert.match(benchText(reportOf(rates), null), /at 50 %, 500 k\/s/);
});

texts('a difference within the spread is called the same', () => {
  const better = reportOf([repetitionOf({ sustainablePerSecond: 2e6 })]);
  const text = benchText(better, compareReports(plain, better));
  assert.match(text, /sustainable throughput +1\.00 M\/s +2\.00 M\/s +2\.00 +2\.00\.\.2\.22 +better/);
  assert.match(text, /full speed +1\.25 M\/s +1\.25 M\/s +1\.00 +1\.00\.\.1\.00 +same/);
});

texts('that other programs had the cores is said where it was so, and where it is known', () => {
  const crowded = (onCore: number | null, awaitingCore: number): string =>
    benchText(
      reportOf([repetitionOf()], {
        vertices: plain.vertices.map((each) => ({ ...each, onCore, awaitingCore })),
      }),
      null,
    ).replace(/\s+/g, ' ');
  assert.match(crowded(0.2, 0.5), /ready for 2\.80 of them and got 0\.800 of 2/);
  for (const text of [crowded(0.4, 0.5), crowded(0.2, 0.1), crowded(null, 0.5)])
    assert.not.match(text, 'Other programs');
});

texts('figures have three digits', () => {
  assert.equal([0, 0.01234, 0.5, 1.2345, 12.345, 123.45, 1234.5].map(threeDigits), [
    '0',
    '0.0123',
    '0.500',
    '1.23',
    '12.3',
    '123',
    '1235',
  ]);
  assert.equal(
    [figureText(1_234_567, 'records/s'), figureText(12_345, 'records/s'), figureText(12, 'records/s')],
    ['1.23 M/s', '12.3 k/s', '12/s'],
  );
});

/** Tags that are opened are closed, in order; enough of XML to find what a browser would have to guess. */
function unbalanced(html: string): string | null {
  const open: string[] = [];
  for (const [, end, name, own] of html.matchAll(/<(\/?)([a-z][a-z0-9]*)(?:\s[^<>]*?)?(\/?)>/g)) {
    if (own === '/' || name === 'meta') continue;
    if (end === '') open.push(name!);
    else if (open.pop() !== name) return `</${name}> after ${html.slice(0, 80)}`;
  }
  return open.length === 0 ? null : `<${open.at(-1)}> is not closed`;
}

texts('the page is whole, escapes names, asks the network for nothing, and has its numbers', () => {
  for (const report of [plain, hard, silent]) {
    const page = benchPage(report, compareReports(plain, report));
    assert.is(unbalanced(page), null);
    assert.not.match(page, /(?:src|href)=|https?:|@import|url\(|<script/);
    assert.not.match(page, /NaN|Infinity|undefined/);
    assert.not.match(page, '<b>');
    assert.match(page, 'prefers-color-scheme: dark');
  }
  const page = benchPage(plain, null);
  assert.is(page.match(/<svg viewBox="0 0 720/g)!.length, 4);
  assert.is(page.match(/class="held" cx/g)!.length, 3);
  assert.is(page.match(/class="refused" cx/g)!.length, 3);
  assert.match(page, '<td>sustainable throughput</td><td>1.00 M/s</td>');
  assert.match(benchPage(silent, null), 'No marker came to a sink');
});

texts.run();
