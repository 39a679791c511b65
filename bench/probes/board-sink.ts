/** A sink that notes when it took which record, works per record, and stands still when the board says so. */
import type { Sink } from 'sluice/connectors';
import { Board } from './board.js';
import { burn } from './burn.js';
import { processMs } from './process-clock.js';

/** @returns a sink for parallelism 1, of rows with the time `at` */
export function boardSink(): Sink<{ readonly at: number }> {
  return {
    urn: 'bench:board-sink',
    label: 'board',
    options: null,
    path: null,
    check: async () => {},
    createWriter: () => {
      const board = Board.attach();
      const { histogram } = board;
      let [taken, onTheWayMs, result] = [0, 0, 0];
      return {
        write: (row) => {
          if (board.isStalled) stand(board);
          const nowMs = processMs();
          const at = row['at'] as number;
          onTheWayMs += nowMs - at;
          board.set('onTheWayMs', onTheWayMs);
          board.set('taken', ++taken);
          board.set('takenAtMs', nowMs);
          board.set('lastAtMs', at);
          if (at >= board.get('windowBegin') && at < board.get('windowEnd')) histogram.addMs(nowMs - at);
          result ^= burn(taken, board.get('sinkRounds'));
        },
        flush: () => {},
        prepareCommit: () => result,
        close: () => {},
      };
    },
    createCommitter: () => ({ commit: async () => {}, abort: async () => {} }),
  };
}

/** The record at hand counts as taken when it goes on. */
function stand(board: Board): void {
  board.set('madeAtStall', board.get('made'));
  board.set('stalledMs', processMs());
  board.awaitRelease();
  board.set('resumedMs', processMs());
}
