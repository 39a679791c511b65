import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  aroundChosen,
  type Column,
  tableHead,
  tableLayout,
  tableRow,
} from '../../../engine/cli/top/table.js';

const table = suite('table of figures');

const column = (head: string, min: number, max: number, rank: number): Column<string> => ({
  ...{ head, min, max, rank },
  cell: (row, columns) => row.repeat(columns),
});

table('columns of the greatest rank go first, and what is left over is shared', () => {
  const all = [column('a', 2, 4, 0), column('b', 2, 3, 2), column('c', 2, 9, 1)];
  const drawn = (columns: number) => tableRow(tableLayout(all, columns), 'x');
  assert.is(drawn(2), 'xx');
  assert.is(drawn(9), 'xxxx  xxx');
  assert.is(drawn(10), 'xx  xx  xx');
  assert.is(drawn(11), 'xxx  xx  xx');
  assert.is(drawn(14), 'xxxx  xxx  xxx');
  assert.is(drawn(15), 'xxxx  xxx  xxxx');
  assert.is(tableHead(tableLayout(all, 15)), 'a     b    c');
});

table('no row is wider than the table, and none narrower than it could be', () => {
  const columns = fc.array(
    fc.record({ min: fc.integer({ min: 1, max: 9 }), more: fc.nat(20), rank: fc.nat(4) }),
    { minLength: 1, maxLength: 8 },
  );
  fc.assert(
    fc.property(columns, fc.integer({ min: 9, max: 120 }), (given, width) => {
      const all = given.map(({ min, more, rank }, at) =>
        column(`${at}`, min, min + more, at === 0 ? 0 : rank + 1),
      );
      const layout = tableLayout(all, width);
      const drawn = tableRow(layout, 'x');
      assert.ok(drawn.length <= width);
      const isFull = layout.columns.every(({ column: { max }, width: taken }) => taken === max);
      assert.ok(drawn.length === width || isFull);
    }),
    { verbose: 1 },
  );
});

table('of a list that is too long the chosen line is shown, and every line is shown or counted', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 60 }),
      fc.nat(59),
      fc.integer({ min: 3, max: 30 }),
      (count, at, rows) => {
        const lines = Array.from({ length: count }, (_, line) => `line ${line}`);
        const chosen = Math.min(at, count - 1);
        const shown = aroundChosen(lines, chosen, rows);
        assert.ok(shown.length <= rows);
        assert.ok(shown.includes(`line ${chosen}`));
        const counted = shown.map((line) => Number(/^ {2}(\d+) more/.exec(line)?.[1] ?? 0));
        const told = shown.filter((line) => line.startsWith('line')).length;
        assert.is(told + counted.reduce((sum, each) => sum + each, 0), count);
      },
    ),
    { verbose: 1 },
  );
});

table.run();
