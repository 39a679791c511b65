/** A source, two maps side by side, four totals by key and a sink, with an exchange before each, steered through the board. */
import { job } from 'sluice';
import { Board } from '../probes/board.js';
import { boardSink } from '../probes/board-sink.js';
import { boardSource, Stamped, type StampedRow } from '../probes/board-source.js';
import { burn } from '../probes/burn.js';

export default job('board-stages', (flow) => {
  const board = Board.attach();
  const work = ({ at, key, work }: StampedRow): StampedRow => ({
    at,
    key,
    work: burn(work, board.get('mapRounds')),
  });
  flow
    .from(boardSource())
    .rebalance()
    .map(Stamped, work)
    .named('map')
    .parallelism(2)
    .keyBy('key')
    .reduce((a, b) => ({ at: b.at, key: b.key, work: burn(a.work ^ b.work, board.get('totalRounds')) }))
    .named('total')
    .parallelism(4)
    .rebalance()
    .to(boardSink())
    .named('sink')
    .parallelism(1);
});
