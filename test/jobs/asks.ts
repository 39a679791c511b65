/** Numbers, each of which an HTTP server is asked about. */
import { job, t } from 'sluice';
import { generate } from 'sluice/connectors';

const Tick = t.record({ n: t.int32 });
const Answer = t.record({ n: t.int32, square: t.int32, attempt: t.int32 });

export default job(
  'asks',
  {
    params: {
      url: t.string,
      count: t.int32,
      capacity: t.int32.default(8),
      ordered: t.bool.default(true),
    },
  },
  (flow, { url, count, capacity, ordered }) => ({
    answers: flow
      .from(generate({ schema: Tick, count, make: (n) => ({ n }) }))
      .parallelism(1)
      .mapAsync(
        Answer,
        async ({ n }, { signal, attempt }) => {
          const answer = await fetch(`${url}/${n}`, { signal });
          if (!answer.ok) throw new Error(`${answer.status}`);
          return { n, square: Number(await answer.text()), attempt };
        },
        { capacity, ordered, timeout: '20s', retry: { retries: 3, delay: '1ms' } },
      )
      .parallelism(1),
  }),
);
