import { RunPast, type RunPicture } from '../../engine/cli/top/run-picture.js';
import type { Metrics, TaskMetrics } from '../../engine/control/metrics/metrics.js';
import { vertexMetrics } from '../../engine/control/metrics/vertex-metrics.js';
import { taskMetrics } from './task-metrics.js';

const BUFFERS = { exclusive: 2, floating: 8, exclusiveInUse: 2, floatingInUse: 6, poolUsage: 0.8 };
const SEGMENTS = { overdraft: 20, segments: 40, freeSegments: 22, discardedBuffers: 0 };

/** Tasks of a job of three vertices: the middle one is at its limit, and holds up the first. */
export const HELD_UP: readonly TaskMetrics[] = [
  taskMetrics({
    ...{ vertex: 'a', name: 'parquet -> eventTime -> filter', recordsInPerSecond: 52_000 },
    ...{
      busyRatio: 0.28,
      backpressuredRatio: 0.72,
      softBackpressuredRatio: 0.72,
      recordsOutPerSecond: 51_300,
    },
    ...{ output: { ...SEGMENTS, queuedBuffers: 18, poolUsage: 0.9 }, watermarkMs: Date.UTC(2001, 2, 12) },
  }),
  ...[0.98, 0.94].map((busyRatio, subtask) =>
    taskMetrics({
      ...{ vertex: 'b', name: 'score', subtask, busyRatio, idleRatio: 1 - busyRatio, heapBytes: 41e6 },
      ...{ recordsIn: 812_000, recordsInPerSecond: 25_600, recordsOutPerSecond: 25_600 },
      ...{ bytesInPerSecond: 1.2e6, bytesOutPerSecond: 8e5, gcMsPerSecond: 12, gcCount: 31 },
      input: { ...BUFFERS, queuedBuffers: 17 },
      output: { ...SEGMENTS, queuedBuffers: 0, poolUsage: 0.05 },
      watermarkMs: Date.UTC(2001, 2, 12) - 1_000 * subtask,
    }),
  ),
  taskMetrics({
    ...{ vertex: 'c', name: 'csv', busyRatio: 0.07, idleRatio: 0.89, asyncRatio: 0.04 },
    ...{ recordsInPerSecond: 51_200, input: { ...BUFFERS, queuedBuffers: 0, poolUsage: 0.1 } },
  }),
];

export function pictureOf(tasks: readonly TaskMetrics[], over: Partial<RunPicture> = {}): RunPicture {
  const metrics: Metrics = {
    ...{ job: 'flight-delays', state: 'RUNNING', elapsedMs: 83_400, windowMs: 1_000, segmentBytes: 5.2e6 },
    ...{ recordsIn: 4.1e6, recordsInPerSecond: 52_000, writesToStdout: false },
    ...{ tasks, vertices: vertexMetrics(tasks) },
  };
  const past = new RunPast();
  for (let second = 0; second < 45; second++) past.add(before(metrics, second));
  const [first, second, third] = metrics.vertices.map(({ vertex }) => vertex);
  return {
    id: '7f3a0c55000000000000000000000000',
    links: [
      ...(second === undefined ? [] : [{ from: first!, to: second, partitioner: 'hash' }]),
      ...(third === undefined ? [] : [{ from: second!, to: third, partitioner: 'rebalance' }]),
    ],
    ...{ metrics, past, flame: null, note: null, panel: [], keys: [] },
    diagnosis: {
      ...{ job: 'flight-delays', verdict: 'limited', history: [], windowMs: 1_000 },
      summary: 'score: its work takes all the time of its subtasks, and cores are free',
      findings: [
        {
          ...{ cause: 'cpu', severity: 'limit', share: 1, vertex: 'b', name: 'score', subtask: null },
          reason: 'its work takes all the time of its subtasks, and cores are free',
          evidence: ['busy 98 %', 'parquet -> eventTime -> filter backpressured 72 %', 'csv idle 89 %'],
          advice: 'raise its parallelism from 2 to 4',
          gain: 1.9,
        },
      ],
    },
    ...over,
  };
}

/** The same run, getting faster until after half a minute it went as it goes now. */
function before(metrics: Metrics, second: number): Metrics {
  const share = Math.min(1, second / 30);
  return {
    ...metrics,
    elapsedMs: second * 1_000,
    vertices: metrics.vertices.map((vertex) => ({
      ...vertex,
      recordsInPerSecond: vertex.recordsInPerSecond * share,
      backpressuredRatioMax: vertex.backpressuredRatioMax * share,
    })),
  };
}
