import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from '../../engine/records/compile.js';
import { observedFields } from '../../engine/records/observed-fields.js';
import { randomRuns } from '../kit/random-rows.js';

const observing = suite('observed fields');
const RUNS = randomRuns(3000);

/** `null`: not proven. Otherwise the fields, in order of occurrence. */
// biome-ignore-start lint/suspicious/noTemplateCurlyInString: source text
// biome-ignore format: a table
const CASES: readonly (readonly [source: string, fields: string | null])[] = [
  // proven
  ['(b) => b.x > 0',                                               'x'],
  ['b => b?.x',                                                    'x'],
  ["(b) => b['x'] + b?.['y z']",                                   'x,y z'],
  ['({ x, y: z }) => x + z',                                       'x,y'],
  ["({ x = 1, 'y': { length } }) => x + length",                   'x,y'],
  ['(b) => { const { x, y: z = b.w } = b; return x + z; }',        'x,y,w'],
  ['() => 1',                                                      ''],
  ['(b) => 1',                                                     ''],
  ['(b = {}) => b.x',                                              'x'],
  ['(b, c = b.y) => b.x + c',                                      'y,x'],
  ['({}) => 1',                                                    ''],
  ['async (b) => await b.x',                                       'x'],
  ['function* (b) { yield b.x; }',                                 'x'],
  ['function named(b) { return b.x; }',                            'x'],
  ['function b(b) { return b.x; }',                                'x'],
  ['({ method(b) { return b.x; } }).method',                       'x'],
  ['({ async *method(b) { yield b.x; } }).method',                 'x'],
  ["({ ['a' + 1](b) { return b.x; } }).a1",                        'x'],
  ['(class { static s(b) { return b.x; } }).s',                    'x'],
  ['(b) => [1].map((i) => i + b.x)',                               'x'],
  ['(b) => [{ y: 1 }].map((b) => b.y + b)',                        ''],
  ['(b) => { for (const b of [1]) sink(b); return 1; }',           ''],
  ['(b) => { { const b = 1; sink(b); } return b.x; }',             'x'],
  ['(b) => { try { sink(b.x); } catch (b) { sink(b); } }',         'x'],
  ['(b) => { switch (b.x) { case 1: let b = 2; sink(b); } }',      'x'],
  ['(b) => { const f = function b() { return b; }; return f; }',   ''],
  ['(b) => { const f = () => { var b = 1; return b; }; return f(); }', ''],
  ['(b) => { b: for (;;) { break b; } return { b: b.x, c: { b: 1 }.b }; }', 'x'],
  ['(b) => class { [b.x] = b.y; b() {} }',                         'x,y'],
  ['(b) => new b.x(b.y)',                                          'x,y'],
  ['(b) => b.x.trim()',                                            'x'],
  ['(b) => b.x?.y[0]',                                             'x'],
  ['(b) => `${b.x} ${b.y}`',                                       'x,y'],
  ['(b) => { const { x: [y] } = b; return y; }',                   'x'],
  ['(b) => { const f = __name((c) => c + b.x, "f"); return f(1); }', 'x'],
  ['(b) => ({ x: b.x, ["k" + b.y]: 1 })',                          'x,y'],
  // not proven
  ['(b) => b',                                                     null],
  ['(b) => [b]',                                                   null],
  ['(b) => ({ b })',                                               null],
  ['(b) => ({ ...b, x: 1 })',                                      null],
  ['(b) => sink(b)',                                               null],
  ['(b) => b[key]',                                                null],
  ['(b) => b[0]',                                                  null],
  ['(b) => b[`x`]',                                                null],
  ['(b) => b.method()',                                            null],
  ['(b) => (b.method)()',                                          null],
  ['(b) => b?.method()',                                           null],
  ['(b) => (b?.method)?.()',                                       null],
  ['(b) => b.tag`x`',                                              null],
  ['(b) => { const c = b; return c.x; }',                          null],
  ['(b) => { const { x, ...rest } = b; return rest; }',            null],
  ['(b) => { const { [key]: x } = b; return x; }',                 null],
  ['(b) => { let x; return ({ x } = b); }',                        null],
  ['(b) => { const [x] = b; return x; }',                          null],
  ['({ x, ...rest }) => rest',                                     null],
  ['({ [key]: x }) => x',                                          null],
  ['([x]) => x',                                                   null],
  ['(...all) => all[0].x',                                         null],
  ['function () { return arguments[0].x; }',                       null],
  ['function (b) { return b.x + arguments.length; }',              null],
  ['(b) => eval("b.x")',                                           null],
  ['(b) => { b = { x: 1 }; return b.x; }',                         null],
  ['(b) => { var b; return b.x; }',                                null],
  ['(b) => { if (b.x) { var b = 1; } return b; }',                 null],
  ['(b) => { function b() {} return b.x; }',                       null],
  ['(b) => { b.x = 1; return b.x; }',                              null],
  ['(b) => { b.x += 1; }',                                         null],
  ['(b) => b.x++',                                                 null],
  ['(b) => delete b.x',                                            null],
  ['(b) => delete b?.x',                                           null],
  ['(b) => { [b.x] = [1]; }',                                      null],
  ['(b) => { ({ a: b.x } = { a: 1 }); }',                          null],
  ['(b) => { for (b.x of [1]); }',                                 null],
  ['(b) => { for (const key in b) sink(key); }',                   null],
  ["(b) => 'x' in b",                                              null],
  ['(b) => typeof b',                                              null],
  ['(b) => b && b.x',                                              null],
  ['(b) => b === null ? 0 : b.x',                                  null],
  ['(b, c = b) => c.x',                                            null],
  ['(b) => () => b',                                               null],
  ['(b) => function (c = b) { var b; return c; }',                 null],
  ['(b) => JSON.stringify(b)',                                     null],
  ['(b) => new Map([[b.x, b]])',                                   null],
  ['Math.max',                                                     null],
  ['((b) => b.x).bind(null)',                                      null],
  ['class { constructor(b) { this.x = b.x; } }',                   null],
  ['new Proxy((b) => b.x, {})',                                    null],
  ['Object.assign((b) => b, { toString: () => "(b) => b.x" })',    null],
  ['Object.getOwnPropertyDescriptor({ get f() { return 1; } }, "f").get', null],
];

