import {
  type BenchReport,
  FIGURES,
  latencyName,
  QUANTILES,
  quantileText,
} from '../../control/bench/bench-report.js';
import type { VertexShares } from '../../control/bench/task-shares.js';
import { shorten } from '../columns.js';
import type { Comparison } from './bench-comparison.js';
import { figureText, percentText, rateText, threeDigits, verdictText } from './figure-text.js';
import { bar, dot, drawing, label, logScale, path, stroke } from './svg.js';

const WIDTH = 720;
const LEFT = 190;
const RIGHT = 130;
const PLOT = WIDTH - LEFT - RIGHT;
const ROW = 30;
/** What fits left of the plot. */
const NAME_COLUMNS = 26;

/** Full speed and sustainable throughput: medians as bars, the spread of the repetitions as a line. */
export function throughputChart({ figures }: BenchReport): string {
  const names: readonly string[] = [FIGURES.sustainable, FIGURES.fullSpeed];
  const shown = names.flatMap((name) => figures.filter((figure) => figure.name === name));
  const most = Math.max(...shown.map(({ high }) => high));
  const x = (value: number): number => LEFT + (value / most) * PLOT;
  const rows = shown.map(({ name, unit, median, low, high }, row) => {
    const y = row * ROW + 8;
    const text = `${figureText(median, unit)}, ${figureText(low, unit)} to ${figureText(high, unit)}`;
    return [
      label({ x: LEFT - 8, y: y + 12 }, name, 'end'),
      bar(row === 0 ? 'first' : 'second', { x: LEFT, y }, x(median) - LEFT, 16, text),
      stroke('spread', { x: x(low), y: y + 8 }, { x: x(high), y: y + 8 }),
      label({ x: LEFT + PLOT + 8, y: y + 12 }, figureText(median, unit), 'start'),
    ].join('');
  });
  return drawing(WIDTH, shown.length * ROW + 8, 'Throughput', rows);
}

/** Every rate that was tried, a row for each repetition. */
export function searchChart({ repetitions }: BenchReport): string {
  const all = repetitions.flatMap(({ trials }) => trials.map(({ perSecond }) => perSecond));
  const scale = logScale(all);
  const x = (perSecond: number): number => LEFT + scale(perSecond) * PLOT;
  const rows = repetitions.flatMap(({ trials, sustainablePerSecond }, row) => {
    const y = row * ROW + 16;
    return [
      label({ x: LEFT - 8, y: y + 4 }, `repetition ${row + 1}`, 'end'),
      stroke('axis', { x: LEFT, y }, { x: LEFT + PLOT, y }),
      ...trials.map(({ perSecond, isHeld }, k) =>
        dot(
          isHeld ? 'held' : 'refused',
          { x: x(perSecond), y },
          `${k + 1}: ${rateText(perSecond)} ${isHeld ? 'held' : 'not held'}`,
        ),
      ),
      label({ x: LEFT + PLOT + 12, y: y + 4 }, rateText(sustainablePerSecond), 'start'),
    ];
  });
  const bottom = repetitions.length * ROW + 16;
  const ends = [Math.min(...all), Math.max(...all)];
  const ticks = ends.map((each, k) =>
    label({ x: x(each), y: bottom }, rateText(each), k === 0 ? 'start' : 'end', 'small'),
  );
  return drawing(WIDTH, bottom + 8, 'Rates that were tried', [
    ...rows,
    ...(ends[0] === ends[1] ? [] : ticks),
  ]);
}

const LATENCY_HEIGHT = 220;
/** 0 has no place among powers of ten. */
const LATENCY_MS_MIN = 1e-3;
const LOAD_CLASSES = ['second', 'first'] as const;

