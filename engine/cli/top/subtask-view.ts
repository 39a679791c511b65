import type { TaskMetrics } from '../../control/metrics/metrics.js';
import { clean } from '../columns.js';
import { onHeat, paint } from '../ink.js';
import { formatBytes, formatCount, formatEventTime, formatPercent } from '../quantities.js';
import { timeBar } from '../time-bar.js';
import type { Canvas } from './canvas.js';
import type { RunPicture } from './run-picture.js';
import { aroundChosen, type Column, tableHead, tableLayout, tableRow } from './table.js';
import type { TopState } from './top-state.js';

/** The subtasks of a vertex, a line each, and more of the chosen one. */
export function subtaskView(
  { metrics }: RunPicture,
  { vertex, subtask }: TopState,
  canvas: Canvas,
  room: number,
): readonly string[] {
  const chosen = metrics.vertices[vertex];
  if (chosen === undefined) return [];
  const tasks = metrics.tasks.filter((task) => task.vertex === chosen.vertex);
  const hasColor = canvas.colors > 0;
  const layout = tableLayout(columnsOf(tasks, subtask, canvas), canvas.columns);
  const lines = tasks.map((task) => tableRow(layout, task));
  const more = tasks[subtask] === undefined ? [] : detailLines(tasks[subtask]!);
  const details = room >= lines.length + more.length + 3 || room > 2 * (more.length + 3) ? ['', ...more] : [];
  return [
    paint('bold', clean(chosen.name), hasColor),
    paint('bold', tableHead(layout), hasColor),
    ...aroundChosen(lines, subtask, Math.max(1, room - 2 - details.length)),
    ...details,
  ];
}

function columnsOf(
  tasks: readonly TaskMetrics[],
  chosen: number,
  { colors }: Canvas,
): readonly Column<TaskMetrics>[] {
  type Figure = readonly [head: string, rank: number, columns: number, of: (task: TaskMetrics) => string];
  const figure = ([head, rank, columns, cell]: Figure): Column<TaskMetrics> => ({
    ...{ head, rank, min: columns, max: columns, isNumber: true, cell },
  });
  const usage = (pool: { readonly poolUsage: number } | null): string =>
    pool === null ? '' : formatPercent(pool.poolUsage);
  const hasTime = tasks.some(({ watermarkMs }) => watermarkMs !== null);
  return [
    {
      ...{ head: '  subtask', rank: 0, min: 9, max: 9 },
      cell: (task) => {
        const name = ` ${String(task.subtask).padStart(4)}   `;
        return `${task.subtask === chosen ? '>' : ' '}${onHeat(name, task, colors)}`;
      },
    },
    figure(['busy', 0, 5, ({ busyRatio }) => formatPercent(busyRatio)]),
    figure(['back', 0, 5, ({ backpressuredRatio }) => formatPercent(backpressuredRatio)]),
    figure(['idle', 1, 5, ({ idleRatio }) => formatPercent(idleRatio)]),
    {
      ...{ head: 'time', rank: 5, min: 8, max: 40 },
      cell: (task, columns) => timeBar(task, columns, colors > 0),
    },
    figure(['in/s', 1, 6, ({ recordsInPerSecond }) => formatCount(recordsInPerSecond)]),
    figure(['out/s', 2, 6, ({ recordsOutPerSecond }) => formatCount(recordsOutPerSecond)]),
    figure(['in pool', 3, 7, ({ input }) => usage(input)]),
    figure(['out pool', 4, 8, ({ output }) => usage(output)]),
    figure(['heap', 6, 7, ({ heapBytes }) => formatBytes(heapBytes)]),
    figure(['gc', 7, 6, ({ gcMsPerSecond }) => formatPercent(gcMsPerSecond / 1_000)]),
    figure(['late', 8, 6, ({ lateRecords }) => formatCount(lateRecords)]),
    ...(hasTime
      ? [
          {
            ...{ head: 'watermark', rank: 9, min: 24, max: 24 },
            cell: ({ watermarkMs }: TaskMetrics) =>
              watermarkMs === null ? '' : formatEventTime(watermarkMs),
          },
        ]
      : []),
  ];
}

/** What the table has no room for. */
function detailLines(task: TaskMetrics): readonly string[] {
  const { input, output, latency } = task;
  const soft = formatPercent(task.softBackpressuredRatio);
  const hard = formatPercent(task.hardBackpressuredRatio);
  const held = formatPercent(task.rateLimitedRatio);
  const cores =
    task.onCoreRatio === undefined
      ? []
      : [
          `    core     on one ${formatPercent(task.onCoreRatio)}, waiting for one ${formatPercent(task.awaitingCoreRatio ?? 0)}`,
        ];
  return [
    `  subtask ${task.subtask}  ${task.state}`,
    `    time     backpressured between records ${soft}, inside one ${hard}`,
    `             held back by a rate ${held}, by a promise ${formatPercent(task.asyncRatio)}`,
    ...cores,
    ...(input === null
      ? []
      : [
          `    input    ${formatBytes(task.bytesInPerSecond)}/s; ${input.queuedBuffers} buffers wait; ${input.exclusiveInUse}/${input.exclusive} exclusive, ${input.floatingInUse}/${input.floating} floating in use`,
        ]),
    ...(output === null
      ? []
      : [
          `    output   ${formatBytes(task.bytesOutPerSecond)}/s; ${output.queuedBuffers} buffers wait; ${output.freeSegments}/${output.segments} segments free`,
        ]),
    `    records  ${formatCount(task.recordsIn)} in, ${formatCount(task.recordsOut)} out, ${formatCount(task.lateRecords)} late`,
    `    heap     ${formatBytes(task.heapBytes)}; ${task.gcCount} collections, ${Math.round(task.gcMsPerSecond)} ms of each second`,
    ...(latency === undefined
      ? []
      : [`    latency  p50 ${ms(latency.p50Ms)}, p99 ${ms(latency.p99Ms)}, longest ${ms(latency.maxMs)}`]),
  ];
}

const ms = (value: number): string => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
