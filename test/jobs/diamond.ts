/** Numbers on two ways, one of which takes few, that come together again; and a key by which both meet a third time. */
import { count, job, t } from 'sluice';
import { generate } from 'sluice/connectors';

const Tick = t.record({ n: t.int64 });
const Told = t.record({ n: t.int64, from: t.string });

export default job('diamond', { params: { ticks: t.int64, rarely: t.int64 } }, (flow, { ticks, rarely }) => {
  const all = flow.from(generate({ schema: Tick, count: ticks, make: (n) => ({ n }) }));
  const rare = all
    .filter(({ n }) => n % rarely === 0)
    .rebalance()
    .map(Told, ({ n }) => ({ n, from: 'rare' }));
  const often = all.rebalance().map(Told, ({ n }) => ({ n, from: 'often' }));
  const both = rare.union(often);
  const met = both
    .connect(all)
    .keyBy('n', 'n')
    .map(
      Told,
      (row) => row,
      ({ n }) => ({ n, from: 'source' }),
    );
  return {
    counts: met.keyBy('from').aggregate({ rows: count() }, { emit: 'final' }),
    twice: both.union(both).keyBy('from').aggregate({ rows: count() }, { emit: 'final' }),
  };
});
