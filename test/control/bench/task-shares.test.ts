import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bottleneckOf, vertexShares } from '../../../engine/control/bench/task-shares.js';
import type { TaskMetrics } from '../../../engine/control/metrics/metrics.js';
import type { JobGraph } from '../../../engine/plan/job-graph.js';

const shares = suite('task shares');

/** A graph by its edges; vertices have one subtask each. */
function graphOf(count: number, edges: readonly (readonly [from: number, to: number])[]): JobGraph {
  const vertices = Array.from({ length: count }, (_, index) => ({
    index,
    name: `v${index}`,
    firstTask: index,
    parallelism: 1,
  }));
  const exchanges = edges.map(([fromVertex, toVertex]) => ({ fromVertex, toVertex }));
  return { vertices, exchanges } as unknown as JobGraph;
}

const BEFORE = {
  elapsedMs: 0,
  busyMs: 0,
  idleMs: 0,
  softBackpressuredMs: 0,
  hardBackpressuredMs: 0,
  asyncMs: 0,
  rateLimitedMs: 0,
};

/** Of a second, so many parts. */
const taskOf = (busy: number, backpressured: number): TaskMetrics =>
  ({
    times: {
      ...BEFORE,
      ...{ elapsedMs: 1_000, busyMs: busy * 1_000, softBackpressuredMs: backpressured * 1_000 },
      idleMs: (1 - busy - backpressured) * 1_000,
    },
  }) as unknown as TaskMetrics;

// biome-ignore format: a table
const CASES: readonly (readonly [what: string, edges: readonly (readonly [number, number])[], times: readonly (readonly [busy: number, backpressured: number])[], found: number | null])[] = [
  ['a busy sink behind a source that it holds up',        [[0, 1]],         [[0.2, 0.8], [0.97, 0]],             1],
  ['a source that is busy while all behind it is idle',   [[0, 1]],         [[0.99, 0], [0.3, 0]],               0],
  ['the first of two busy tasks behind each other',       [[0, 1], [1, 2]], [[0.1, 0.9], [0.9, 0.05], [0.95, 0]], 1],
  ['the last, if all before it are held up',              [[0, 1], [1, 2]], [[0.1, 0.9], [0.45, 0.55], [0.9, 0]], 2],
  ['the branch that is busy, not the one that is idle',   [[0, 1], [0, 2]], [[0.2, 0.8], [0.1, 0], [0.9, 0]],    2],
  ['a busy task that holds nobody up',                    [[0, 1]],         [[0.2, 0], [0.9, 0]],                null],
  ['nobody, where all wait for what is outside',          [[0, 1]],         [[0.1, 0], [0.1, 0]],                null],
];

for (const [what, edges, times, found] of CASES) {
  shares(`the bottleneck is ${what}`, () => {
    const now = times.map(([busy, backpressured]) => taskOf(busy, backpressured));
    const then = times.map(() => ({ times: BEFORE }) as unknown as TaskMetrics);
    assert.is(
      bottleneckOf(graphOf(times.length, edges), then, now)?.name ?? null,
      found === null ? null : `v${found}`,
    );
  });
}

shares('shares are of the time between two readings, means over the subtasks', () => {
  const at = (
    ms: number,
    busyMs: number,
    idleMs: number,
    records: number,
    onCoreMs: number | null,
  ): TaskMetrics =>
    ({
      recordsIn: records,
      times: {
        ...{
          elapsedMs: ms,
          busyMs,
          idleMs,
          softBackpressuredMs: ms - busyMs - idleMs,
          hardBackpressuredMs: 0,
        },
        ...{ asyncMs: 0, rateLimitedMs: 0 },
      },
      ...(onCoreMs !== null && { thread: { onCoreMs, awaitingCoreMs: onCoreMs / 2 } }),
    }) as unknown as TaskMetrics;
  const graph = graphOf(1, []);
  (graph.vertices as unknown as { parallelism: number }[])[0]!.parallelism = 2;
  const then = [at(1_000, 900, 0, 50, 500), at(1_000, 100, 0, 10, 100)];
  const now = [at(3_000, 1_900, 500, 250, 900), at(3_000, 500, 1_600, 110, 300)];
  const [found] = vertexShares(graph, then, now, 2_000);
  assert.equal([found!.busy, found!.idle, found!.backpressured].map(rounded), [0.35, 0.525, 0.125]);
  assert.equal(
    [found!.onCore!, found!.awaitingCore!, found!.recordsInPerSecond].map(rounded),
    [0.15, 0.075, 150],
  );
  const [untold] = vertexShares(graph, then, [now[0]!, at(3_000, 500, 1_600, 110, null)], 2_000);
  assert.equal([untold!.onCore, untold!.awaitingCore, rounded(untold!.busy)], [null, null, 0.35]);
});

const rounded = (value: number): number => Math.round(value * 1e6) / 1e6;

shares.run();
