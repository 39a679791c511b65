import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type CodeTable,
  type OwnedSamples,
  ownedSamples,
  sharedOut,
} from '../../../engine/control/profile/cpu-samples.js';
import { SourcePlaces } from '../../../engine/control/profile/source-places.js';
import { profileFrom, type V8Node, type V8Profile } from '../../../engine/control/profile/v8-profile.js';

const samples = suite('owners of samples');
const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
console.log(`seed ${seed}`);

const JOB = 'file:///jobs/job.mjs';
const ENGINE = (module: string): string => new URL(`../../../engine/${module}.js`, import.meta.url).href;
const frame = (functionName: string, url: string, line: number, scriptId = url) => ({
  ...{ functionName, url, scriptId },
  ...{ lineNumber: line - 1, columnNumber: 0 },
});
const LOOP = frame('process', '', 20_001, '9');
const SCORE = frame('score', JOB, 30);
const HELPER = frame('helper', JOB, 5);

/** A loop of three operators and an edge; lines are told as the compiler would. */
const TABLE: CodeTable = {
  scripts: [
    {
      ...{ name: 'chain loop', firstLine: 20_000, lastLine: 20_099 },
      owners: [
        [20_000, 'engine'],
        [20_010, 'reading'],
        [20_020, 'operator a'],
        [20_030, 'operator b'],
        [20_040, 'output 0'],
      ],
    },
  ],
  functions: [{ owner: 'operator b', frame: SCORE, lines: 10 }],
  ...{ head: 'a', outputs: 1, sink: null },
};

type Tree = {
  frame: V8Node['callFrame'];
  ticks?: [line: number, ticks: number][];
  hits?: number;
  calls?: Tree[];
};

function profileOf(root: Tree): V8Profile {
  const nodes: V8Node[] = [];
  const add = ({ frame: callFrame, ticks = [], hits, calls = [] }: Tree): number => {
    const id = nodes.length + 1;
    nodes.push({ id, callFrame });
    const hitCount = hits ?? ticks.reduce((sum, [, count]) => sum + count, 0);
    const positionTicks = ticks.map(([line, count]) => ({ line, ticks: count }));
    nodes[id - 1] = { id, callFrame, hitCount, positionTicks, children: calls.map(add) };
    return id;
  };
  add(root);
  return { nodes, startTime: 0, endTime: 1 };
}

const ROOT = frame('(root)', '', 0, '0');
const STEP = frame('step', ENGINE('runtime/task'), 100);

/** By owner. */
function owned(...calls: Tree[]): Record<string, number> {
  const profile = profileOf({ frame: ROOT, calls });
  return byOwner(ownedSamples(profile, profile, TABLE, new SourcePlaces()));
}

function byOwner(all: readonly OwnedSamples[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { owner, samples: count } of all) sums[owner] = (sums[owner] ?? 0) + count;
  return sums;
}

samples('lines of a loop belong to the operators whose step they are', () => {
  const ticks: [number, number][] = [
    [20_005, 1],
    [20_010, 2],
    [20_019, 4],
    [20_020, 8],
    [20_030, 16],
    [20_099, 32],
  ];
  assert.equal(owned({ frame: STEP, calls: [{ frame: LOOP, ticks }] }), {
    engine: 1,
    reading: 6,
    'operator a': 8,
    'operator b': 16,
    'output 0': 32,
  });
});

samples('what a function calls is its own, whoever wrote it, until generated code is called again', () => {
  const emitted: Tree = { frame: frame('flat_1', '', 20_020, '9'), ticks: [[20_021, 4]] };
  const inner: Tree = { frame: HELPER, ticks: [[6, 2]], calls: [emitted] };
  const native: Tree = { frame: frame('stringify', '', 0, '0'), hits: 8 };
  assert.equal(
    owned({
      frame: STEP,
      calls: [{ frame: LOOP, calls: [{ frame: SCORE, ticks: [[31, 1]], calls: [inner, native] }] }],
    }),
    { 'operator b': 11, 'operator a': 4 },
  );
});

samples('profile/inlined: a line that no generated code has leads to the function around it', () => {
  const around: Tree = { frame: LOOP, ticks: [[33, 7]] };
  assert.equal(owned({ frame: STEP, calls: [around] }), { 'operator b': 7 });
  const seen: Tree = { frame: SCORE, calls: [{ frame: HELPER, ticks: [[6, 1]] }] };
  assert.equal(owned({ frame: STEP, calls: [{ frame: LOOP, ticks: [[6, 10]], calls: [seen] }] }), {
    'operator b': 11,
  });
  assert.equal(
    owned({ frame: STEP, calls: [{ frame: LOOP, ticks: [[2, 5]] }] }),
    { engine: 5 },
    'nothing is there',
  );
});

