/** A source, some maps and a sink, each a task of its own, steered and watched through the board. */
import { job, t } from 'sluice';
import { Board } from '../probes/board.js';
import { boardSink } from '../probes/board-sink.js';
import { boardSource, Stamped, type StampedRow } from '../probes/board-source.js';
import { processMs } from '../probes/process-clock.js';

export default job(
  'board-chain',
  { params: { hops: t.int32 }, options: { 'pipeline.operator-chaining.enabled': false } },
  (flow, { hops }) => {
    const board = Board.attach();
    let stream = flow.from(boardSource());
    for (let k = 0; k < hops; k++) {
      stream = stream.map(Stamped, (row: StampedRow) => {
        board.setHop(k, processMs());
        return { at: row.at, key: row.key, work: row.work };
      });
    }
    stream.to(boardSink());
  },
);
