import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compileCodec } from '../../engine/records/codec.js';
import { RowCodec, viewBindings } from '../../engine/records/codec-gen.js';
import { recordViewClass } from '../../engine/records/record-view.js';
import { type RowLayout, type RowView, rowLayout, rowView } from '../../engine/records/row-layout.js';
import { fieldSpecs, isSameValue, randomRuns, rowsOf } from '../kit/random-rows.js';

const views = suite('views of records');

const classOf = (layout: RowLayout, memory: RowView, onStale: ((field: string) => never) | null) =>
  recordViewClass(new RowCodec(layout), layout.fields, viewBindings(memory), onStale);

views('a view shows every field of the row that it is put onto, as it was written, each time anew', () => {
  const memory = rowView(new SharedArrayBuffer(1 << 16));
  const cases = fieldSpecs.chain((fields) => rowsOf(fields, 6).map((rows) => ({ fields, rows })));
  fc.assert(
    fc.property(cases, ({ fields, rows }) => {
      const layout = rowLayout(fields);
      const codec = compileCodec(layout, memory);
      const places: number[] = [];
      for (let i = 0, p = 8; i < rows.length; i++) {
        places.push(p);
        p = codec.encode(rows[i]!, p, 1 << 16);
        assert.ok(p > 0);
      }
      const View = classOf(layout, memory, null);
      const view = new View() as Record<string, unknown>;
      for (const [i, row] of [...rows.entries()].reverse()) {
        View.seat(view, places[i]!);
        for (const { name } of fields) assert.ok(isSameValue(view[name], row[name]), name);
        assert.equal(Object.keys(view), []);
      }
    }),
    randomRuns(300),
  );
});

views('two readings of bytes give two copies, which are the readers own', () => {
  const memory = rowView(new SharedArrayBuffer(1024));
  const layout = rowLayout([{ name: 'raw', kind: 'bytes', nullable: false }]);
  compileCodec(layout, memory).encode({ raw: Uint8Array.of(1, 2) }, 0, 1024);
  const View = classOf(layout, memory, null);
  const view = new View() as { raw: Uint8Array };
  View.seat(view, 0);
  view.raw.fill(9);
  assert.equal(view.raw, Uint8Array.of(1, 2));
});

views('where somebody looks, a view that is off its row tells which field was read of it', () => {
  const memory = rowView(new SharedArrayBuffer(1024));
  const layout = rowLayout([
    { name: 'a', kind: 'int32', nullable: false },
    { name: 'constructor', kind: 'string', nullable: true },
  ]);
  compileCodec(layout, memory).encode({ a: 7, constructor: null }, 0, 1024);
  const View = classOf(layout, memory, (field) => {
    throw new Error(`stale ${field}`);
  });
  const view = new View() as { a: number; constructor: unknown };
  assert.throws(() => view.a, /stale a/);
  View.seat(view, 0);
  assert.is(view.a, 7);
  assert.is(view.constructor, null);
  View.seat(view, -1);
  assert.throws(() => view.constructor, /stale constructor/);
});

views.run();