const SCOPE = ['sink', 'key', '__name'];
const make = (source: string, values: readonly unknown[] = SCOPE): Function =>
  compile('case', `return (${source});`, SCOPE, values);

observing('each shape of function gives the fields that are proven, or that nothing is', () => {
  for (const [source, expected] of CASES) {
    const found = observedFields(make(source));
    assert.is(found === null ? null : found.join(), expected, source);
  }
});

observing('another parameter may be the record', () => {
  assert.equal(observedFields(make('(a, b) => a + b.x'), 1), ['x']);
  assert.equal(observedFields(make('(a, { x, y }) => a + x'), 1), ['x', 'y']);
  assert.equal(observedFields(make('(a) => a'), 1), []);
  assert.is(observedFields(make('(a, ...b) => b'), 1), null);
  assert.is(observedFields(make('function (a) { return arguments; }'), 1), null);
  assert.equal(observedFields(make('(a, b = a) => b.x'), 1), ['x']);
});

observing('a function written as a static or private method is never taken for another', () => {
  class Holder {
    static s(b: { x: number }): number {
      return b.x;
    }
    #secret(b: { x: number }): number {
      return b.x;
    }
    get secret(): Function {
      return this.#secret;
    }
  }
  assert.equal(observedFields(Holder.s), ['x']);
  assert.is(observedFields(new Holder().secret), null);
});

// biome-ignore format: a table
const EXPRESSIONS = [
  'b.x', 'b?.y', "b['z']", 'b.x', 'b.y', '1', 'b', 'b[key]', '({ ...b })', 'sink(b)', 'b.m()', '(b.m)()', 'b?.m?.()', 'b.m``',
  '[E, E]', '(E ? E : E)', '(E, E)', '(() => E)()', '(function () { return E; })()', '((b) => E)({ x: 9 })', 'typeof b',
  '(function (b) { return E; })({ x: 9 })', '(function b() { return E; })()', '(({ x, ...r }) => r)(b)', '(({ x }) => E)(b)',
  '(b = { x: 1 })', 'b.x++', '(b.x = E)', '(class { [E] = E; static s = E; })', '(class b { static s = E; })', '({ b: E, c: E })', '({ b })',
  '({ b() { return E; } }).b()', 'arguments[0]', '[...arguments]', 'delete b.x', "('x' in b)", '`a${E}`', 'new (class { y = E; })()', 'eval("b")',
  '((q = E) => { var b = { x: 5 }; return [q, E]; })()', '({ [E]: E })', '(async () => E, E)', '[...(function* () { yield E; })()]',
];
// biome-ignore format: a table
const STATEMENTS = [
  'sink(E);', 'sink(E);', 'const { x: @, y: [] = [E] } = b;', 'const { x: @, ...r@ } = b;', '{ const b = { x: 1 }; S }', '{ let b = 2; S } S',
  'for (const b of [{ x: 1 }]) { S }', 'for (let b = { x: 1 }, i = 0; i < 1; i++) { S }', 'try { throw { x: 1 }; } catch (b) { S }', 'try { S } finally { S }',
  'b: for (;;) { S break b; }', 'switch (E) { default: let b = { x: 2 }; S }', '{ class b {} S }', '{ function b() {} S }', 'var b;', 'if (E) { S } else { S }',
  'function f@(q = E) { S return q; } f@();', 'let x@; ({ x: x@ } = b);', 'let c@ = b; sink(c@.x);', 'for (const k in b) sink(k);', 'return E;', 'S S',
  'for (b.x of [1]);', '[b.y] = [E];', 'const g@ = () => { S }; g@();', 'for (const { x: v@ } of [b]) sink(v@);', 'const h@ = () => { S }; later(h@);',
];
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: source text
const PARAMETERS = [
  'b',
  'b',
  'b',
  'b = {}',
  'b, c = E',
  '{ x, y: b }',
  '{ x, ...b }',
  '{ z: b = 1 }',
  '...b',
  'b, ...c',
];

