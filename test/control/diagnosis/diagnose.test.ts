import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { diagnose } from '../../../engine/control/diagnosis/diagnose.js';
import type { Diagnosis } from '../../../engine/control/diagnosis/diagnosis.js';
import { DiagnosisLog } from '../../../engine/control/diagnosis/diagnosis-log.js';
import type { Metrics, TaskMetrics } from '../../../engine/control/metrics/metrics.js';
import { vertexMetrics } from '../../../engine/control/metrics/vertex-metrics.js';
import type { JobExchange, JobGraph } from '../../../engine/plan/job-graph.js';
import type { Partitioner } from '../../../engine/plan/logical-plan.js';
import { taskMetrics } from '../../kit/task-metrics.js';

/** What is said of figures that were made up: of graphs in which it is known who holds up whom. */
const doctor = suite('diagnosis');

const HASH = { kind: 'hash', fields: ['user'] } as const satisfies Partitioner;
const REBALANCE = { kind: 'rebalance' } as const satisfies Partitioner;

/** The figures of the subtasks of each vertex, and who feeds whom. */
function diagnosed(
  vertices: readonly (readonly Partial<TaskMetrics>[])[],
  edges: readonly (readonly [from: number, to: number, partitioner?: Partitioner])[],
  { cores = 8, windowMs = 1_000 }: { cores?: number; windowMs?: number } = {},
): Diagnosis {
  let firstTask = 0;
  const graph = {
    vertices: vertices.map((tasks, index) => {
      const vertex = { index, id: `v${index}`, name: `v${index}`, parallelism: tasks.length, firstTask };
      firstTask += tasks.length;
      return vertex;
    }),
    exchanges: edges.map(
      ([fromVertex, toVertex, partitioner = REBALANCE]) =>
        ({ fromVertex, toVertex, partitioner }) as unknown as JobExchange,
    ),
    taskCount: firstTask,
  } as unknown as JobGraph;
  const tasks = vertices.flatMap((all, index) =>
    all.map((over, subtask) => taskMetrics({ vertex: `v${index}`, name: `v${index}`, subtask, ...over })),
  );
  const metrics = { job: 'made up', windowMs, tasks, vertices: vertexMetrics(tasks) } as unknown as Metrics;
  return diagnose({ graph, metrics, cores });
}

const busy = (busyRatio: number, over: Partial<TaskMetrics> = {}): Partial<TaskMetrics> => ({
  busyRatio,
  idleRatio: 1 - busyRatio,
  recordsInPerSecond: 1_000,
  ...over,
});
const pressed = (backpressuredRatio: number): Partial<TaskMetrics> => ({
  backpressuredRatio,
  busyRatio: 1 - backpressuredRatio,
  recordsInPerSecond: 1_000,
});
const idle = busy(0.05);

doctor('in a line of any length the one that is slow is named, wherever it stands', () => {
  const property = fc.property(
    fc.integer({ min: 1, max: 8 }),
    fc.nat(),
    fc.integer({ min: 1, max: 4 }),
    fc.double({ min: 0.8, max: 1, noNaN: true }),
    fc.double({ min: 0.2, max: 0.95, noNaN: true }),
    (length, seed, subtasks, atWork, pressure) => {
      const slow = seed % length;
      const of = (at: number): Partial<TaskMetrics> =>
        at < slow ? pressed(pressure) : at === slow ? busy(atWork) : idle;
      const vertices = Array.from({ length }, (_, at) => Array.from({ length: subtasks }, () => of(at)));
      const edges = Array.from({ length: length - 1 }, (_, at) => [at, at + 1] as const);
      const { verdict, findings } = diagnosed(vertices, edges);
      assert.equal([verdict, findings[0]!.vertex, findings[0]!.cause], ['limited', `v${slow}`, 'cpu']);
      assert.is(findings.length, 1, 'those above it are not accused');
    },
  );
  fc.assert(property, { numRuns: 300, verbose: 1 });
});

