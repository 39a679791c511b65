/**
 * Results as one SVG file that needs nothing else: ratios as bars on one scale, figures as bars against what was asked
 * of them, curves as lines.
 */
import type { BenchResult } from './bench-result.js';
import type { SuiteReport } from './run-suite.js';
import { type BenchSuite, type Curve, pointName } from './suite.js';
import { leadingResults, quantity } from './table.js';

const WIDTH = 1080;
const LEFT = 330;
const RIGHT = 310;
const ROW = 24;
const PLOT = WIDTH - LEFT - RIGHT;
const CURVE_HEIGHT = 220;
const COLOURS = 'Blue: what was asked is held; orange: it is not; grey: nothing was asked.';
const STYLE = `text { font: 12px system-ui, sans-serif; fill: #222 } .small { font-size: 10px; fill: #666 }
.bar { fill: #3b76b8 } .missed { fill: #c2703d } .none { fill: #9aa7b5 } .spread { stroke: #222 } .asked { stroke: #c00 }
.axis { stroke: #ccc } .subject { fill: none; stroke: #3b76b8; stroke-width: 2 }
.baseline { fill: none; stroke: #888; stroke-width: 1.5; stroke-dasharray: 4 3 }`;

export function resultChart(
  suite: BenchSuite,
  { results, machine, node, commit }: Pick<SuiteReport, 'results' | 'machine' | 'node' | 'commit'>,
): string {
  const byName = new Map(results.map((result) => [result.name, result]));
  const curves = (suite.curves ?? []).filter((curve) =>
    curve.points.some((point) => byName.has(pointName(curve, point))),
  );
  const onCurves = new Set(curves.flatMap((curve) => curve.points.map((point) => pointName(curve, point))));
  const leading = leadingResults(results).filter(({ name }) => !onCurves.has(name));
  const parts: string[] = [];
  let y = 64;
  const section = (title: string, lines: readonly string[], height: number): void => {
    if (lines.length === 0) return;
    parts.push(`<text x="16" y="${y}" class="small">${escaped(title)}</text>`);
    parts.push(`<g transform="translate(0 ${y + 10})">${lines.join('\n')}</g>`);
    y += height + 34;
  };
  const ratios = leading.filter(({ ratio }) => ratio !== null);
  const ratioTitle = 'times better than the baseline: median, lowest and highest round; red: what is asked';
  section(ratioTitle, ratioRows(ratios), ratios.length * ROW + 14);
  const figures = leading.filter(({ ratio }) => ratio === null);
  section('figures; a full bar is what is asked', figures.map(figureRow), figures.length * ROW);
  for (const curve of curves)
    section(`${curve.name}: records/s by ${curve.axis}`, curveLines(curve, byName), CURVE_HEIGHT);
  const head = [
    `<text x="16" y="24" font-weight="bold">${escaped(`${suite.name}: ${suite.question}`)}</text>`,
    `<text x="16" y="42" class="small">${escaped(`${machine}; Node ${node}; ${commit ?? 'no commit'}. ${COLOURS}`)}</text>`,
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${y}" viewBox="0 0 ${WIDTH} ${y}">
<style>${STYLE}</style>
<rect width="100%" height="100%" fill="#fff"/>
${[...head, ...parts].join('\n')}
</svg>
`;
}

/** One logarithmic scale for all, with 1 on it. */
function ratioRows(results: readonly BenchResult[]): string[] {
  if (results.length === 0) return [];
  const shown = results.flatMap(({ low, high, bar }) => [low, high, askedOf(bar) ?? 1]);
  const scale = logScale([...shown, 0.5, 2].filter((each) => each > 0));
  const at = (ratio: number): number => LEFT + scale(ratio) * PLOT;
  const bottom = results.length * ROW;
  const ticks = [0.01, 0.1, 0.5, 1, 2, 10, 100, 1000].filter((tick) => scale(tick) >= 0 && scale(tick) <= 1);
  const axis = ticks.map(
    (tick) => `<line class="axis" x1="${at(tick)}" x2="${at(tick)}" y1="0" y2="${bottom}"/>
<text class="small" x="${at(tick)}" y="${bottom + 12}" text-anchor="middle">${tick}</text>`,
  );
  const rows = results.map((result, index) => {
    const { ratio, low, high, bar } = result;
    const [from, to] = [at(1), at(ratio!)].sort((a, b) => a - b) as [number, number];
    const asked = askedOf(bar);
    const marks = [
      `<rect class="${colourOf(result)}" x="${from}" width="${Math.max(1, to - from)}" y="6" height="12"/>`,
      `<line class="spread" x1="${at(low)}" x2="${at(high)}" y1="12" y2="12"/>`,
      ...(asked === null ? [] : [`<line class="asked" x1="${at(asked)}" x2="${at(asked)}" y1="3" y2="21"/>`]),
    ];
    const spread = `${ratio!.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`;
    return row(index, result, marks.join(''), `${spread}${bar === null ? '' : `, ${bar}`}`);
  });
  return [...axis, ...rows];
}

function figureRow(result: BenchResult, index: number): string {
  const { value, low, high, unit, bar } = result;
  const asked = askedOf(bar);
  const share = asked === null || asked <= 0 ? 0 : Math.min(1, Math.max(0, value / asked));
  const mark = `<rect class="${colourOf(result)}" x="${LEFT}" width="${share * PLOT}" y="6" height="12"/>`;
  const text = `${quantity(value)} ${unit} (${quantity(low)} to ${quantity(high)})`;
  return row(index, result, mark, bar === null ? text : `${text}, ${bar}`);
}

function row(index: number, { name }: BenchResult, marks: string, text: string): string {
  return `<g transform="translate(0 ${index * ROW})"><text x="${LEFT - 8}" y="16" text-anchor="end">${escaped(name)}</text>
${marks}<text class="small" x="${WIDTH - RIGHT + 8}" y="16">${escaped(text)}</text></g>`;
}

/** Both scales logarithmic: a straight line is a power. */
function curveLines(curve: Curve, byName: ReadonlyMap<string, BenchResult>): string[] {
  const points = curve.points.flatMap((point) => {
    const result = byName.get(pointName(curve, point));
    return result === undefined ? [] : [{ x: point.x, y: result.value, baseline: result.baseline }];
  });
  const across = logScale(points.map(({ x }) => x));
  const up = logScale(points.flatMap(({ y, baseline }) => (baseline === null ? [y] : [y, baseline])));
  const bottom = CURVE_HEIGHT - 30;
  const px = (x: number): number => LEFT + across(x) * PLOT;
  const py = (y: number): number => bottom - up(y) * (bottom - 16);
  const line = (kind: string, drawn: readonly (readonly [number, number])[]): string =>
    `<polyline class="${kind}" points="${drawn.map(([x, y]) => `${px(x)},${py(y)}`).join(' ')}"/>`;
  const against = points.flatMap(({ x, baseline }) => (baseline === null ? [] : [[x, baseline] as const]));
  return [
    `<line class="axis" x1="${LEFT}" x2="${LEFT + PLOT}" y1="${bottom}" y2="${bottom}"/>`,
    ...points.map(
      ({
        x,
        y,
      }) => `<text class="small" x="${px(x)}" y="${bottom + 14}" text-anchor="middle">${quantity(x)}</text>
<circle cx="${px(x)}" cy="${py(y)}" r="3" class="bar"/><text class="small" x="${px(x)}" y="${py(y) - 7}" text-anchor="middle">${quantity(y)}</text>`,
    ),
    line(
      'subject',
      points.map(({ x, y }) => [x, y]),
    ),
    ...(against.length === 0 ? [] : [line('baseline', against)]),
  ];
}

/** @returns from a value to its place between the least, 0, and the most, 1 */
function logScale(values: readonly number[]): (value: number) => number {
  const [least, most] = [Math.log(Math.min(...values)), Math.log(Math.max(...values))];
  return (value) => (most === least ? 0.5 : (Math.log(value) - least) / (most - least));
}

/** The number in `>= 0.75, aim 0.9`. */
function askedOf(bar: string | null): number | null {
  const asked = bar === null ? null : /[0-9.]+/.exec(bar);
  return asked === null ? null : Number(asked[0]);
}

/** Only the looks depend on this: nothing fails on a bar. */
function colourOf({ value, ratio, bar }: BenchResult): string {
  const asked = askedOf(bar);
  if (asked === null) return 'none';
  const measured = ratio ?? value;
  const isHeld = bar!.startsWith('<=')
    ? measured <= asked
    : bar!.startsWith('>=')
      ? measured >= asked
      : bar!.startsWith('>')
        ? measured > asked
        : measured === asked;
  return isHeld ? 'bar' : 'missed';
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
