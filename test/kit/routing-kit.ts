/** A source that says who sends, and a sink that notes who receives; for the inline host, whose tasks share memory. */
import type { Sink, Source } from '../../engine/connectors/connector.js';
import { t } from '../../engine/records/schema.js';

/** `n` counts the rows of one sender. `pad` makes rows differ in length. */
export const Sent = t.record({ sender: t.int32, n: t.int32, pad: t.string });
export type Sent = typeof Sent.row;

/**
 * As many splits as there are readers, of `rows` rows each; who reads which is up to the host.
 *
 * @param batchRows  rows after which a reader waits for everybody else; by default it never does
 */
export function sendingSource(rows: number, batchRows = Number.POSITIVE_INFINITY): Source<Sent> {
  return {
    ...{ urn: 'test:sending', label: 'sending', options: { rows }, schema: Sent, bounded: true },
    ...{ batchKind: 'rows', paths: [] },
    discover: async ({ parallelism }) => ({
      splits: Array.from({ length: parallelism }, (_, i) => ({ id: `${i}`, state: null })),
    }),
    createReader: ({ subtask, clock }) => {
      let n = 0;
      let left = 0;
      let untilMs = 0;
      return {
        open: () => {
          left = rows;
        },
        poll: (rowsMax) => {
          if (left === 0) return null;
          if (clock.monotonicMs() < untilMs) return { kind: 'wait', untilMs };
          if (batchRows < rows) untilMs = clock.monotonicMs() + 10;
          const length = Math.min(left, rowsMax, batchRows);
          left -= length;
          const batch = Array.from({ length }, () => ({ sender: subtask, n: n++, pad: 'x'.repeat(n % 40) }));
          return { kind: 'rows', length, rows: batch };
        },
        close: () => {},
      };
    },
  };
}

/** Rows in the order in which each subtask of the sink got them. */
export interface NotingSink extends Sink<any> {
  readonly got: Sent[][];
}

/** @param delayMs  after each row, by subtask: how long the writer wants no other */
export function notingSink(delayMs: (subtask: number) => number = () => 0): NotingSink {
  const got: Sent[][] = [];
  return {
    ...{ urn: 'test:noting', label: 'noting', options: null, path: null, got },
    check: async () => {},
    createWriter: ({ subtask, clock }) => {
      const mine: Sent[] = [];
      got[subtask] = mine;
      let nextMs = 0;
      return {
        get notBeforeMs() {
          return nextMs;
        },
        write: (row) => {
          mine.push(row as Sent);
          const ms = delayMs(subtask);
          if (ms > 0) nextMs = clock.monotonicMs() + ms;
        },
        flush: () => {},
        prepareCommit: () => null,
        close: () => {},
      };
    },
    createCommitter: () => ({ commit: async () => {}, abort: async () => {} }),
  };
}
