/**
 * Shape: a filter behind an exchange, which carries many rows only to have them dropped.
 * Cure: source -> filter -> rebalance -> enrich -> sink.
 *
 *   sluice doctor examples/tuning/filter-first.ts --param mode=before
 */
import { job, t } from 'sluice';
import { discard, generate, ndjson } from 'sluice/connectors';

const Click = t.record({ id: t.int64, country: t.int32, page: t.string, agent: t.string });
const Enriched = t.record({ id: t.int64, country: t.int32, words: t.int32, agent: t.string });
const TEXT = 'a page of many words that somebody has looked at ';

const clickOf = (id: number): typeof Click.row => ({
  id,
  country: id % 8,
  page: `${TEXT.repeat(8)}${id % 1_000}`,
  agent: `browser ${id % 50}`,
});

const enrich = ({ id, country, page, agent }: typeof Click.row): typeof Enriched.row => ({
  id,
  country,
  words: page.split(' ').length,
  agent,
});

const isWanted = ({ country }: { country: number }): boolean => country === 0;

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
          make: clickOf,
          ...(rate > 0 && { ratePerSecond: rate }),
          ...(records > 0 && { count: records }),
        }),
      )
      .parallelism(1);
    const wanted =
      mode === 'before'
        ? clicks.rebalance().filter(isWanted).named('wanted')
        : clicks.filter(isWanted).named('wanted').parallelism(1).rebalance();
    wanted
      .map(Enriched, enrich)
      .named('enrich')
      .to(output === '' ? discard() : ndjson(output, { createFolder: true }));
  },
);
