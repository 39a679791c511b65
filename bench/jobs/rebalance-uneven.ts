/** Rows dealt in turn to four consumers that each take so many a second; the first takes a tenth of what the others do. */
import { job, t } from 'sluice';
import { generate, type Sink } from 'sluice/connectors';

const CONSUMERS = 4;
const RATE_PER_MS = 20;
/** How far a consumer that had no input may be behind its rate. */
const CATCH_UP_MS = 5;

const Row = t.record({ index: t.float64 });

function rated(): Sink<typeof Row.row> {
  return {
    urn: 'bench:rated-sink',
    label: 'rated',
    options: null,
    path: null,
    check: async () => {},
    createWriter: ({ subtask, clock }) => {
      const intervalMs = (subtask === 0 ? 10 : 1) / RATE_PER_MS;
      let [nextMs, taken] = [0, 0];
      return {
        get notBeforeMs() {
          return nextMs;
        },
        write: () => {
          taken++;
          nextMs = Math.max(nextMs, clock.monotonicMs() - CATCH_UP_MS) + intervalMs;
        },
        flush: () => {},
        prepareCommit: () => taken,
        close: () => {},
      };
    },
    createCommitter: () => ({ commit: async () => {}, abort: async () => {} }),
  };
}

export default job('rebalance-uneven', { params: { records: t.int64 } }, (flow, { records }) => {
  flow
    .from(generate({ schema: Row, count: records, make: (index) => ({ index }) }))
    .parallelism(1)
    .rebalance()
    .to(rated())
    .parallelism(CONSUMERS);
});
