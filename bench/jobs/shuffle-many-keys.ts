/** The declared shuffle, with a sink that adds its rows up instead of writing them: of millions of keys. */
import { writeFileSync } from 'node:fs';
import { count, job, sum } from 'sluice';
import { generate, type Sink } from 'sluice/connectors';
import { ShuffleDigest, type ShuffleSums } from '../kit/shuffle-checksum.js';
import { bidMaker, bidMapper, MappedBid, SHUFFLE_PARAMS } from './shuffle-bids.js';

interface Total {
  readonly key: number;
  readonly n: number;
  readonly total: number;
}

function digested(output: string): Sink<Total> {
  return {
    urn: 'bench:digested',
    label: 'digested',
    options: null,
    path: null,
    check: async () => {},
    createWriter: () => {
      const digest = new ShuffleDigest();
      return {
        write: (row) => {
          const { key, n, total } = row as unknown as Total;
          digest.add(key, n, total);
        },
        flush: () => {},
        prepareCommit: () => digest.sums,
        close: () => {},
      };
    },
    createCommitter: () => ({
      commit: async (committables) => {
        const digest = new ShuffleDigest();
        for (const sums of committables as readonly ShuffleSums[]) digest.addSums(sums);
        writeFileSync(output, digest.toString());
      },
      abort: async () => {},
    }),
  };
}

export default job(
  'shuffle-many-keys',
  { params: SHUFFLE_PARAMS },
  (flow, { records, keys, output, makers, work }) => {
    const bids = flow.from(generate({ schema: MappedBid, count: records, make: bidMaker(keys) }));
    const mapped = bids.map(MappedBid, bidMapper(work));
    if (makers > 0) for (const stream of [bids, mapped]) stream.parallelism(makers);
    mapped
      .keyBy('key')
      .aggregate({ n: count(), total: sum('price') }, { emit: 'final' })
      .to(digested(output));
  },
);
