/** Numbers by key, with an end or without one; how much work each makes is a parameter. */
import { count, job, t } from 'sluice';
import { discard, generate } from 'sluice/connectors';

const Tick = t.record({ n: t.int64, bucket: t.int32 });

export default job(
  'benched',
  { params: { count: t.int64.default(0), work: t.int32.default(0) } },
  (flow, { count: total, work }) => {
    flow
      .from(
        generate({
          schema: Tick,
          make: (n) => ({ n, bucket: n % 100 }),
          ...(total > 0 ? { count: total } : {}),
        }),
      )
      .filter(({ n }) => {
        let value = n;
        for (let round = 0; round < work; round++) value = Math.imul(value ^ round, 0x9e3779b1);
        return value !== 0.5;
      })
      .keyBy('bucket')
      .aggregate({ ticks: count() })
      .to(discard());
  },
);