observing(
  'whatever a proven function does, it reads proven fields and nothing else, and keeps no hold of the record',
  () => {
    let provenCount = 0;
    let count = 0;
    const text = fc.infiniteStream(fc.nat()).map(randomFunction);
    fc.assert(
      fc.property(text, (source) => {
        const run = runRecorded(source);
        if (run === null) return;
        count++;
        if (run.proven === null) return;
        provenCount++;
        const strangers = run.reads.filter((name) => !run.proven!.includes(name));
        assert.equal(strangers, [], `${source}\nproven: ${run.proven}\nread: ${run.reads}`);
        assert.equal(run.otherUses, [], `${source}\nproven: ${run.proven}`);
      }),
      RUNS,
    );
    console.log(`${count} functions, ${provenCount} proven`);
    assert.ok(provenCount > count / 20, 'enough random functions are proven for this to say something');
  },
);

/** Source of a function, drawn from the templates by the numbers of a stream. */
function randomFunction(stream: fc.Stream<number>): string {
  let names = 0;
  const draw = (from: readonly string[]): string => from[stream.next().value % from.length]!;
  const fill = (template: string, depth: number): string => {
    const own = names++;
    return template
      .replaceAll('@', String(own))
      .replace(/\bE\b/g, () => expression(depth + 1))
      .replace(/\bS\b/g, () => statement(depth + 1));
  };
  // Templates that use the record in a way that cannot be proven are many; the first few are drawn more often.
  const common = (from: readonly string[], safe: number): string =>
    draw(draw(['s', 's', 'a']) === 's' ? from.slice(0, safe) : from);
  const expression = (depth: number): string =>
    depth > 4 ? draw(['b.x', 'b.y', '1']) : fill(common(EXPRESSIONS, 6), depth);
  const statement = (depth: number): string =>
    depth > 3 ? 'sink(b.z);' : fill(common(STATEMENTS, 1), depth);
  const parameters = fill(draw(PARAMETERS), 3);
  const body = `{ ${statement(0)} ${statement(0)} return ${expression(1)}; }`;
  return draw([
    `(${parameters}) => ${body}`,
    `function (${parameters}) ${body}`,
    `({ m(${parameters}) ${body} }).m`,
  ]);
}

/** Runs a function on a record that notes every use; null where the source is no legal function. */
function runRecorded(
  source: string,
): { proven: readonly string[] | null; reads: string[]; otherUses: string[] } | null {
  const reads: string[] = [];
  const otherUses: string[] = [];
  const values = { x: 1, y: [2], z: 'three', m: method };
  const note = (use: string) => (): never => {
    otherUses.push(use);
    throw new Error(use);
  };
  const record: object = new Proxy(values, {
    get: (target, name) => {
      reads.push(String(name));
      return target[name as keyof typeof target];
    },
    has: note('has'),
    ownKeys: note('ownKeys'),
    set: note('set'),
    deleteProperty: note('delete'),
    getPrototypeOf: note('getPrototypeOf'),
    getOwnPropertyDescriptor: note('getOwnPropertyDescriptor'),
  });
  const look = (value: unknown, depth = 0): void => {
    if (value === record) otherUses.push('kept');
    else if (Array.isArray(value) && depth < 4) for (const item of value) look(item, depth + 1);
    else if (typeof value === 'object' && value !== null && depth < 4) look(Object.values(value), depth + 1);
  };
  function method(this: unknown): number {
    look(this);
    return 1;
  }
  const calls: (() => unknown)[] = [];
  const scope = { sink: look, key: 'x', later: (fn: () => unknown) => calls.push(fn) };
  let fn: Function;
  try {
    // Sloppy code, where more is allowed than in modules.
    fn = new Function(...Object.keys(scope), `return (${source});`)(...Object.values(scope));
  } catch {
    return null;
  }
  const proven = observedFields(fn);
  for (const call of [() => fn(record), ...calls]) {
    try {
      look(call());
    } catch {
      // What it read until it threw counts.
    }
  }
  return { proven, reads, otherUses };
}

observing.run();
