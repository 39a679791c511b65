import type { TaskMetrics, VertexMetrics } from '../../control/metrics/metrics.js';
import { clean, padEnd, padStart, shorten, width } from '../columns.js';
import { onHeat, paint } from '../ink.js';
import { formatCount, formatEventTime, formatPercent } from '../quantities.js';
import { sparkline } from '../sparkline.js';
import { levelBar, timeBar } from '../time-bar.js';
import type { Canvas } from './canvas.js';
import { PAST_SECONDS, type RunPicture } from './run-picture.js';
import { aroundChosen, type Column, tableHead, tableLayout, tableRow } from './table.js';
import type { TopState } from './top-state.js';

/** A vertex with its subtasks. */
interface Row {
  readonly vertex: VertexMetrics;
  readonly tasks: readonly TaskMetrics[];
  readonly isChosen: boolean;
}

/**
 * The vertices in the order of the graph, with what lies between them: a line each, and one above it for its input.
 * Where there is no room the inputs go first, and then the vertices that are far from the chosen one.
 *
 * @param state  null: nothing is chosen
 */
export function graphView(
  picture: RunPicture,
  state: TopState | null,
  canvas: Canvas,
  room: number,
): readonly string[] {
  const { metrics } = picture;
  const rows = metrics.vertices.map((vertex, at) => ({
    vertex,
    tasks: metrics.tasks.filter((task) => task.vertex === vertex.vertex),
    isChosen: state?.vertex === at,
  }));
  const layout = tableLayout(columnsOf(picture, rows, canvas), canvas.columns);
  const head = paint('bold', tableHead(layout), canvas.colors > 0);
  const lines = rows.map((row) => tableRow(layout, row));
  const inputs = rows.map((_, at) => inputLine(picture, rows, at, canvas));
  const whole = lines.flatMap((line, at) => [...inputs[at]!, line]);
  if (whole.length < room) return [head, ...whole];
  return [head, ...aroundChosen(lines, state?.vertex ?? 0, Math.max(1, room - 1))];
}

const NAME_COLUMNS_MIN = 10;
const NAME_COLUMNS_MAX = 60;
const PERCENT_COLUMNS = 5;
const COUNT_COLUMNS = 6;

function columnsOf(
  { past }: RunPicture,
  rows: readonly Row[],
  { colors, isUnicode }: Canvas,
): readonly Column<Row>[] {
  const label = ({ vertex: { name, subtasks } }: Row): string =>
    `${clean(name)}${subtasks > 1 ? ` x${subtasks}` : ''}`;
  const least = Math.max(NAME_COLUMNS_MIN, ...rows.map((row) => width(label(row)) + 3));
  const line = (values: readonly number[], largest: number, cells: number): string =>
    sparkline(values, { end: past.end, seconds: PAST_SECONDS, largest, cells, isUnicode });
  const lines: readonly Column<Row>[] = [
    {
      ...{ head: 'last minute', rank: 3, min: 11, max: PAST_SECONDS },
      cell: ({ vertex }, columns) => line(past.rates(vertex.vertex), 0, columns),
    },
    {
      ...{ head: 'backpressure', rank: 7, min: 12, max: PAST_SECONDS },
      cell: ({ vertex }, columns) => line(past.pressures(vertex.vertex), 1, columns),
    },
  ];
  const percent = (head: string, rank: number, of: (vertex: VertexMetrics) => number): Column<Row> => ({
    ...{ head, rank, min: PERCENT_COLUMNS, max: PERCENT_COLUMNS, isNumber: true },
    cell: ({ vertex }) => formatPercent(of(vertex)),
  });
  const count = (head: string, rank: number, of: (vertex: VertexMetrics) => number): Column<Row> => ({
    ...{ head, rank, min: COUNT_COLUMNS, max: COUNT_COLUMNS, isNumber: true },
    cell: ({ vertex }) => formatCount(of(vertex)),
  });
  return [
    {
      ...{ head: '  vertex', rank: 0, min: Math.min(16, least), max: Math.min(NAME_COLUMNS_MAX, least) },
      cell: (row, columns) => {
        const name = padEnd(` ${shorten(label(row), columns - 3)}`, columns - 1);
        return `${row.isChosen ? '>' : ' '}${onHeat(name, row.vertex, colors)}`;
      },
    },
    percent('busy', 0, ({ busyRatio }) => busyRatio),
    percent('back', 0, ({ backpressuredRatio }) => backpressuredRatio),
    percent('idle', 5, ({ idleRatio }) => idleRatio),
    percent('held', 6, ({ asyncRatio, rateLimitedRatio }) => asyncRatio + rateLimitedRatio),
    {
      ...{ head: 'time', rank: 4, min: 8, max: 24 },
      cell: ({ vertex }, columns) => timeBar(vertex, columns, colors > 0),
    },
    count('in/s', 1, ({ recordsInPerSecond }) => recordsInPerSecond),
    count('out/s', 2, ({ recordsOutPerSecond }) => recordsOutPerSecond),
    ...(past.end === 0 ? [] : lines),
    {
      ...{ head: 'watermark', rank: 8, min: 24, max: 24 },
      cell: ({ vertex }) => (vertex.watermarkMs === null ? '' : formatEventTime(vertex.watermarkMs)),
    },
  ];
}

const BUFFERS_COLUMNS = { min: 8, max: 24 } as const;

/** What a vertex is fed by, and the buffers on the way: those of its senders, and its own. */
function inputLine(
  { links }: RunPicture,
  rows: readonly Row[],
  at: number,
  { columns, colors }: Canvas,
): readonly string[] {
  const { vertex, tasks } = rows[at]!;
  const feeds = links.filter(({ to }) => to === vertex.vertex);
  if (feeds.length === 0) return [];
  const [only] = feeds;
  const isAbove = feeds.length === 1 && rows[at - 1]?.vertex.vertex === only!.from;
  const nameOf = (id: string): string =>
    clean(rows.find((row) => row.vertex.vertex === id)?.vertex.name ?? '?');
  const text = isAbove
    ? `| ${only!.partitioner}`
    : `<- ${feeds.map(({ from, partitioner }) => `${nameOf(from)} (${partitioner})`).join(', ')}`;
  const senders = rows.filter((row) => feeds.some(({ from }) => from === row.vertex.vertex));
  const sent = most(senders.flatMap((row) => row.tasks.map(({ output }) => output?.poolUsage ?? 0)));
  const held = most(tasks.map(({ input }) => input?.poolUsage ?? 0));
  const queued = tasks.reduce((sum, { input }) => sum + (input?.queuedBuffers ?? 0), 0);
  const cells = Math.max(BUFFERS_COLUMNS.min, Math.min(BUFFERS_COLUMNS.max, (columns - 70) >> 1));
  const level = (word: string, ratio: number): string =>
    `${word} ${levelBar(ratio, cells, colors > 0)} ${padStart(formatPercent(ratio), PERCENT_COLUMNS)}`;
  const figures = [
    level('sent', sent),
    level('received', held),
    `${queued} ${queued === 1 ? 'buffer' : 'buffers'}`,
  ];
  const nameColumns = Math.max(10, columns - 2 * cells - 48);
  const label = padEnd(shorten(text, nameColumns), Math.min(nameColumns, 16));
  return [`  ${label}  ${figures.join('   ')}`];
}

const most = (ratios: readonly number[]): number => Math.max(0, ...ratios);
