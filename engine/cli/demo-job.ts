import { job } from '../api/job.js';
import { t } from '../records/schema.js';

/** A source, work and a sink: the job of `sluice demo`, which holds both of its ends. */

const Order = t.record({ id: t.int32, price: t.float64, note: t.string });

export default job('demo', { inputs: { source: Order } }, ({ source }) => ({
  sink: source.map(Order, ({ id, price, note }) => ({ id, price: priced(id, price), note })).named('work'),
}));

/** Turns of a loop that take about as long as to parse a record: a hundredth of a millisecond. */
const TURNS = 10_000;

function priced(id: number, price: number): number {
  let digest = id;
  for (let turn = 0; turn < TURNS; turn++) digest = (Math.imul(digest, 1_664_525) + 1_013_904_223) | 0;
  return price + (digest & 1);
}
