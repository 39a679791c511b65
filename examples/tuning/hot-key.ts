/**
 * Shape: most records have one key, and one subtask has them all.
 * Cure: salt. Each key is first reduced in several parts, side by side, and then the few parts are reduced to one.
 *
 *   sluice doctor examples/tuning/hot-key.ts --param mode=before
 */
import { job, max, sum, t, tumbling } from 'sluice';
import { discard, generate, ndjson } from 'sluice/connectors';

const SALTS = 64;
const Visit = t.record({ at: t.timestamp, site: t.string, salt: t.int32, weight: t.float64, best: t.int32 });
type Visit = typeof Visit.row;

/** Some 20 us of work; in which order visits are merged does not matter. */
function merge(a: Visit, b: Visit): Visit {
  let rank = 0;
  for (let i = 0; i < 10_000; i++) rank = (Math.imul(rank ^ (rank >>> 15), 0x2c1b3c6d) + i) | 0;
  return { ...a, weight: a.weight + b.weight, best: Math.max(a.best, b.best, rank & 1) };
}

const visitOf = (n: number): Visit => ({
  at: Date.UTC(2026, 0, 1) + n,
  site: n % 10 < 8 ? 'front' : `site-${n % 50}`,
  salt: n % SALTS,
  weight: 1 + (n % 3),
  best: n % 997,
});

export default job(
  'hot-key',
  {
    params: {
      mode: t.string.default('after'),
      rate: t.float64.default(0),
      records: t.int64.default(0),
      output: t.string.default(''),
    },
  },
  (flow, { mode, rate, records, output }) => {
    const visits = flow
      .from(
        generate({
          schema: Visit,
          make: visitOf,
          ...(rate > 0 && { ratePerSecond: rate }),
          ...(records > 0 && { count: records }),
        }),
      )
      .parallelism(1)
      .eventTime('at')
      .parallelism(1);
    const merged =
      mode === 'before'
        ? visits.keyBy('site').window(tumbling('10s')).reduce(merge).named('merge')
        : visits.keyBy('site', 'salt').window(tumbling('10s')).reduce(merge).named('merge parts');
    merged
      .keyBy('site')
      .window(tumbling('10s'))
      .aggregate({ weight: sum('weight'), best: max('best') })
      .named('total')
      .to(output === '' ? discard() : ndjson(output, { createFolder: true }));
  },
);
