/**
 * An endless source that is steered by the board: by schedule, or as fast as records are taken, with work per record.
 *
 * By schedule a record's time is when it was due, whenever it was made: a source that is held back has to catch up, and
 * its records are late. Otherwise it is when it was made.
 */
import { type RowOf, t } from 'sluice';
import type { Source } from 'sluice/connectors';
import { Board } from './board.js';
import { burn } from './burn.js';
import { processMs } from './process-clock.js';

export const Stamped = t.record({ at: t.float64, key: t.int32, work: t.int32 });
export type StampedRow = RowOf<typeof Stamped>;

const KEYS = 1_000;
const HOT_KEY = 17;
/** Spreads what has the hot key evenly over time. */
const GOLDEN = 0.618_033_988_75;

/** @returns a source for parallelism 1 */
export function boardSource(): Source<StampedRow> {
  const board = Board.attach();
  // The reader begins a schedule when the rate changes: record `first` is due at `beganMs`.
  let [ratePerMs, beganMs, first] = [0, 0, 0];
  const make = (index: number): StampedRow => {
    const nowMs = processMs();
    board.onMade(nowMs);
    const work = burn(index, board.get('sourceRounds'));
    const key = (index * GOLDEN) % 1 < board.get('hotShare') ? HOT_KEY : index % KEYS;
    return { at: ratePerMs === 0 ? nowMs : beganMs + (index - first) / ratePerMs, key, work };
  };
  return {
    urn: 'bench:board-source',
    label: 'board',
    options: null,
    schema: Stamped,
    bounded: false,
    batchKind: 'sequence',
    make,
    paths: [],
    discover: async () => ({ splits: [{ id: 'all', state: null }] }),
    createReader: ({ clock }) => {
      let next = 0;
      return {
        open: () => {},
        poll: (rowsMax) => {
          const nowMs = processMs();
          const wanted = board.get('ratePerMs');
          if (wanted !== ratePerMs) [ratePerMs, beganMs, first] = [wanted, nowMs, next];
          let length = rowsMax;
          if (ratePerMs > 0) {
            const due = first + Math.floor((nowMs - beganMs) * ratePerMs) + 1;
            const waitMs = beganMs + (next - first) / ratePerMs - nowMs;
            if (due <= next) return { kind: 'wait', untilMs: clock.monotonicMs() + waitMs };
            length = Math.min(rowsMax, due - next);
          }
          const begin = next;
          next += length;
          return { kind: 'sequence', length, begin, stride: 1 };
        },
        close: () => {},
      };
    },
  };
}
