/** Records of a given size, dealt from as many sources to as many sinks, which look at the text that makes their size. */
import { writeFileSync } from 'node:fs';
import { job, t } from 'sluice';
import { generate, type Sink } from 'sluice/connectors';

const Sized = t.record({ index: t.float64, text: t.string });
/** Of a record: its index and the length of the text. */
const OTHER_BYTES = 16;
/** Distinct texts, so that none is found in a cache. */
const TEXTS = 64;

/** @returns texts of so many characters each */
function textsOf(length: number): readonly string[] {
  return Array.from({ length: TEXTS }, (_, k) => String.fromCharCode(48 + k).repeat(length));
}

interface Sums {
  readonly rows: number;
  readonly indices: number;
  readonly characters: number;
}

function summed(output: string): Sink<typeof Sized.row> {
  return {
    urn: 'bench:summed-texts',
    label: 'summed',
    options: null,
    path: null,
    check: async () => {},
    createWriter: () => {
      let [rows, indices, characters] = [0, 0, 0];
      return {
        write: (row) => {
          const { index, text } = row as typeof Sized.row;
          rows++;
          indices += index;
          characters += text.length === 0 ? 0 : text.charCodeAt(text.length - 1) + text.length;
        },
        flush: () => {},
        prepareCommit: (): Sums => ({ rows, indices, characters }),
        close: () => {},
      };
    },
    createCommitter: () => ({
      commit: async (committables) => {
        const parts = committables as readonly Sums[];
        const sum = (of: (part: Sums) => number): number => parts.reduce((all, part) => all + of(part), 0);
        writeFileSync(
          output,
          [sum((p) => p.rows), sum((p) => p.indices), sum((p) => p.characters)].join(', '),
        );
      },
      abort: async () => {},
    }),
  };
}

export default job(
  'records-of-size',
  { params: { records: t.int64, bytes: t.int32, output: t.string } },
  (flow, { records, bytes, output }) => {
    const texts = textsOf(bytes - OTHER_BYTES);
    flow
      .from(
        generate({
          schema: Sized,
          count: records,
          make: (index) => ({ index, text: texts[index % TEXTS]! }),
        }),
      )
      .rebalance()
      .to(summed(output));
  },
);
