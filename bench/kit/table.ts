/** Results as a table for a terminal: a line each, with its CPU time and memory beside it. */
import type { BenchResult } from './bench-result.js';

const HEAD = [
  'result',
  'median',
  'baseline',
  'ratio',
  'spread',
  'asked',
  'CPU us/record',
  'MB at most',
  'runs',
];
const TWIN = /\/(cpu|memory)$/;

/** Results that stand for themselves, without those that only add CPU time and memory to another. */
export function leadingResults(results: readonly BenchResult[]): readonly BenchResult[] {
  return results.filter(({ name }) => !TWIN.test(name));
}

export function resultTable(results: readonly BenchResult[]): string {
  const byName = new Map(results.map((result) => [result.name, result]));
  const rows = leadingResults(results).map((result) => {
    const { name, value, unit, baseline, ratio, low, high, bar, runs, dropped } = result;
    return [
      name,
      `${quantity(value)} ${unit}`,
      baseline === null ? '' : quantity(baseline),
      ratio === null ? '' : ratio.toFixed(2),
      ratio === null ? `${quantity(low)}..${quantity(high)}` : `${low.toFixed(2)}..${high.toFixed(2)}`,
      bar ?? '',
      againstBaseline(byName.get(`${name}/cpu`)),
      againstBaseline(byName.get(`${name}/memory`)),
      dropped === 0 ? `${runs}` : `${runs} of ${runs + dropped}`,
    ];
  });
  const used = HEAD.map((_, column) => rows.some((row) => row[column] !== ''));
  const lines = [HEAD, ...rows].map((row) => row.filter((_, column) => used[column]));
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((row) => row[column]!.length)));
  const text = lines.map((row) => row.map((cell, column) => cell.padEnd(widths[column]!)).join('  '));
  return `${text.map((line) => line.trimEnd()).join('\n')}\n`;
}

function againstBaseline(twin: BenchResult | undefined): string {
  if (twin === undefined) return '';
  return twin.baseline === null
    ? quantity(twin.value)
    : `${quantity(twin.value)} : ${quantity(twin.baseline)}`;
}

/** Three digits, in thousands or millions where it is that large. */
export function quantity(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e6) return `${(value / 1e6).toFixed(2)} M`;
  if (size >= 1e3) return `${(value / 1e3).toFixed(1)} k`;
  return value.toPrecision(3);
}
