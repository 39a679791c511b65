import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { SluiceError } from '../../engine/base/errors.js';
import { start } from '../../engine/control/engine.js';
import { runInline } from '../../engine/testing/run-inline.js';
import places from '../jobs/places.js';
import { failureOf, jobPath, rowsOf } from '../kit/run-kit.js';

const categories = suite('categories of runs');
const PLACES = jobPath('places');

/** Short and long places, some of which look alike. */
const visitOf = (n: number) => ({
  n,
  place: n % 3 === 0 ? `P${n % 30}` : `the place with the number ${n % 97} on a street with a long name`,
  note: n % 4 === 0 ? null : n % 4 === 1 ? '' : `notiz ${'äöü'[n % 3]}`,
  visitor: `visitor ${n}`,
});
type Visit = ReturnType<typeof visitOf>;
const visitsUpTo = (count: number): Visit[] => Array.from({ length: count }, (_, n) => visitOf(n));

const sorted = (rows: readonly object[]): string[] => rows.map((row) => JSON.stringify(row)).sort();

/** What the outputs of the job are, by plain loops. */
function expected(visits: readonly Visit[]): Readonly<Record<string, readonly string[]>> {
  const counted = (keyOf: (visit: Visit) => unknown): Map<string, number> => {
    const counts = new Map<string, number>();
    for (const visit of visits) {
      const key = JSON.stringify(keyOf(visit));
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    return counts;
  };
  const places = counted(({ place }) => place);
  const perCount = new Map<number, number>();
  for (const visits of places.values()) perCount.set(visits, (perCount.get(visits) ?? 0) + 1);
  const totals = new Map<string, number>();
  for (const { note, place, n } of visits) {
    const key = JSON.stringify([note, place]);
    totals.set(key, (totals.get(key) ?? 0) + n);
  }
  return {
    byPlace: sorted([...perCount].map(([visits, places]) => ({ visits, places }))),
    byBoth: sorted(
      [...counted(({ note, place }) => [note, place])].map(([key, visits]) => {
        const [note, place] = JSON.parse(key);
        return { note, place, visits, total: totals.get(key) };
      }),
    ),
    byNote: sorted(
      [...counted(({ note }) => note)].map(([key, visits]) => ({ note: JSON.parse(key), visits })),
    ),
    same: sorted(visits),
  };
}

const TABLES: readonly (readonly [string, Readonly<Record<string, string | number>>])[] = [
  ['room for all', {}],
  ['no ids', { 'sluice.category.max-values': 0 }],
  ['a single id', { 'sluice.category.max-values': 1 }],
  ['fewer ids than values', { 'sluice.category.max-values': 50 }],
  ['fewer bytes than values', { 'sluice.category.max-size': '1 kb' }],
];

for (const [title, options] of TABLES)
  categories(
    `category/strings, category/inside: inline, with ${title}, rows and keys are those of loops`,
    async () => {
      const visits = visitsUpTo(1_200);
      const outputs = await runInline(places, { inputs: { visits }, parallelism: 3, seed: 3, options });
      const wanted = expected(visits);
      for (const [name, rows] of Object.entries(outputs)) assert.equal(sorted(rows), wanted[name], name);
    },
  );

for (const [title, options, spilled] of [
  ['room for all', { 'sluice.category.max-values': 100_000 }, 'visitor'],
  ['fewer ids than values', { 'sluice.category.max-values': 10 }, 'note,place,visitor'],
] as const)
  categories(
    `on threads, with ${title}, rows are the same, and each field that spilled is told once`,
    async () => {
      const visits = visitsUpTo(20_000);
      const warnings: SluiceError[] = [];
      const run = await start<typeof places>(PLACES, {
        parallelism: 2,
        inputs: { visits },
        options: { ...options, 'sluice.watchdog.interval': 5 },
        onWarning: (warning) => void warnings.push(warning),
      });
      await run.finished;
      const wanted = expected(visits);
      for (const name of ['byPlace', 'byBoth', 'byNote', 'same'] as const)
        assert.equal(sorted(await rowsOf<object>(run.outputs[name])), wanted[name], name);
      assert.ok(
        warnings.every(
          ({ code, message }) => code === 'CATEGORY_SPILLED' && / travel as strings/.test(message),
        ),
      );
      assert.is(
        warnings
          .map(({ detail }) => detail!['field'])
          .sort()
          .join(),
        spilled,
      );
    },
  );

categories('live ends have ids too', async () => {
  const visits = visitsUpTo(500);
  const run = await start<typeof places>(PLACES, {
    parallelism: 2,
    outputs: { byPlace: 'final', byBoth: 'final', byNote: 'final' },
  });
  const same = rowsOf<object>(run.outputs.same);
  for (const visit of visits) await run.inputs.visits.push(visit);
  run.inputs.visits.end();
  await run.finished;
  assert.equal(sorted(await same), sorted(visits));
  assert.equal(sorted(await rowsOf<object>(run.outputs.byBoth)), expected(visits)['byBoth']);
});

categories('the record that an error tells of has strings', async () => {
  const running = runInline(places, { inputs: { visits: visitsUpTo(20) }, params: { failAt: 9 } });
  const { message } = await failureOf(running);
  assert.match(message, /P9/);
  assert.match(message, /visitor 9/);
});

categories(
  'what categories take is taken from the network memory, and refused where there is none',
  async () => {
    const options = { 'sluice.category.max-size': '1 gb', 'sluice.memory': '1 gb' };
    const { code, message } = await failureOf(runInline(places, { inputs: { visits: [] }, options }));
    assert.is(code, 'MEMORY_INSUFFICIENT');
    assert.match(message, /less 1.* for categories/);
  },
);

categories.run();
