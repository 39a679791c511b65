import { execFileSync } from 'node:child_process';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { t } from '../../engine/records/schema.js';

const shapes = suite('shape of rows');

/** Makes rows of float64s in a loop that V8 has optimized, and prints the bytes of garbage per row. */
const PROGRAM = `
const { t } = await import(process.argv[1]);
const names = Array.from({ length: 5 }, (_, i) => 'f' + i);
const members = (value) => names.map((name, i) => name + ':' + value(i)).join(',');
new Function('t', 'return t.record({' + members(() => 't.float64') + '})')(t);
const make = new Function('return (i) => ({' + members((i) => 'i * ' + (i + 1.5)) + '})')();
const sum = names.map((name) => 'row.' + name).join('+');
const loop = new Function('make', 'n',
  'let s = 0; for (let i = 0; i < n; i++) { const row = make(i); s += ' + sum + '; } return s;');
for (let turn = 0; turn < 3; turn++) {
  for (let i = 0; i < 300; i++) loop(make, 1000);
  await new Promise((resolve) => setTimeout(resolve, 100)); // for its other thread to compile
}
let least = Infinity;
for (let turn = 0; turn < 5; turn++) {
  gc();
  const before = process.memoryUsage().heapUsed;
  loop(make, 2000);
  least = Math.min(least, (process.memoryUsage().heapUsed - before) / 2000);
}
console.log(least);
`;

shapes('a row of declared numbers that nobody keeps costs no memory', () => {
  const schema = new URL('../../engine/records/schema.js', import.meta.url).href;
  const argv = ['--expose-gc', '--conditions=sluice-checked', '--input-type=module', '-e', PROGRAM, schema];
  const bytes = Number(execFileSync(process.execPath, argv, { encoding: 'utf8' }));
  assert.ok(bytes < 16, `${bytes} bytes for each row: V8 makes an object of each float64`);
});

shapes('the fields that a record type is made of stay what they were, frozen or not', () => {
  const fields = { a: t.int32, b: t.string };
  const before = Object.entries(fields);
  t.record(fields);
  assert.equal(Object.entries(fields), before);
  assert.is(fields.a, t.int32);
  assert.is(t.record(Object.freeze({ a: t.int32 })).fields[0]!.kind, 'int32');
  const computed = Object.defineProperty({}, 'a', { enumerable: true, get: () => t.int32 });
  assert.is(t.record(computed as { a: typeof t.int32 }).fields[0]!.kind, 'int32');
});

shapes.run();
