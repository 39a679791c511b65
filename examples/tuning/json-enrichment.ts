/**
 * Case: an enrichment that spends most of its time in JSON.parse. Published: 200 ms a batch became 40 ms.
 * Cure: records with a schema, which travel as bytes, and of which only the fields that are used are read.
 *
 *   sluice doctor examples/tuning/json-enrichment.ts --param mode=before
 */
import { job, t } from 'sluice';
import { discard, generate, ndjson } from 'sluice/connectors';

const READINGS = 40;
const Text = t.record({ text: t.string });
const Device = t.record({ id: t.int64, room: t.int32, name: t.string, readings: t.list(t.float64) });
const Enriched = t.record({ id: t.int64, floor: t.int32, name: t.string });

const deviceOf = (id: number): typeof Device.row => ({
  id,
  room: id % 500,
  name: `device ${id % 1_000}`,
  readings: Array.from({ length: READINGS }, (_, i) => (id % 100) + i / 8),
});
/** What comes from elsewhere is there already, as text or as bytes: making it is not what is measured. */
const DEVICES = Array.from({ length: 1_000 }, (_, id) => deviceOf(id));
const TEXTS = DEVICES.map((device) => JSON.stringify(device));

const enrich = ({ id, room, name }: { id: number; room: number; name: string }): typeof Enriched.row => ({
  id,
  floor: Math.floor(room / 100),
  name,
});

export default job(
  'json-enrichment',
  {
    params: {
      mode: t.string.default('after'),
      rate: t.float64.default(0),
      records: t.int64.default(0),
      output: t.string.default(''),
    },
  },
  (flow, { mode, rate, records, output }) => {
    const limits = { ...(rate > 0 && { ratePerSecond: rate }), ...(records > 0 && { count: records }) };
    const enriched =
      mode === 'before'
        ? flow
            .from(generate({ schema: Text, make: (n) => ({ text: TEXTS[n % TEXTS.length]! }), ...limits }))
            .parallelism(1)
            .rebalance()
            .map(Enriched, ({ text }) => enrich(JSON.parse(text)))
        : flow
            .from(generate({ schema: Device, make: (n) => DEVICES[n % DEVICES.length]!, ...limits }))
            .parallelism(1)
            .rebalance()
            .map(Enriched, enrich);
    enriched
      .named('enrich')
      .parallelism(1)
      .to(output === '' ? discard() : ndjson(output, { createFolder: true }))
      .parallelism(1);
  },
);
