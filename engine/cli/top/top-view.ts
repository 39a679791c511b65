import type { Diagnosis } from '../../control/diagnosis/diagnosis.js';
import { clean, fit, joinFitting } from '../columns.js';
import { labelled } from '../diagnosis-text.js';
import { paint } from '../ink.js';
import { leastWatermark } from '../live-view.js';
import { formatEventTime } from '../quantities.js';
import { runHead } from '../run-head.js';
import { TIMES } from '../time-bar.js';
import type { Canvas } from './canvas.js';
import { flameView } from './flame-view.js';
import { graphView } from './graph-view.js';
import { helpView } from './help-view.js';
import type { RunPicture } from './run-picture.js';
import { subtaskView } from './subtask-view.js';
import type { TopState } from './top-state.js';

/**
 * A run that is watched, as the lines of a whole terminal. Pure.
 *
 * @returns as many lines as the terminal has, none wider
 */
export function renderTop(picture: RunPicture, state: TopState, canvas: Canvas): string[] {
  const { columns, rows } = canvas;
  const foot = footLines(picture, state, canvas);
  const room = bodyRows(picture, state, canvas);
  const body = VIEWS[state.view](picture, state, canvas, room).slice(0, room);
  const lines = [
    ...headLines(picture, canvas),
    ...body,
    ...Array<string>(Math.max(0, room - body.length)).fill(''),
    ...foot,
  ];
  return lines.slice(-rows).map((line) => fit(line, columns));
}

/** The graph and what is said of it as lines of text for where there is no terminal. Pure. */
export function renderOnce(picture: RunPicture, columns: number): string[] {
  const canvas = { columns, rows: Number.POSITIVE_INFINITY, colors: 0, isUnicode: false } as const;
  return [
    runHead(picture.metrics, columns, false),
    '',
    ...graphView(picture, null, canvas, Number.POSITIVE_INFINITY),
    '',
    legendLine(picture, columns),
    ...(picture.diagnosis === null ? [] : diagnosisLines(picture.diagnosis, columns)),
  ].map((line) => fit(line, columns).trimEnd());
}

const VIEWS = { graph: graphView, subtasks: subtaskView, flame: flameView, help: helpView } as const;

/** Lines that are left for what has been chosen to be seen. */
export function bodyRows(picture: RunPicture, state: TopState, canvas: Canvas): number {
  const others = headLines(picture, canvas).length + footLines(picture, state, canvas).length;
  return Math.max(1, canvas.rows - others);
}

/** From here on there is room for more than the figures. */
const ROOMY_ROWS = 20;
const LARGE_ROWS = 36;

function headLines(
  { metrics, note, panel }: RunPicture,
  { columns, rows, colors }: Canvas,
): readonly string[] {
  const hasColor = colors > 0;
  const shown = rows >= ROOMY_ROWS ? panel : panel.slice(0, 1);
  return [
    runHead(metrics, columns, hasColor),
    ...shown,
    ...(note === null ? (rows >= ROOMY_ROWS ? [''] : []) : [paint('yellow', clean(note), hasColor)]),
  ];
}

function footLines(picture: RunPicture, { view, back }: TopState, { columns, rows, colors }: Canvas) {
  const count = rows >= LARGE_ROWS ? 8 : rows >= ROOMY_ROWS ? 4 : 1;
  const lines = picture.diagnosis === null ? [] : diagnosisLines(picture.diagnosis, columns - CUT.length);
  return [
    ...(rows >= ROOMY_ROWS ? ['', legendLine(picture, columns)] : []),
    ...said(lines, count),
    keyLine(
      [...picture.keys, ...KEYS[view], ...(back === null ? [] : ['Esc back']), ...ALWAYS],
      columns,
      colors > 0,
    ),
  ];
}

/** There is more. */
const CUT = ' ..';

/** Always as many, so that the lines above stay where they are. */
function said(lines: readonly string[], count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => {
    const isCut = at === count - 1 && lines.length > count;
    return `${lines[at] ?? ''}${isCut ? CUT : ''}`;
  });
}

const KEYS: Readonly<Record<TopState['view'], readonly string[]>> = {
  graph: ['Enter/F2 subtasks', 'f/F3 flame graph'],
  subtasks: ['f/F3 flame graph'],
  flame: [],
  help: [],
};
const ALWAYS = ['?/F1 help', 'q/F10 quit'];

/** Keys from the right are the last to go. */
function keyLine(keys: readonly string[], columns: number, color: boolean): string {
  const parts = keys.map((text, at) => ({ text, rank: keys.length - at, gap: '   ' }));
  return paint('dim', joinFitting(parts, columns), color);
}

function legendLine({ metrics: { vertices } }: RunPicture, columns: number): string {
  const watermark = leastWatermark(vertices.map(({ watermarkMs }) => watermarkMs));
  const signs = TIMES.map(({ sign, word }) => ({ text: `${sign} ${word}`, rank: 1, gap: ' ' }));
  const time =
    watermark === null ? [] : [{ text: `watermark ${formatEventTime(watermark)}`, rank: 0, gap: '   ' }];
  return joinFitting([...signs, ...time], columns);
}

/** What holds the run up, what to do, and how that is known: the weightiest first, as there may be no room for all. */
export function diagnosisLines(
  { verdict, summary, findings }: Diagnosis,
  columns: number,
): readonly string[] {
  const limit = findings.find(({ severity }) => severity === 'limit');
  if (verdict !== 'limited' || limit === undefined) return labelled(verdict, clean(summary), columns);
  const { advice, evidence, gain } = limit;
  const expected = gain === null || gain <= 1 ? '' : `; at best ${gain}x`;
  return [
    ...labelled('held up by', clean(summary), columns),
    ...(advice === null ? [] : labelled('  try', clean(`${advice}${expected}`), columns)),
    ...(evidence.length === 0 ? [] : labelled('  evidence', clean(evidence.join('; ')), columns)),
  ];
}
