import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { collection } from '../../engine/connectors/collection.js';
import { job, t } from '../../engine/index.js';
import { observedFields } from '../../engine/records/observed-fields.js';
import { runInline } from '../../engine/testing/run-inline.js';
import { randomRuns } from '../kit/random-rows.js';
import { plainKept, randomType } from '../kit/random-types.js';

/** Whatever a function does with its record, it has the values that a plain loop would have given it, also later. */
const plain = suite('plain objects');

/** `b` is the record, a part of it, or what a parameter made of it. */
// biome-ignore format: a table
const USES = [
  // proven, where all of a function is like this
  'kept.push(b.x);', 'kept.push(b.y, b.z);', "kept.push(b['x']);", 'kept.push(b?.z);', 'const { x: p@ = 5 } = b; kept.push(p@);',
  'later.push(() => b.y);', 'const { y: [q@] = [] } = b; kept.push(q@);', 'kept.push(typeof b.none);',
  // whole records
  'kept.push(b);', 'kept.push({ ...b });', 'kept.push([b]);', 'kept.push(text(b));', 'kept.push(b[key]);', 'const { x: x@, ...r@ } = b; kept.push(x@, r@);',
  'later.push(() => ({ ...b }));', 'later.push(() => b);', 'kept.push(Object.entries(b));', 'kept.push(Reflect.ownKeys(b));', 'kept.push(structuredClone(b));',
  'for (const k in b) kept.push(k, b[k]);', 'kept.push("y" in b, Object.getPrototypeOf(b) === Object.prototype);', 'eval("kept.push(b)");',
  'kept.push(Object.assign({ w: 1 }, b));', 'kept.push(Reflect.get(b, "z"));', 'kept.push(b.hasOwnProperty("x"));', 'kept.push(new Map(Object.entries(b)));',
  // and changes to them
  'const c@ = b; kept.push(c@); c@.x = "mine";', 'b.extra = 7; kept.push(Object.keys(b));', 'delete b.y; kept.push(b);', 'kept.push(b); spoil(b);', 'b.x = b.z; kept.push(b);',
  'Object.freeze(b); kept.push(Object.isFrozen(b));', 'b = { x: 1 }; kept.push(b);', 'spoil(kept.at(-1));', '({ x: b.y } = b); kept.push(b);', 'Object.defineProperty(b, "x", { get: () => 3 }); kept.push(b.x);',
];
const PROVEN = 8;
/** Where `arguments` are those of the function. */
const DYNAMIC = [
  'kept.push(arguments[0]);',
  'kept.push(...arguments);',
  'arguments[0].x = 1; kept.push(arguments[0]);',
];
const PARAMETERS = [
  'b',
  'b',
  'b',
  'b = {}',
  '{ x, y: b }',
  '{ x, ...b }',
  '...[b]',
  'b, ...c',
  '{ z: b = 1, ...x }',
];
const NATIVE = ['kept.push.bind(kept)', 'Array.of', 'Object.keys', 'new Proxy((b) => kept.push(b), {})'];

interface Scope {
  readonly kept: unknown[];
  readonly later: (() => unknown)[];
}

const newScope = (): Scope => ({ kept: [], later: [] });

/** Changes what it is given, as deep as it goes. */
function spoil(value: any): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  const items = value instanceof Map ? [...value.values()] : Object.values(value);
  if (!(value instanceof Uint8Array)) for (const item of items) spoil(item);
  if (value instanceof Uint8Array) value.fill(7);
  else if (value instanceof Map) value.set('spoiled', true);
  else if (Array.isArray(value)) value.push('spoiled');
  else for (const key of Object.keys(value)) value[key] = 'spoiled';
}

const text = (value: unknown): string =>
  JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? `${each}n` : each)) ?? 'nothing';

function make(source: string, { kept, later }: Scope): (row: any) => any {
  const scope = { kept, later, spoil, text, key: 'y' };
  return new Function(...Object.keys(scope), `return (${source});`)(...Object.values(scope));
}