doctor('of two branches each may have one, and what feeds both is explained by either', () => {
  const { findings } = diagnosed(
    [[pressed(0.9)], [busy(0.95)], [pressed(0.7)], [busy(0.99)]],
    [
      [0, 1],
      [0, 2],
      [2, 3],
    ],
  );
  assert.equal(
    findings.map(({ vertex }) => vertex),
    ['v3', 'v1'],
  );
});

doctor('nobody is accused where nobody is held up', () => {
  const property = fc.property(
    fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 6 }),
    (shares) => {
      // The source has time to spare, and nobody waits for those below.
      const vertices = [[busy(0.3)], ...shares.map((share) => [busy(share)])];
      const edges = shares.map((_, at) => [at, at + 1] as const);
      const { verdict, summary, findings } = diagnosed(vertices, edges);
      assert.equal([verdict, findings], ['healthy', []]);
      assert.match(summary, /^every task keeps up: no backpressure/);
    },
  );
  fc.assert(property, { numRuns: 200, verbose: 1 });
});

doctor('a source that is held back by its rate, or waits for its input, makes no job sick', () => {
  for (const [share, cause] of [
    ['rateLimitedRatio', 'source-rate'],
    ['asyncRatio', 'source-wait'],
  ] as const) {
    const { verdict, findings } = diagnosed([[{ [share]: 0.9, busyRatio: 0.1 }], [idle]], [[0, 1]]);
    assert.equal([verdict, findings[0]!.cause, findings[0]!.severity], ['healthy', cause, 'hint']);
  }
});

doctor('what limits one part of the job comes before what is only worth a word of another', () => {
  const slow = [[pressed(0.9)], [busy(0.99)]];
  const atItsRate = [[{ rateLimitedRatio: 0.9, busyRatio: 0.1 }], [idle]];
  const edges = [[0, 1], [2, 3]] as const; // biome-ignore format: short
  for (const vertices of [
    [...slow, ...atItsRate],
    [...atItsRate, ...slow],
  ]) {
    const { findings } = diagnosed(vertices, edges);
    assert.equal(findings.map(({ cause, severity }) => `${cause} ${severity}`), ['cpu limit', 'source-rate hint']); // biome-ignore format: short
  }
});

// biome-ignore format: a table
const CASES: readonly (readonly [cause: string, subtask: number | null, partitioner: Partitioner, tasks: readonly Partial<TaskMetrics>[]])[] = [
  ['key-skew',         2,    HASH,      [busy(0.1), busy(0.15), busy(0.99, { recordsInPerSecond: 8_000 }), busy(0.12)]],
  ['uneven-partition', 0,    REBALANCE, [busy(0.99, { recordsInPerSecond: 8_000 }), busy(0.12)]],
  ['slow-subtask',     1,    HASH,      [busy(0.2), busy(0.99), busy(0.2)]],
  ['few-cores',        null, HASH,      [busy(1, { onCoreRatio: 0.4, awaitingCoreRatio: 0.6 }), busy(1, { onCoreRatio: 0.5, awaitingCoreRatio: 0.5 })]],
  ['garbage',          null, HASH,      [busy(0.99, { gcMsPerSecond: 600 })]],
  ['undeclared',       null, REBALANCE, [busy(0.99, { undeclaredMsPerSecond: 450 })]],
  ['sink-rate',        null, REBALANCE, [{ rateLimitedRatio: 0.95, busyRatio: 0.05 }]],
  ['sink-wait',        null, REBALANCE, [{ asyncRatio: 0.8, busyRatio: 0.2 }]],
  ['cpu',              null, HASH,      [busy(0.98), busy(0.97)]],
];

