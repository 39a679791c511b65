import { writeFileSync } from 'node:fs';
import type { Sink } from 'sluice/connectors';
import { ShuffleDigest, type ShuffleSums } from './shuffle-checksum.js';

/** A row of a result: a key, records, and a sum. */
export interface Total {
  readonly key: number;
  readonly n: number;
  readonly total: number;
}

/** A sink that adds its rows up instead of writing them, and writes their digest when the run commits. */
export function digested<T extends object>(output: string, totalOf: (row: T) => Total): Sink<T> {
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
          const { key, n, total } = totalOf(row as T);
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
