/**
 * Shape: a filter behind the step that is dear, and behind an exchange that it would have spared half of its records.
 * Cure: source -> filter -> rebalance -> enrich -> sink.
 *
 *   sluice doctor examples/tuning/filter-first.ts --param mode=before
 */
import { job, type Stream, t } from 'sluice';
import { discard, generate, ndjson } from 'sluice/connectors';

const Click = t.record({ id: t.int64, country: t.int32, page: t.string });
const Enriched = t.record({ id: t.int64, country: t.int32, page: t.string, score: t.int32 });
const ROUNDS = 20_000;

/** Some 40 us of work. */
function enrich({ id, country, page }: typeof Click.row): typeof Enriched.row {
  let score = id | 0;
  for (let i = 0; i < ROUNDS; i++) score = (Math.imul(score ^ (score >>> 15), 0x2c1b3c6d) + i) | 0;
  return { id, country, page, score };
}

const isWanted = ({ country }: { country: number }): boolean => country < 2;

export default job(
  'filter-first',
  {
    params: {
      mode: t.string.default('after'),
      rate: t.float64.default(0),
      records: t.int64.default(0),
      output: t.string.default(''),
    },
  },
  (flow, { mode, rate, records, output }) => {
    const clicks = flow
      .from(
        generate({
          schema: Click,
          make: (id) => ({ id, country: id % 8, page: `/page/${id % 1_000}` }),
          ...(rate > 0 && { ratePerSecond: rate }),
          ...(records > 0 && { count: records }),
        }),
      )
      .parallelism(1);
    const enriched = (stream: Stream<typeof Click.row>): Stream<typeof Enriched.row> =>
      stream.rebalance().map(Enriched, enrich).named('enrich');
    const wanted =
      mode === 'before'
        ? enriched(clicks).filter(isWanted).named('wanted')
        : enriched(clicks.filter(isWanted).named('wanted').parallelism(1));
    wanted.to(output === '' ? discard() : ndjson(output, { createFolder: true }));
  },
);
