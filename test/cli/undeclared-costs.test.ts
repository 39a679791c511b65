import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { undeclaredCosts } from '../../engine/cli/undeclared-costs.js';
import type { TaskSummary } from '../../engine/control/run.js';

const costs = suite('costs of undeclared rows');

type Edge = readonly [from: string, writeMs: number, declaration: string | null];

const task = (vertex: string, busyMs: number, undeclaredMs: number, edges: readonly Edge[] = []) =>
  ({
    ...{ vertex, name: `task ${vertex}`, busyMs, undeclaredMs },
    undeclared: edges.map(([from, writeMs, declaration]) => ({ from, writeMs, declaration })),
  }) as unknown as TaskSummary;

costs(
  'vertices that spent time on them are named with the share of their subtasks together, and a cure',
  () => {
    const lines = undeclaredCosts([
      task('a', 900, 300, [
        ['map at a.ts:1:2', 200, 't.record({ n: t.int32 })'],
        ['map at a.ts:3:4', 100, 't.record({ n: t.string })'],
      ]),
      task('a', 100, 50, [
        ['map at a.ts:1:2', 50, 't.record({ n: t.int32 })'],
        ['map at a.ts:3:4', 0, 't.record({ n: t.float64 })'],
      ]),
      task('b', 1_000, 10, [['map', 10, 't.record({ m: t.int32 })']]),
      task('c', 0, 0),
      task('d', 200, 100, [['flatMap', 100, null]]),
      task('e', 100, 400),
    ]);
    assert.equal(lines, [
      'task a: about 35 % of its time went into rows that nobody declared',
      '  map at a.ts:1:2, about 25 %; declare its result, as its rows were:',
      '    .map(t.record({ n: t.int32 }), fn)',
      '  map at a.ts:3:4, about 10 %; declare its result, as its rows were:',
      '    .map(t.record({ n: t.string }), fn)',
      '    .map(t.record({ n: t.float64 }), fn)',
      'task d: about 50 % of its time went into rows that nobody declared',
      '  flatMap, about 50 %; declare its result, as its rows were:',
      '    .map(t.record({ … }), fn), with t.list, t.map and t.record for what is nested',
      'task e: about 100 % of its time went into rows that nobody declared',
      '  they come packed; declare them where they are made, in a task above',
    ]);
  },
);

costs.run();