samples('parts of the engine are told by their modules, and what V8 puts in place of functions', () => {
  const at = (module: string, name = 'f'): Tree => ({ frame: frame(name, ENGINE(module), 1), hits: 1 });
  assert.equal(
    owned(
      at('memory/parker'),
      at('exchange/input-gate'),
      at('exchange/result-partition'),
      at('runtime/task'),
      { frame: LOOP, calls: [at('records/strings', 'read'), at('records/strings', 'write')] },
      { frame: frame('(garbage collector)', '', 0, '0'), hits: 1 },
      { frame: frame('(idle)', '', 0, '0'), hits: 1 },
      { frame: frame('onTimeout', JOB, 80), hits: 1 },
    ),
    { waiting: 2, reading: 2, 'output 0': 2, engine: 1, collecting: 1, callbacks: 1 },
  );
});

samples('of a folder of the user called engine nothing is the engine', () => {
  const theirs: Tree = { frame: frame('park', 'file:///home/me/engine/memory/parker.js', 1), hits: 3 };
  assert.equal(owned(theirs), { callbacks: 3 });
});

samples('what is known of a chain as a whole is shared out as its parts are', () => {
  const path = [] as const;
  const shares = [
    { node: 1, owner: 'operator a', path, line: null, samples: 30 },
    { node: 1, owner: 'output 0', path, line: null, samples: 10 },
    { node: 2, owner: 'chain', path, line: null, samples: 60 },
    { node: 3, owner: 'engine', path, line: null, samples: 5 },
  ] as const;
  assert.equal(byOwner(sharedOut(shares)), { 'operator a': 75, 'output 0': 25, engine: 5 });
  assert.equal(byOwner(sharedOut(shares.slice(2))), { chain: 60, engine: 5 }, 'nothing is known apart');
});

samples('profile/whole: in any tree of frames every sample has one owner', () => {
  const urls = [JOB, '', 'node:fs', ENGINE('exchange/input-gate'), ENGINE('records/packed'), 'sluice:view-1'];
  const ticks = fc.array(
    fc.tuple(fc.oneof(fc.nat(99), fc.integer({ min: 20_000, max: 20_120 })), fc.nat(9)),
    { maxLength: 3 },
  );
  const frames = fc.oneof(
    fc.constant(LOOP),
    fc
      .tuple(fc.constantFrom(...urls), fc.integer({ min: 1, max: 60 }))
      .map(([url, line]) => frame(`f${line}`, url, line)),
  );
  const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
    tree: fc.record({
      ...{ frame: frames, ticks: ticks as fc.Arbitrary<[number, number][]> },
      calls: fc.oneof({ maxDepth: 4 }, fc.constant<Tree[]>([]), fc.array(tie('tree'), { maxLength: 3 })),
    }),
  }));
  const count = ({ ticks: own = [], calls = [] }: Tree): number =>
    own.reduce((sum, [, each]) => sum + each, 0) + calls.reduce((sum, each) => sum + count(each), 0);
  fc.assert(
    fc.property(tree, (root) => {
      const profile = profileOf(root);
      const given = ownedSamples(profile, profile, TABLE, new SourcePlaces());
      const sum = given.reduce((all, each) => all + each.samples, 0);
      const shared = sharedOut(given).reduce((all, each) => all + each.samples, 0);
      return sum === count(root) && Math.abs(shared - sum) < 1e-6;
    }),
    { seed, numRuns: 200, includeErrorInReport: true },
  );
});

samples('the part of a profile from a time on has the samples from then on', () => {
  const nodes = [
    { id: 1, callFrame: ROOT, hitCount: 2, children: [2] },
    { id: 2, callFrame: SCORE, hitCount: 4, positionTicks: [{ line: 31, ticks: 4 }] },
  ];
  const whole = {
    nodes,
    startTime: 100,
    endTime: 160,
    samples: [1, 2, 2, 1, 2, 2],
    timeDeltas: [10, 10, 10, 10, 10, 10],
  };
  const { nodes: kept, samples: ids, timeDeltas, startTime } = profileFrom(whole, 130);
  assert.equal([ids, timeDeltas!.length, startTime], [[2, 1, 2, 2], 4, 130]);
  assert.equal(
    kept.map(({ hitCount, positionTicks }) => [hitCount, positionTicks?.[0]?.ticks]),
    [
      [1, undefined],
      [3, 3],
    ],
  );
});

samples.run();
