import { escaped } from '../../base/html-text.js';
import { type BenchReport, FIGURES, type Figure } from '../../control/bench/bench-report.js';
import type { VertexShares } from '../../control/bench/task-shares.js';
import { formatBytes } from '../quantities.js';
import {
  comparisonChart,
  latencyChart,
  PARTS,
  searchChart,
  throughputChart,
  timeChart,
} from './bench-charts.js';
import type { Comparison } from './bench-comparison.js';
import { crowdedLines, figureText, NOTES, percentText, rateText } from './figure-text.js';

/** Colours of light and dark; the page takes those of the reader's system. */
const STYLE = `
:root { color-scheme: light dark; --ink: #1d2330; --soft: #667085; --paper: #fff; --line: #d6dae1;
  --first: #2f6fb5; --second: #93b7dd; --good: #2e8b57; --bad: #c2562d; --core: #2e8b57; --queue: #9fcdb3;
  --pressed: #c2562d; --held: #d9a441; --idle: #e3e6eb }
@media (prefers-color-scheme: dark) { :root { --ink: #e7eaf0; --soft: #9aa4b5; --paper: #14171d; --line: #333a46;
  --first: #6ea8e6; --second: #3d628c; --good: #58b984; --bad: #e28a63; --core: #58b984; --queue: #2f6247;
  --pressed: #e28a63; --held: #d9a441; --idle: #2a303a } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 760px;
  margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem; margin: 0 } h2 { font-size: 1.05rem; margin: 2rem 0 .5rem }
p { margin: .4rem 0 } .soft { color: var(--soft) } svg { width: 100%; height: auto; display: block }
table { border-collapse: collapse; width: 100% } td, th { padding: .2rem .5rem; text-align: right;
  border-bottom: 1px solid var(--line); font-variant-numeric: tabular-nums } td:first-child, th:first-child { text-align: left }
th { font-weight: 600 } .label { font: 12px system-ui, sans-serif; fill: var(--ink) }
.small { font: 10px system-ui, sans-serif; fill: var(--soft) } .axis { stroke: var(--line) } .spread { stroke: var(--ink) }
.first { fill: var(--first) } .second { fill: var(--second) } .held { fill: var(--good) }
.refused { fill: var(--paper); stroke: var(--bad); stroke-width: 2 } .even { fill: var(--soft) }
.curve { stroke-width: 2 } .curve.first { fill: none; stroke: var(--first) }
.curve.second { fill: none; stroke: var(--second) } .on-core { fill: var(--core) } .queued { fill: var(--queue) }
.pressed { fill: var(--pressed) } .held-back { fill: var(--held) } .idle { fill: var(--idle) }
.key { display: inline-block; margin-right: 1rem } .key svg { display: inline-block; width: .8em; height: .8em; margin-right: .3em }`;

/** A report as one HTML file that needs nothing else: no script, no network. Pure. */
export function benchPage(report: BenchReport, comparison: Comparison | null): string {
  const latency = latencyChart(report);
  const { job, at, node, cores, seconds, repetitions, sinks, bottleneck, memory } = report;
  const found =
    bottleneck === null
      ? 'No bottleneck stands out: the job waits for what is outside it.'
      : `Bottleneck: ${bottleneck.name}, ${bottleneck.reason}.`;
  const parts = [
    `<h1>${escaped(job)}</h1>`,
    soft(
      `${at}, ${cores} cores, Node ${node}; ${repetitions.length} repetitions, ${seconds} s a measurement`,
    ),
    ...givenLines(report).map(soft),
    '<h2>Throughput</h2>',
    throughputChart(report),
    soft(NOTES.sustainable),
    '<h2>Rates that were tried</h2>',
    searchChart(report),
    soft('Filled: held. Hollow: the source fell behind.'),
    '<h2>Latency</h2>',
    latency ?? paragraph('No marker came to a sink, so the latency is not known.'),
    soft(NOTES.latency),
    '<h2>Where the time goes at full speed</h2>',
    timeChart(report),
    `<p>${PARTS.map(({ kind, word }) => `<span class="key"><svg viewBox="0 0 8 8"><rect class="${kind}" width="8" height="8"/></svg>${word}</span>`).join('')}</p>`,
    paragraph(found),
    ...crowdedLines(report).map(paragraph),
    ...(comparison === null ? [] : comparisonParts(comparison)),
    '<h2>All figures</h2>',
    figureTable(report.figures),
    '<h2>Tasks at full speed</h2>',
    taskTable(report.vertices),
    paragraph(
      `Memory: peak ${formatBytes(memory.peakRssBytes)} of the process, ${formatBytes(memory.segmentBytes)} of it segments.`,
    ),
    ...againstLines(report).map(paragraph),
    soft(sinks === 'own' ? NOTES.own : NOTES.discarded),
  ];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escaped(job)}: sluice bench</title><style>${STYLE}</style></head>
<body>
${parts.join('\n')}
</body></html>
`;
}

function paragraph(text: string): string {
  return `<p>${escaped(text)}</p>`;
}

function soft(text: string): string {
  return `<p class="soft">${escaped(text)}</p>`;
}

function givenLines({ params, options }: BenchReport): readonly string[] {
  return [params, options].flatMap((given) => {
    const entries = Object.entries(given);
    return entries.length === 0 ? [] : [entries.map(([key, value]) => `${key}=${String(value)}`).join(', ')];
  });
}

function comparisonParts(comparison: Comparison): readonly string[] {
  return [
    `<h2>Compared with ${escaped(comparison.since)}</h2>`,
    comparisonChart(comparison),
    soft('Now to before, of the medians; the lines are what the repetitions allow. Same: within that.'),
    ...comparison.differences.map((difference) => soft(`Not the same: ${difference}`)),
  ];
}

function figureTable(figures: readonly Figure[]): string {
  const rows = figures.map(({ name, unit, median, low, high }) => {
    return [name, ...[median, low, high].map((value) => figureText(value, unit))];
  });
  return table(['figure', 'median', 'low', 'high'], rows);
}

function taskTable(vertices: readonly VertexShares[]): string {
  const rows = vertices.map((vertex) => [
    vertex.name,
    String(vertex.subtasks),
    ...PARTS.map(({ of }) => percentText(of(vertex))),
    rateText(vertex.recordsInPerSecond),
  ]);
  return table(['', 'tasks', ...PARTS.map(({ word }) => word), 'records in'], rows);
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (tag: string, cells: readonly string[]): string =>
    `<tr>${cells.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join('')}</tr>`;
  return `<table>${line('th', heads)}${rows.map((cells) => line('td', cells)).join('')}</table>`;
}

function againstLines({ against, figures }: BenchReport): readonly string[] {
  const ratio = figures.find(({ name }) => name === FIGURES.against);
  if (against === null || ratio === undefined) return [];
  const where = against.areInMemory ? ' that lay in memory' : '';
  const times = figureText(ratio.median, ratio.unit);
  return [`Against ${against.module} in one thread, over ${against.records} records${where}: ${times}.`];
}
