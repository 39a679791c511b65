/** A job as a user of the package writes it; it runs from this folder, and from a copy in a project of its own. */
import { count, job, max, sum, t } from 'sluice';
import { generate, ndjson } from 'sluice/connectors';

/** Also the types of this appear in a declaration file. */
export const Event = t.record({
  what: t.union('kind', { click: t.record({ x: t.int32 }), view: t.record({ page: t.string }) }),
  tags: t.map(t.list(t.nullable(t.bytes))),
});

const Reading = t.record({ sensor: t.int32, value: t.float64 });

export default job('readings', { params: { output: t.string } }, (flow, { output }) => {
  flow
    .from(
      generate({ schema: Reading, count: 10_000, make: (index) => ({ sensor: index % 7, value: index }) }),
    )
    .filter((reading) => reading.value > 0)
    .rebalance()
    .map(Reading, (reading) => ({ sensor: reading.sensor, value: reading.value * 2 }), { view: true })
    .keyBy('sensor')
    .aggregate({ readings: count(), total: sum('value'), highest: max('value') }, { emit: 'final' })
    .to(ndjson(output));
});
