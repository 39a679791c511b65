import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { sparkline } from '../../engine/cli/sparkline.js';

const spark = suite('sparkline');
const SIZE = { end: 0, seconds: 8, largest: 0, cells: 8, isUnicode: true };

spark('the newest is on the right, the largest fills its cell, and what was not there yet is blank', () => {
  assert.is(sparkline([0, 1, 4, 8], { ...SIZE, end: 4 }), '    ▁▂▅█');
  assert.is(sparkline([0, 1, 4, 8], { ...SIZE, end: 4, isUnicode: false }), '    _.=#');
  assert.is(sparkline([0, 0], { ...SIZE, end: 2 }), '      ▁▁');
  assert.is(sparkline([0.5, 1], { ...SIZE, end: 2, largest: 2 }), '      ▃▅');
  assert.is(sparkline([], SIZE), '        ');
});

spark('seconds that share a cell are its mean, and stay together while time goes on', () => {
  const cells = { ...SIZE, cells: 4, largest: 7 };
  const values = [7, 7, 0, 0, 7, 7, 0, 0];
  assert.is(sparkline(values, { ...cells, end: 8 }), '█▁█▁');
  assert.is(sparkline([...values.slice(1), 7], { ...cells, end: 9 }), '▁█▁█');
  assert.is(sparkline([...values.slice(2), 7, 0], { ...cells, end: 10 }), '▁█▁▅');
});

spark('it is as wide as it may be, whatever there is', () => {
  const any = fc.array(fc.double({ min: -1, max: 1e300, noNaN: true }), { maxLength: 70 });
  fc.assert(
    fc.property(any, fc.nat(80), fc.nat(1_000), fc.boolean(), (values, cells, more, isUnicode) => {
      const size = { end: values.length + more, seconds: 60, largest: 0, cells, isUnicode };
      assert.is([...sparkline(values, size)].length, cells);
    }),
    { verbose: 1 },
  );
});

spark.run();
