/** A number of ticks through two keyed stages: many buffers, many wakes. */
import { count, job, sum, t } from 'sluice';
import { collect, generate } from 'sluice/connectors';

const Tick = t.record({ n: t.int64, bucket: t.int32 });

export default job('counted', { params: { ticks: t.int64 } }, (flow, { ticks }) => {
  flow
    .from(generate({ schema: Tick, count: ticks, make: (n) => ({ n, bucket: n % 97 }) }))
    .keyBy('bucket')
    .reduce((_, b) => b)
    .map(Tick, ({ n, bucket }) => ({ n, bucket }))
    .keyBy('n')
    .aggregate({ seen: count() })
    .keyBy('seen')
    .aggregate({ rows: count(), all: sum('n') }, { emit: 'final' })
    .to(collect());
});
