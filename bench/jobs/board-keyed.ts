/** A source, an exchange by key, a count by key and a sink in the task of the count, steered through the board. */
import { count, job, max } from 'sluice';
import { boardSink } from '../probes/board-sink.js';
import { boardSource } from '../probes/board-source.js';

export default job('board-keyed', (flow) => {
  // Times of a key only grow, so the latest is that of the record at hand.
  flow
    .from(boardSource())
    .keyBy('key')
    .aggregate({ n: count(), at: max('at') })
    .to(boardSink());
});
