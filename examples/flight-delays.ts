/**
 * Three million real flights: how late the planes of each airport leave, day by day.
 *
 *   sluice run examples/flight-delays.ts
 */
import { fileURLToPath } from 'node:url';
import { count, job, max, mean, t, tumbling, windowStart } from 'sluice';
import { csv, parquet } from 'sluice/connectors';

const FLIGHTS = fileURLToPath(new URL('../data/flights-3m.parquet', import.meta.resolve('vega-datasets')));

const Flight = t.record({
  date: t.timestamp,
  delay: t.int32,
  distance: t.int32,
  origin: t.category,
  destination: t.category,
});

export default job(
  'flight-delays',
  { params: { input: t.string.default(FLIGHTS), output: t.string.default('out/flight-delays.csv') } },
  (flow, { input, output }) => {
    flow
      .from(parquet(input, Flight))
      .eventTime('date', { outOfOrderness: '1h' })
      .filter((flight) => flight.delay > 0)
      .keyBy('origin')
      .window(tumbling('1d'))
      .aggregate({
        window_start: windowStart(),
        flights: count(),
        mean_delay: mean('delay'),
        worst_delay: max('delay'),
      })
      .to(csv(output, { createFolder: true }));
  },
);
