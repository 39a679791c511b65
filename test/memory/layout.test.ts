import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { dump, LAYOUTS, layout, layoutsAsMarkdown, wholeLines } from '../../engine/memory/layout.js';
import '../../engine/memory/exchange-arena.js';
import '../../engine/memory/control-arena.js';

const layouts = suite('layout');
let count = 0;
const fresh = (): string => `test-${++count}`;

layouts('gives the index of every field in its own type', () => {
  const table = layout(fresh(), 256, {
    a: [0, 'i32', 'sender', ''],
    b: [8, 'f64', 'sender', ''],
    c: [128, 'i32', 'receiver', ''],
  });
  assert.equal(table, { BYTES: 256, a: 0, b: 1, c: 32 });
});

layouts(
  'layout/one-writer: two writers on one line are refused, so is company for a word anyone writes',
  () => {
    const other = () => layout(fresh(), 128, { a: [0, 'i32', 'sender', ''], b: [4, 'i32', 'receiver', ''] });
    assert.throws(other, /b is written by receiver, but its line belongs to sender/);
    const any = () => layout(fresh(), 128, { a: [0, 'i32', 'any', ''], b: [4, 'i32', 'any', ''] });
    assert.throws(any, /its line belongs to any/);
  },
);

layouts('misaligned, overlapping and outlying fields are refused, so is a name taken twice', () => {
  assert.throws(() => layout(fresh(), 128, { a: [4, 'f64', 's', ''] }), /not aligned/);
  assert.throws(() => layout(fresh(), 128, { a: [0, 'f64', 's', ''], b: [4, 'i32', 's', ''] }), /overlaps/);
  assert.throws(() => layout(fresh(), 128, { a: [128, 'i32', 's', ''] }), /past 128/);
  assert.throws(() => layout(fresh(), 100, {}), /whole lines/);
  const name = fresh();
  layout(name, 128, {});
  assert.throws(() => layout(name, 128, {}), /taken/);
});

layouts('a live structure can be read as named values', () => {
  const name = fresh();
  layout(name, 128, { a: [4, 'i32', 's', ''], b: [8, 'f64', 's', ''] });
  const memory = new ArrayBuffer(256);
  new DataView(memory).setInt32(132, -7, true);
  new DataView(memory).setFloat64(136, 1.5, true);
  assert.equal(dump(name, memory, 128), { a: -7, b: 1.5 });
});

layouts('every table of the engine is registered and documented', () => {
  const text = layoutsAsMarkdown();
  for (const name of ['region', 'doorbell', 'control', 'task', 'split-cursor', 'channel']) {
    assert.ok(LAYOUTS.has(name), name);
    assert.ok(text.includes(`## ${name}\n`), name);
  }
  assert.match(text, /\| 128 \| `granted` \| i32 \| receiver \|/);
});

layouts('sizes are rounded up to whole lines', () => {
  assert.equal([0, 1, 128, 129].map(wholeLines), [0, 128, 128, 256]);
});

layouts.run();
