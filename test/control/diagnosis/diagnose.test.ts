import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Diagnosis, Finding } from '../../../engine/control/diagnosis/diagnosis.js';
import type { TaskMetrics } from '../../../engine/control/metrics/metrics.js';
import type { PastMoment } from '../../../engine/control/metrics/sample-history.js';
import type { OperatorConfig, Partitioner } from '../../../engine/plan/logical-plan.js';
import type { KeySample } from '../../../engine/runtime/key-sampler.js';
import { busy, diagnosed, HASH, pressed, REBALANCE } from '../../kit/made-up-graph.js';

/** What is said of figures that were made up: of graphs in which it is known who holds up whom. */
const doctor = suite('diagnosis');

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

doctor('a task that has a core for most of its time is held up by what it does there', () => {
  const property = fc.property(fc.double({ min: 0.16, max: 0.9, noNaN: true }), (awaitingCoreRatio) => {
    const slow = busy(1, { onCoreRatio: 1 - awaitingCoreRatio, awaitingCoreRatio });
    const { findings } = diagnosed([[pressed(0.9)], [slow], [idle]], [[0, 1], [1, 2]]); // biome-ignore format: short
    const told = findings.map(({ cause, severity }) => `${cause} ${severity}`);
    assert.equal(told, awaitingCoreRatio < 0.5 ? ['cpu limit', 'few-cores hint'] : ['few-cores limit']);
  });
  fc.assert(property, { numRuns: 100, verbose: 1 });
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

const SKEWED = [busy(0.1), busy(0.99, { recordsInPerSecond: 9_000 })];

doctor('of skew the key is named, with its share of all records and how sure that is', () => {
  const of = (sample: KeySample): Finding => {
    const keys = [[], [null, sample]];
    return diagnosed([[pressed(0.9)], SKEWED], [[0, 1, HASH]], { keys }).findings[0]!;
  };
  const rest = { key: '"b"', share: 0.02 };
  const one = of({ rows: 900, keys: [{ key: '"user-17"', share: 0.8 }, rest] });
  // 9 of 10 records come to the subtask; 2 x sqrt(0.8 x 0.2 / 900) is 2.7 %, of which 9 tenths.
  assert.match(one.reason, /gets 90 % of the records; key "user-17" alone 72 %, give or take 2 %$/);
  assert.ok(one.evidence.includes('of 900 of its rows, by key: "user-17" 80 %'));
  const none = of({ rows: 900, keys: [rest] });
  assert.match(none.reason, /gets 90 % of the records$/);
  assert.match(none.advice!, /^use a key with more values/);
  const few = of({ rows: 8, keys: [{ key: '"user-17"', share: 1 }] });
  assert.match(few.reason, /gets 90 % of the records$/, 'eight rows say nothing');
  assert.match(few.advice!, /^add up before keyBy\('user'\)/);
});

doctor(
  'a filter behind an exchange is advised against if it drops half, and only where that can be known',
  () => {
    const through = (share: number, chain: readonly OperatorConfig['kind'][], at = 1): readonly string[] => {
      const filters = busy(0.95, {
        recordsInPerSecond: 1_000,
        recordsOutPerSecond: 1_000 * share,
        bytesInPerSecond: 8e6,
      });
      const line = at === 1 ? [[pressed(0.9)], [filters], [idle]] : [[busy(1)], [filters], [idle]];
      const edges = [
        [0, 1],
        [1, 2],
      ] as const;
      return diagnosed(line, edges, { chains: [['source'], chain, ['sink']] }).findings.map(
        ({ cause, vertex, severity, evidence }) => `${severity} ${cause} ${vertex} ${evidence[0]}`,
      );
    };
    const late = 'hint late-filter v1 8.0 MB come to it in a second; with the filters before, about 2.0 MB';
    assert.ok(through(0.25, ['filter', 'map']).includes(late));
    assert.ok(
      through(0.25, ['filter'], 0).includes(late),
      'sending the rows takes the time of the one before it',
    );
    for (const [share, chain] of [
      [0.6, ['filter', 'map']],
      [0.25, ['map', 'filter']],
      [0.25, ['filter', 'flat-map']],
      [0.25, ['filter', 'keyed-aggregate']],
    ] as const)
      assert.equal(
        through(share, chain).filter((each) => each.includes('late-filter')),
        [],
      );
  },
);

doctor('of a vertex that several feed all feeders are looked at, and each is told once', () => {
  const skewed = diagnosed([[pressed(0.9)], [pressed(0.9)], SKEWED], [
    [0, 2],
    [1, 2, HASH],
  ] as const);
  assert.is(skewed.findings[0]!.cause, 'key-skew', 'one of its inputs is keyed');
  const twice = diagnosed([[pressed(0.9)], [busy(0.9)]], [
    [0, 1],
    [0, 1],
  ] as const);
  const told = twice.findings[0]!.evidence.filter((each) => each.startsWith('v0 backpressured'));
  assert.is(told.length, 1);
  const filters = busy(0.95, { recordsInPerSecond: 1_000, recordsOutPerSecond: 10 });
  const union = diagnosed(
    [[pressed(0.9)], [pressed(0.9)], [filters]],
    [
      [0, 2],
      [1, 2],
    ] as const,
    {
      chains: [['source'], ['source'], ['filter', 'sink']],
    },
  );
  const advice = union.findings.find(({ cause }) => cause === 'late-filter')!.advice;
  assert.is(advice, 'move the filter above the union before it');
});

doctor('an output that is read slowly is laid to the application, and to no task', () => {
  const slow = { rateLimitedRatio: 0.97, busyRatio: 0.03 };
  const { verdict, findings } = diagnosed([[pressed(0.9)], [slow]], [[0, 1]], {
    chains: [['source'], ['output']],
  });
  assert.equal([verdict, findings.map(({ cause }) => cause)], ['limited', ['output-reader']]);
  assert.match(findings[0]!.reason, /^the application reads the output more slowly/);
});

const POOL = { queuedBuffers: 9, freeSegments: 0, overdraft: 1, segments: 10, discardedBuffers: 0 };

doctor('too few buffers are named where senders wait, receivers wait, and nobody works', () => {
  const property = fc.property(
    fc.double({ min: 0.3, max: 0.9, noNaN: true }),
    fc.double({ min: 0.3, max: 1, noNaN: true }),
    fc.integer({ min: 1, max: 4 }),
    fc.constantFrom('thin', 'room', 'works', 'crowded', 'below'),
    (pressure, calm, receivers, kind) => {
      const poolUsage = kind === 'room' ? 0.5 : 1;
      const sender = { ...pressed(pressure), busyRatio: 0.05, output: { ...POOL, poolUsage } };
      const waits = busy(1 - calm, {
        idleRatio: calm,
        ...(kind === 'crowded' && { awaitingCoreRatio: 0.4 }),
      });
      const receiver = kind === 'works' ? busy(0.45, { idleRatio: 0.1 }) : waits;
      const last = kind === 'below' ? busy(0.9) : idle;
      const all = Array.from({ length: receivers }, () => receiver);
      const { verdict, findings } = diagnosed(
        [[sender], kind === 'below' ? [pressed(0.9)] : all, [last]],
        [
          [0, 1],
          [1, 2],
        ],
      );
      const isThin = kind === 'thin' && 1 - calm < 0.5;
      const found = findings.filter(({ cause }) => cause === 'few-buffers');
      assert.is(found.length, isThin ? 1 : 0);
      if (isThin) assert.equal([verdict, found[0]!.vertex], ['limited', 'v0']);
    },
  );
  fc.assert(property, { numRuns: 200, verbose: 1 });
});

doctor('input buffers that are nearly all in use are evidence', () => {
  const input = (poolUsage: number) => ({
    ...{ queuedBuffers: 1, exclusiveInUse: 1, exclusive: 2, floatingInUse: 0, floating: 8 },
    poolUsage,
  });
  const of = (usage: number): readonly string[] =>
    diagnosed([[pressed(0.9)], [busy(0.99, { input: input(usage) })]], [[0, 1]]).findings[0]!.evidence;
  assert.ok(of(0.85).includes('its input buffers 85 % in use'));
  assert.not(of(0.75).some((each) => each.includes('input buffers')));
});

/** Moments 200 ms apart at which each vertex of a line has one task that works, until it waits from some moment on. */
function pastOf(ticks: number, pressedFrom: readonly number[], last: number): readonly PastMoment[] {
  return Array.from({ length: ticks }, (_, tick) => ({
    atMs: tick * 200,
    task: (at) => {
      const after = Math.max(0, tick - (pressedFrom[at] ?? last)) * 200;
      const isLast = at === pressedFrom.length;
      const times = {
        ...{ idleMs: tick * 200 - after, busyMs: isLast ? after : 0, elapsedMs: tick * 200 },
        ...{ softBackpressuredMs: isLast ? 0 : after, hardBackpressuredMs: 0, asyncMs: 0, rateLimitedMs: 0 },
      };
      return { times, thread: null } as unknown as ReturnType<PastMoment['task']>;
    },
  }));
}

doctor('when it began is told, and how the wait walked upstream', () => {
  const property = fc.property(
    fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 4 }),
    fc.integer({ min: 1, max: 10 }),
    (gaps, begin) => {
      // The last one begins, and each vertex above follows some moments after the one below it.
      const pressedFrom = gaps.map((_, at) => begin + gaps.slice(at).reduce((sum, gap) => sum + gap, 0));
      const past = pastOf(40, pressedFrom, begin);
      const line = [...gaps.map(() => [pressed(0.9)]), [busy(0.99)]];
      const edges = gaps.map((_, at) => [at, at + 1] as const);
      const { evidence } = diagnosed(line, edges, { past }).findings[0]!;
      const told = evidence.at(-1)!;
      const ago = ((39 - begin) * 0.2).toFixed(1);
      assert.ok(told.startsWith(`since ${ago} s ago, seen every 0.2 s: v${gaps.length} t+0`), told);
      for (const [at, from] of pressedFrom.entries()) {
        const after = (from - begin) * 0.2;
        assert.ok(`${told},`.includes(`v${at} t+${after === 0 ? '0' : `${after.toFixed(1)} s`},`), told);
      }
    },
  );
  fc.assert(property, { numRuns: 100, verbose: 1 });
  const always = diagnosed([[pressed(0.9)], [busy(0.99)]], [[0, 1]], { past: pastOf(40, [0], 0) });
  assert.not(
    always.findings[0]!.evidence.some((each) => each.startsWith('since')),
    'nobody saw it begin',
  );
});

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

doctor.run();