for (const [cause, subtask, partitioner, tasks] of CASES) {
  doctor(`it tells ${cause} from the others`, () => {
    const { verdict, findings } = diagnosed(
      [[pressed(0.9)], tasks, [idle]],
      [
        [0, 1, partitioner],
        [1, 2],
      ],
    );
    const [first] = findings;
    assert.equal([verdict, first!.cause, first!.subtask, first!.vertex], ['limited', cause, subtask, 'v1']);
    assert.ok(first!.share > 0.15 && first!.share <= 1);
    assert.ok(first!.evidence.some((each) => each === 'v0 backpressured 90 %'));
  });
}

doctor('more subtasks are proposed where cores are free, and not where none is', () => {
  const at = (onCoreRatio: number, cores: number): Diagnosis =>
    diagnosed(
      [[{ ...pressed(0.9), onCoreRatio: 0.1 }], [busy(1, { onCoreRatio, awaitingCoreRatio: 0 })]],
      [[0, 1]],
      {
        cores,
      },
    );
  const [free] = at(0.9, 8).findings;
  assert.is(free!.advice, 'raise its parallelism from 1 to 8');
  assert.is(free!.gain, 8);
  const [full] = at(1, 1).findings;
  assert.is(full!.advice, 'make its functions cheaper');
  assert.is(full!.gain, null);
});

doctor('where the system does not tell who is on a core, busy tasks are taken to be', () => {
  const at = (cores: number): Diagnosis => diagnosed([[busy(1)], [busy(0.2)]], [[0, 1]], { cores });
  const [full] = at(1).findings;
  assert.is(full!.advice, 'make its functions cheaper');
  assert.equal(full!.evidence, ['busy 100 %', 'v1 idle 80 %']);
  const [free] = at(2).findings;
  assert.equal([free!.advice, free!.gain], ['raise its parallelism from 1 to 2', 1.8]);
});

doctor('of the subtasks of a source none is called slow: whoever is slow takes fewer splits', () => {
  const uneven = [busy(0.99, { recordsInPerSecond: 80 }), busy(0.99)];
  assert.is(diagnosed([uneven, [idle]], [[0, 1]]).findings[0]!.cause, 'cpu');
  const { findings } = diagnosed([[pressed(0.9)], uneven], [[0, 1]], { cores: 2 });
  assert.equal([findings[0]!.cause, findings[0]!.gain], ['slow-subtask', 2]);
});

doctor('rebalance() is no advice for rows with keys', () => {
  const slow = [busy(0.2), busy(0.99), busy(0.2)];
  const advice = (partitioner: Partitioner): string | null =>
    diagnosed([[pressed(0.9)], slow], [[0, 1, partitioner]]).findings[0]!.advice;
  assert.match(advice(REBALANCE)!, /rebalance\(\)/);
  assert.not.match(advice(HASH)!, /rebalance\(\)/);
});

doctor('nothing is said of a run too young, or one that has ended', () => {
  assert.is(diagnosed([[busy(1)]], [], { windowMs: 400 }).verdict, 'unknown');
  assert.is(diagnosed([[busy(1, { state: 'FINISHED' })]], []).verdict, 'unknown');
});

doctor('of a whole run that is told which held it up for the most of its time', () => {
  const log = new DiagnosisLog();
  assert.is(log.limit, null);
  const line = (slow: number) =>
    diagnosed(
      [0, 1, 2].map((at) => [at < slow ? pressed(0.9) : at === slow ? busy(1) : idle]),
      [
        [0, 1],
        [1, 2],
      ],
    );
  for (const slow of [1, 2, 2, 1, 2]) log.add(line(slow));
  log.add(diagnosed([[busy(1)]], [], { windowMs: 10 }));
  assert.is(log.limit!.finding.vertex, 'v2');
  assert.is(log.limit!.share, 0.6);
  const calm = new DiagnosisLog();
  for (let i = 0; i < 9; i++) calm.add(diagnosed([[busy(0.2)]], []));
  calm.add(line(1));
  assert.is(calm.limit, null, 'a tenth of the time is not the reason');
});

doctor.run();