/** Median latencies by quantile, a line for each load, by powers of ten. */
export function latencyChart({ figures, repetitions }: BenchReport): string | null {
  const lines = repetitions[0]!.latencies.flatMap(({ load }) => {
    const names = QUANTILES.map((quantile) => latencyName(load, quantile));
    const ms = figures
      .filter(({ name }) => names.includes(name))
      .map(({ median }) => Math.max(LATENCY_MS_MIN, median));
    return ms.length === QUANTILES.length ? [{ load, ms }] : [];
  });
  if (lines.length === 0) return null;
  const least = 10 ** Math.floor(Math.log10(Math.min(...lines.flatMap(({ ms }) => ms))));
  const most = 10 ** Math.ceil(Math.log10(Math.max(...lines.flatMap(({ ms }) => ms)) * 1.0001));
  const scale = logScale([least, most]);
  const bottom = LATENCY_HEIGHT - 28;
  const x = (k: number): number => LEFT + ((k + 0.5) / QUANTILES.length) * PLOT;
  const y = (ms: number): number => bottom - scale(ms) * (bottom - 12);
  const ticks: string[] = [];
  for (let ms = least; ms <= most * 1.0001; ms *= 10) {
    ticks.push(stroke('axis', { x: LEFT, y: y(ms) }, { x: LEFT + PLOT, y: y(ms) }));
    ticks.push(label({ x: LEFT - 8, y: y(ms) + 4 }, `${Number(ms.toPrecision(1))} ms`, 'end', 'small'));
  }
  const heads = QUANTILES.map((quantile, k) =>
    label({ x: x(k), y: bottom + 20 }, quantileText(quantile), 'middle'),
  );
  const drawn = lines.flatMap(({ load, ms }, k) => {
    const points = ms.map((value, at) => ({ x: x(at), y: y(value) }));
    const kind = LOAD_CLASSES[k % LOAD_CLASSES.length]!;
    return [
      path(`curve ${kind}`, points),
      ...points.map((point, at) => dot(kind, point, `${percentText(load)}: ${threeDigits(ms[at]!)} ms`)),
      label({ x: LEFT + PLOT + 4, y: points.at(-1)!.y + 4 }, `at ${percentText(load)}`, 'start'),
    ];
  });
  return drawing(WIDTH, LATENCY_HEIGHT, 'Latency', [...ticks, ...heads, ...drawn]);
}

/** What a bar of time is made of, in order. */
// biome-ignore format: a table
export const PARTS = [
  { kind: 'on-core',  word: 'busy on a core',        of: ({ busy, onCore }: VertexShares) => Math.min(busy, onCore ?? busy) },
  { kind: 'queued',   word: 'busy, without a core',  of: ({ busy, onCore }: VertexShares) => busy - Math.min(busy, onCore ?? busy) },
  { kind: 'pressed',  word: 'backpressured',         of: ({ backpressured }: VertexShares) => backpressured },
  { kind: 'held-back', word: 'held back',            of: ({ heldBack }: VertexShares) => heldBack },
  { kind: 'idle',     word: 'idle',                  of: ({ idle }: VertexShares) => idle },
] as const;

/** Where the time of each vertex goes at full speed. */
export function timeChart({ vertices }: BenchReport): string {
  const rows = vertices.flatMap((vertex, row) => {
    const y = row * ROW + 6;
    const { name } = vertex;
    let at = LEFT;
    const bars = PARTS.map(({ kind, word, of }) => {
      const width = Math.max(0, of(vertex)) * PLOT;
      const drawn = bar(kind, { x: at, y }, width, 18, `${name}: ${word} ${percentText(of(vertex))}`);
      at += width;
      return drawn;
    });
    const rate = `${rateText(vertex.recordsInPerSecond)} in`;
    return [
      label({ x: LEFT - 8, y: y + 13 }, shorten(name, NAME_COLUMNS), 'end'),
      ...bars,
      label({ x: LEFT + PLOT + 8, y: y + 13 }, rate, 'start'),
    ];
  });
  return drawing(WIDTH, vertices.length * ROW + 8, 'Where the time goes at full speed', rows);
}

/** Ratios to an earlier report, on a scale of powers around 1. */
export function comparisonChart({ ratios }: Comparison): string {
  const finite = (value: number): number => Math.min(1e3, Math.max(1e-3, value));
  const scale = logScale([0.5, 2, ...ratios.flatMap(({ low, high }) => [finite(low), finite(high)])]);
  const x = (ratio: number): number => LEFT + scale(finite(ratio)) * PLOT;
  const bottom = ratios.length * ROW;
  const rows = ratios.flatMap(({ name, ratio, low, high, verdict }, row) => {
    const y = row * ROW + 14;
    const kind = verdict === 'better' ? 'held' : verdict === 'worse' ? 'refused' : 'even';
    const text = `${threeDigits(ratio)}, ${threeDigits(low)} to ${threeDigits(high)}: ${verdict}`;
    return [
      label({ x: LEFT - 8, y: y + 4 }, shorten(name, NAME_COLUMNS), 'end'),
      stroke('spread', { x: x(low), y }, { x: x(high), y }),
      dot(kind, { x: x(ratio), y }, text),
      label({ x: LEFT + PLOT + 8, y: y + 4 }, `${threeDigits(ratio)} ${verdictText(verdict)}`, 'start'),
    ];
  });
  const axis = stroke('axis', { x: x(1), y: 0 }, { x: x(1), y: bottom });
  return drawing(WIDTH, bottom + 4, 'Now to before', [axis, ...rows]);
}
