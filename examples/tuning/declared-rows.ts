/**
 * Trap: rows that nobody declared, and that have no flat shape, are packed and unpacked whole between tasks.
 * Cure: declare what the function returns; the fields travel as they are, and only those that are read are unpacked.
 *
 *   sluice doctor examples/tuning/declared-rows.ts --param mode=before
 */
import { job, t } from 'sluice';
import { discard, generate, ndjson } from 'sluice/connectors';

const ITEMS = 12;
const Item = t.record({ sku: t.int32, cents: t.int32, note: t.string });
const Order = t.record({ id: t.int64, user: t.int32 });
const Basket = t.record({ id: t.int64, user: t.int32, items: t.list(Item), cents: t.int32 });

function basketOf({ id, user }: typeof Order.row): typeof Basket.row {
  const items = Array.from({ length: ITEMS }, (_, i) => ({
    sku: (id * 7 + i) % 1_000,
    cents: i * 10,
    note: `item ${i}`,
  }));
  return { id, user, items, cents: items.reduce((sum, { cents }) => sum + cents, 0) };
}

export default job(
  'declared-rows',
  {
    params: {
      mode: t.string.default('after'),
      rate: t.float64.default(0),
      records: t.int64.default(0),
      output: t.string.default(''),
    },
  },
  (flow, { mode, rate, records, output }) => {
    const orders = flow
      .from(
        generate({
          schema: Order,
          make: (id) => ({ id, user: id % 100 }),
          ...(rate > 0 && { ratePerSecond: rate }),
          ...(records > 0 && { count: records }),
        }),
      )
      .parallelism(1);
    const baskets = mode === 'before' ? orders.map(basketOf) : orders.map(Basket, basketOf);
    baskets
      .named('basket')
      .parallelism(1)
      .keyBy('user')
      .reduce((a, b) => ({ ...b, cents: (a.cents + b.cents) % 1_000_000 }), { emit: 'final' })
      .named('spent')
      .parallelism(1)
      .to(output === '' ? discard() : ndjson(output, { createFolder: true }))
      .parallelism(1);
  },
);