/** Source of a filter, from the numbers of a stream. */
function filterSource(draws: readonly number[]): string {
  let next = 0;
  const draw = <E>(from: readonly E[]): E => from[draws[next++ % draws.length]! % from.length]!;
  if (draw([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]) === 0) return draw(NATIVE);
  const isArrow = draw([true, false]);
  const uses = draw([true, false, false]) ? USES.slice(0, PROVEN) : isArrow ? USES : [...USES, ...DYNAMIC];
  const statements = Array.from({ length: 1 + (draws[0]! % 3) }, (_, i) => {
    return `try { ${draw(uses).replaceAll('@', String(i))} } catch { kept.push('threw'); }`;
  });
  const parameters = draw(PARAMETERS);
  const body = `{ ${statements.join(' ')} return true; }`;
  if (isArrow) return `(${parameters}) => ${body}`;
  return draw([
    `function (${parameters}) ${body}`,
    `({ m(${parameters}) ${body} }).m`,
    `(class { static m(${parameters}) ${body} }).m`,
    `(function (${parameters}) ${body}).bind({})`,
  ]);
}

/** Functions that give their record on, and go on to use what they gave. */
const MAPS = [
  '(b) => b',
  '(b) => ({ ...b })',
  '(b) => { kept.push(b); return { ...b }; }',
  '(b) => { later.push(() => b); return b; }',
  '(b) => { spoil(kept.at(-1)); kept.push(b); return b; }',
  '({ x, y, z }) => { const r = { x, y, z }; spoil(kept.at(-1)); kept.push(r); return r; }',
  'function () { return Object.assign({}, arguments[0]); }',
  '({ x, ...r }) => ({ x, ...r })',
  '((b) => b).bind(null)',
  'structuredClone',
];

/** Behind the map, in the same task: what it does to its record goes no further. */
const AFTER = '(b) => { kept.push(b); b.x = "mine"; delete b.y; return true; }';

const cases = fc
  .record({
    types: fc.tuple(randomType(2), randomType(1), randomType(2)),
    filters: fc.array(fc.array(fc.nat(), { minLength: 12, maxLength: 12 }).map(filterSource), {
      minLength: 3,
      maxLength: 3,
    }),
    map: fc.constantFrom(...MAPS),
    isDeclared: fc.boolean(),
  })
  .chain(({ types, ...others }) => {
    const [x, y, z] = types;
    const Row = t.record({ x: x.type, y: y.type, z: z.type });
    const rows = fc.array(fc.record({ x: x.values, y: y.values, z: z.values }), { maxLength: 12 });
    return rows.map((given) => ({ Row, rows: given, ...others }));
  });

/** What a function kept, with what it looks at later. */
const found = ({ kept, later }: Scope): unknown[] => [
  ...kept,
  ...later.map((look) => {
    try {
      return look();
    } catch {
      return 'threw';
    }
  }),
];

plain(
  'functions of every form have the same records in a job as in a plain loop, whatever they do with them',
  async () => {
    let proven = 0;
    let count = 0;
    await fc.assert(
      fc.asyncProperty(cases, async ({ Row, rows, filters, map, isDeclared }) => {
        const sources = [...filters, map, AFTER];
        const [inJob, inLoop] = [sources.map(newScope), sources.map(newScope)];
        const functions = sources.map((source, i) => make(source, inJob[i]!));
        count += filters.length;
        proven += functions.slice(0, filters.length).filter((fn) => observedFields(fn) !== null).length;
        const [first, second, third, mapped, after] = functions as [any, any, any, any, any];
        const { out } = await runInline(
          job('plain', (flow) => {
            const sent = flow
              .from(collection(rows, Row))
              .filter(first)
              .rebalance()
              .filter(second)
              .filter(third);
            const made = isDeclared ? sent.map(Row, mapped) : sent.map(mapped);
            return {
              out: made
                .filter(after)
                .rebalance()
                .filter(() => true),
            };
          }),
        );
        const expected: unknown[] = [];
        const loop = sources.map((source, i) => make(source, inLoop[i]!));
        for (const row of rows) {
          const own = (): unknown =>
            plainKept({ kind: 'record', nullable: false, parts: { fields: Row.fields } }, row);
          for (const fn of loop.slice(0, filters.length)) fn(own());
          const result = loop.at(-2)!(own());
          expected.push(structuredClone(result));
          // Of undeclared rows nobody knows what is nested in them: functions in one task share it.
          loop.at(-1)!(isDeclared ? structuredClone(result) : { ...result });
        }
        const shown = (): string => text({ filters, map, isDeclared, fields: Row.fields });
        assert.ok(isDeepStrictEqual(out, expected), shown());
        for (const [i, scope] of inJob.entries()) {
          assert.ok(isDeepStrictEqual(found(scope), found(inLoop[i]!)), `${sources[i]} of ${shown()}`);
        }
      }),
      randomRuns(200),
    );
    assert.ok(proven > count / 20 && proven < count / 2, `${proven} of ${count} functions were proven`);
  },
);

plain.run();
