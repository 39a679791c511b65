import type { Metrics, VertexMetrics } from '../control/metrics/metrics.js';
import { pressureLevel } from '../control/metrics/pressure.js';
import { clean, fit, joinFitting, type Part, padEnd, shorten, width } from './columns.js';
import { paint } from './ink.js';
import { formatCount, formatElapsed, formatEventTime, formatPercent, formatRemaining } from './quantities.js';
import { runHead, STOPPING_NOTE } from './run-head.js';
import { TIMES, timeBar } from './time-bar.js';

/**
 * A running job as lines of text, redrawn in place by the terminal. Pure.
 *
 * @param columns  width of the terminal, 20..; no line is wider
 * @param color    ANSI colours, which take no width
 * @param linesMax tasks beyond it are counted, not shown
 */
export function renderLiveView(
  metrics: Metrics,
  columns: number,
  color: boolean,
  linesMax = Number.POSITIVE_INFINITY,
): string[] {
  const { vertices } = metrics;
  const shown = vertices.slice(0, Math.max(1, linesMax - LINES_AROUND));
  const lines = [
    runHead(metrics, columns, color),
    '',
    ...vertexLines(shown, columns, color),
    ...(shown.length < vertices.length ? [`  and ${vertices.length - shown.length} more`] : []),
    footLine(metrics, columns, color),
  ];
  return lines.map((line) => fit(line, columns));
}

/** One line for where there is no terminal: a log. */
export function renderPlainLine(metrics: Metrics): string {
  const { job, state, elapsedMs, recordsIn, recordsInTotal, recordsInPerSecond } = metrics;
  const total = recordsInTotal === undefined ? '' : ` of ${formatCount(recordsInTotal)}`;
  const read = [`${formatCount(recordsIn)}${total} records`, `${formatCount(recordsInPerSecond)}/s`];
  const level = pressureLevel(worstPressure(metrics));
  return [
    clean(job),
    state,
    formatElapsed(elapsedMs),
    ...(state === 'STOPPING' ? [STOPPING_NOTE] : read),
    `backpressure ${level}`,
    ...remaining(metrics),
  ].join('  ');
}

/** Head, an empty line, the line that counts what is not shown, foot. */
const LINES_AROUND = 4;
const BAR_COLUMNS_MAX = 24;
const BAR_COLUMNS_MIN = 6;

function worstPressure({ vertices }: Metrics): number {
  return Math.max(0, ...vertices.map(({ backpressuredRatioMax }) => backpressuredRatioMax));
}

const NAME_COLUMNS_MIN = 8;

function vertexLines(vertices: readonly VertexMetrics[], columns: number, color: boolean): readonly string[] {
  const texts = vertices.map((vertex) => ({
    vertex,
    name: clean(vertex.name),
    tasks: `${vertex.subtasks} ${vertex.subtasks === 1 ? 'task ' : 'tasks'}`,
    busy: `busy ${formatPercent(vertex.busyRatio).padStart(5)}`,
    rate: `${formatCount(vertex.recordsInPerSecond)}/s in`,
  }));
  const widest = (least: number, pick: (text: (typeof texts)[number]) => string) =>
    Math.max(least, ...texts.map((text) => width(pick(text))));
  const longest = widest(NAME_COLUMNS_MIN, ({ name }) => name);
  const tasksWidth = widest(0, ({ tasks }) => tasks);
  const rateWidth = widest(10, ({ rate }) => rate);
  // What a column and the gap before it take; all lines show the same columns.
  const rest = columns - 2 - 3 - 10;
  const hasRate = rest - 2 - rateWidth >= NAME_COLUMNS_MIN;
  const afterRate = hasRate ? rest - 2 - rateWidth : rest;
  const hasTasks = hasRate && afterRate - 3 - tasksWidth >= NAME_COLUMNS_MIN;
  const afterTasks = hasTasks ? afterRate - 3 - tasksWidth : afterRate;
  const hasBar = hasTasks && afterTasks - 2 - BAR_COLUMNS_MIN >= NAME_COLUMNS_MIN;
  const nameWidth = Math.max(0, Math.min(longest, hasBar ? afterTasks - 2 - BAR_COLUMNS_MIN : afterTasks));
  const barWidth = Math.min(BAR_COLUMNS_MAX, afterTasks - 2 - nameWidth);
  return texts.map(({ vertex, name, tasks, busy, rate }) =>
    [
      `  ${padEnd(shorten(name, nameWidth), nameWidth)}`,
      hasTasks ? `   ${tasks.padStart(tasksWidth)}` : '',
      `   ${busy}`,
      hasBar ? `  ${timeBar(vertex, barWidth, color)}` : '',
      hasRate ? `  ${rate.padStart(rateWidth)}` : '',
    ].join(''),
  );
}

/** From here on bars are as wide as to need an explanation, and the foot has room for it. */
const LEGEND_COLUMNS_MIN = 80;
/** What is less fills no cell of a bar. */
const LEGEND_RATIO_MIN = 1 / BAR_COLUMNS_MAX;

function legend({ vertices }: Metrics, columns: number): readonly Part[] {
  if (columns < LEGEND_COLUMNS_MIN) return [];
  const seen = TIMES.filter(({ of }) => vertices.some((vertex) => of(vertex) >= LEGEND_RATIO_MIN));
  return seen.map(({ sign, word }, at) => ({
    text: `${sign} ${word}`,
    rank: 3,
    gap: at === 0 ? '   ' : ' ',
  }));
}

function footLine(metrics: Metrics, columns: number, color: boolean): string {
  const watermark = leastWatermark(metrics.vertices.map((vertex) => vertex.watermarkMs));
  const level = pressureLevel(worstPressure(metrics));
  const painted = paint(level === 'ok' ? 'green' : level === 'low' ? 'yellow' : 'red', level, color);
  const gap = '   ';
  const parts = [
    ...(watermark === null ? [] : [{ text: `watermark ${formatEventTime(watermark)}`, rank: 2, gap }]),
    { text: `backpressure ${painted}`, rank: 0, gap },
    ...remaining(metrics).map((text) => ({ text, rank: 1, gap })),
    ...legend(metrics, columns),
  ];
  return `  ${joinFitting(parts, columns - 2)}`;
}

function remaining({ recordsIn, recordsInTotal, recordsInPerSecond, state }: Metrics): readonly string[] {
  if (recordsInTotal === undefined || state !== 'RUNNING' || recordsInPerSecond <= 0) return [];
  return [`eta ${formatRemaining((Math.max(0, recordsInTotal - recordsIn) / recordsInPerSecond) * 1000)}`];
}

/** Null: none is known. */
export function leastWatermark(all: readonly (number | null)[]): number | null {
  const known = all.filter((ms): ms is number => ms !== null && Number.isFinite(ms));
  return known.length === 0 ? null : Math.min(...known);
}
