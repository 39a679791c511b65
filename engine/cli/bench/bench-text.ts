import {
  type BenchReport,
  FIGURES,
  latencyName,
  QUANTILES,
  quantileText,
} from '../../control/bench/bench-report.js';
import { spreadOf } from '../../control/bench/spread.js';
import type { VertexShares } from '../../control/bench/task-shares.js';
import { clean, fit, padEnd, shorten } from '../columns.js';
import { formatBytes } from '../quantities.js';
import type { Comparison } from './bench-comparison.js';
import {
  crowdedLines,
  figureText,
  NOTES,
  percentText,
  rateText,
  threeDigits,
  verdictText,
} from './figure-text.js';

const COLUMNS = 80;
const NAME_COLUMNS_MAX = 26;

/** A report as text of at most 80 columns, without colours. Pure. */
export function benchText(report: BenchReport, comparison: Comparison | null): string {
  const { job, seconds, repetitions, sinks, against } = report;
  const lines = [
    `${job}   ${repetitions.length} repetitions, ${seconds} s a measurement, ${report.cores} cores, Node ${report.node}`,
    '',
    ...throughputLines(report),
    '',
    ...latencyLines(report),
    '',
    ...taskLines(report.vertices),
    NOTES.times,
    ...crowdedLines(report),
    ...bottleneckLines(report),
    '',
    ...memoryLines(report),
    ...(against === null ? [] : ['', ...againstLines(report)]),
    ...(comparison === null ? [] : ['', ...comparisonLines(comparison)]),
    '',
    ...[NOTES.sustainable, NOTES.latency, sinks === 'own' ? NOTES.own : NOTES.discarded],
  ];
  return lines.map(clean).flatMap(wrapped).join('\n');
}

function throughputLines({ figures }: BenchReport): readonly string[] {
  const names: readonly string[] = [FIGURES.sustainable, FIGURES.fullSpeed, FIGURES.cpu];
  return figures
    .filter(({ name }) => names.includes(name))
    .map(({ name, unit, median, low, high }) => {
      const [middle, least, most] = [median, low, high].map((value) => figureText(value, unit));
      return `${name.padEnd(30)}  ${middle!.padStart(10)}   ${least} .. ${most}`;
    });
}

function latencyLines({ figures, repetitions }: BenchReport): readonly string[] {
  const rows = repetitions[0]!.latencies.map(({ load }, k) => {
    const rates = repetitions.map((each) => each.latencies[k]!.perSecond);
    const cells = QUANTILES.map((quantile) => {
      const figure = figures.find(({ name }) => name === latencyName(load, quantile));
      return figure === undefined ? '-' : threeDigits(figure.median);
    });
    return [`at ${percentText(load)}, ${rateText(spreadOf(rates).median)}`, ...cells];
  });
  const lines = [['latency, ms', ...QUANTILES.map(quantileText)], ...rows].map(([name, ...cells]) =>
    [name!.padEnd(24), ...cells.map((cell) => cell.padStart(9))].join(''),
  );
  const isSilent = repetitions.some(({ latencies }) => latencies.some(({ ms }) => ms === null));
  return isSilent ? [...lines, 'No marker came to a sink, so the latency is not known.'] : lines;
}

function taskLines(vertices: readonly VertexShares[]): readonly string[] {
  const percent = (share: number | null): string => (share === null ? '-' : percentText(share));
  const rows = vertices.map(({ name, subtasks, ...shares }) => [
    shorten(clean(name), NAME_COLUMNS_MAX),
    String(subtasks),
    percent(shares.busy),
    percent(shares.onCore),
    percent(shares.awaitingCore),
    percent(shares.idle),
    percent(shares.backpressured),
    percent(shares.heldBack),
  ]);
  const head = ['at full speed', 'tasks', 'busy', 'on core', 'queued', 'idle', 'pressed', 'held'];
  return [head, ...rows].map(([name, ...cells]) =>
    [padEnd(name!, NAME_COLUMNS_MAX), ...cells.map((cell, k) => cell.padStart(k === 0 ? 6 : 8))].join(''),
  );
}

function bottleneckLines({ bottleneck }: BenchReport): readonly string[] {
  return bottleneck === null
    ? ['bottleneck: none stands out; the job waits for what is outside it']
    : [`bottleneck: ${bottleneck.name}: ${bottleneck.reason}`];
}

function memoryLines({ memory, figures }: BenchReport): readonly string[] {
  const heap = figures.find(({ name }) => name === FIGURES.heap);
  const parts = [
    `peak ${formatBytes(memory.peakRssBytes)}`,
    ...(heap === undefined ? [] : [`heaps of tasks ${formatBytes(heap.median)}`]),
    `segments ${formatBytes(memory.segmentBytes)}`,
  ];
  return [`memory: ${parts.join(', ')}`];
}

function againstLines({ against, figures, repetitions }: BenchReport): readonly string[] {
  const ratio = figures.find(({ name }) => name === FIGURES.against)!;
  const rate = spreadOf(repetitions.map(({ againstPerSecond }) => againstPerSecond!)).median;
  const where = against!.areInMemory
    ? 'that lay in memory before, which the job had to read'
    : 'made one by one, as in the job';
  return [
    `the job does ${threeDigits(ratio.median)} times as much as one thread: ${threeDigits(ratio.low)} .. ${threeDigits(ratio.high)}`,
    `One thread: ${against!.module}, ${rateText(rate)} over ${against!.records} records ${where}; in turns with the job at full speed.`,
  ];
}

function comparisonLines({ since, differences, ratios }: Comparison): readonly string[] {
  const rows = ratios.map(
    ({ name, unit, before, now, ratio, low, high, verdict }) =>
      [
        name === FIGURES.cpu ? 'CPU seconds per M' : name,
        figureText(before, unit),
        figureText(now, unit),
        threeDigits(ratio),
        `${threeDigits(low)}..${threeDigits(high)}`,
        verdictText(verdict),
      ] as const,
  );
  const head = ['compared', 'before', 'now', 'ratio', 'spread', ''] as const;
  return [
    ...[head, ...rows].map(([name, before, now, ratio, spread, verdict]) =>
      `${name.padEnd(23)}${before.padStart(11)}${now.padStart(11)}${ratio.padStart(8)}${spread.padStart(16)}  ${verdict}`.trimEnd(),
    ),
    `Before: ${since}. same: the difference is within the spread of the repetitions.`,
    ...differences.map((difference) => `Not the same: ${difference}`),
  ];
}

/** A line of words broken before column 80; what is shorter stays as it is. */
function wrapped(line: string): readonly string[] {
  const lines: string[] = [];
  let rest = line;
  for (;;) {
    const { length } = fit(rest, COLUMNS);
    if (length === rest.length) return [...lines, rest];
    const space = rest.lastIndexOf(' ', length);
    const at = space > 2 ? space : length;
    lines.push(rest.slice(0, at).trimEnd());
    rest = `  ${rest.slice(at).trimStart()}`;
  }
}
