/**
 * Rows of twenty fields, half of them strings, to a filter that reads two through a helper, so that nothing is known of
 * what it reads. `view` 1: as views.
 */
import { writeFileSync } from 'node:fs';
import { job, t } from 'sluice';
import { generate, type Sink } from 'sluice/connectors';

const NUMBERS = Array.from({ length: 10 }, (_, i) => `n${i}`);
const STRINGS = Array.from({ length: 10 }, (_, i) => `s${i}`);

const Wide = t.record(
  Object.fromEntries([
    ...NUMBERS.map((name) => [name, t.float64] as const),
    ...STRINGS.map((name) => [name, t.string] as const),
  ]),
);

type WideRow = Readonly<Record<string, any>>;

/** Sources hand out the same objects again and again: making them is not what is measured. */
const ROWS = Array.from({ length: 1_024 }, (_, i) => {
  const numbers = NUMBERS.map((name, k) => [name, i * 10 + k] as const);
  const strings = STRINGS.map((name, k) => [name, `value ${(i * 7 + k) % 997} of a field`] as const);
  return Object.fromEntries<any>([...numbers, ...strings]);
});

/** Which fields it asks for is not to be seen in its callers. */
const read = (row: WideRow, name: string): any => row[name];

const passes = (row: WideRow): boolean => read(row, 'n2') % 4 === 0 && read(row, 's6').length > 15;

export default job(
  'wide-rows',
  { params: { records: t.int64, view: t.int32, output: t.string } },
  (flow, { records, view, output }) => {
    const source = generate({ schema: Wide, count: records, make: (index) => ROWS[index & 1_023]! });
    const rows = flow.from(source).rebalance();
    const kept =
      view === 1 ? rows.filter((row) => passes(row), { view: true }) : rows.filter((row) => passes(row));
    kept.pick('n2').to(summed(output));
  },
);

function summed(output: string): Sink<any> {
  return {
    ...{ urn: 'bench:summed', label: 'summed', options: null, path: null },
    check: async () => {},
    createWriter: () => {
      let [rows, sum] = [0, 0];
      return {
        write: (row) => {
          rows++;
          sum += (row as { n2: number }).n2;
        },
        flush: () => {},
        prepareCommit: () => [rows, sum],
        close: () => {},
      };
    },
    createCommitter: () => ({
      commit: async (parts) => {
        const totals = (parts as [number, number][]).reduce(([a, b], [c, d]) => [a + c, b + d]);
        writeFileSync(output, totals.join(', '));
      },
      abort: async () => {},
    }),
  };
}
