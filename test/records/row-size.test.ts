import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compileCodec } from '../../engine/records/codec.js';
import { rowLayout, rowView } from '../../engine/records/row-layout.js';
import { rowSizer } from '../../engine/records/row-size.js';
import { fieldSpecs, randomRuns, rowsOf } from '../kit/random-rows.js';

const sizes = suite('row sizes');
const RUNS = randomRuns(200);
const MEMORY = 1 << 16;

sizes('a row is as large as what its codec writes', () => {
  const view = rowView(new ArrayBuffer(MEMORY));
  fc.assert(
    fc.property(
      fieldSpecs.chain((fields) => fc.tuple(fc.constant(fields), rowsOf(fields, 8))),
      ([fields, rows]) => {
        const codec = compileCodec(rowLayout(fields), view);
        const sizeOf = rowSizer(fields);
        for (const row of rows) assert.is(sizeOf(row), codec.encode(row, 0, MEMORY));
      },
    ),
    RUNS,
  );
});

sizes.run();
