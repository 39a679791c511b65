/**
 * Writes generated events as files, for other programs:
 *
 *   sluice run bench/nexmark/write-events.ts --param events=1000000 --param seed=7 --param output=out/nexmark
 *
 * `person.jsonl`, `auction.jsonl` and `bid.jsonl`, one JSON object a line, times in ISO 8601. One subtask writes each, so
 * that the order of the lines is that of the events.
 */
import { join } from 'node:path';
import { job, t } from 'sluice';
import { ndjson } from 'sluice/connectors';
import { auctions, bids, EVENT_PARAMS, persons } from './event-sources.js';

export default job(
  'nexmark-write-events',
  {
    params: { ...EVENT_PARAMS, output: t.string.default('out/nexmark') },
    options: { 'parallelism.default': 1 },
  },
  (flow, { output, ...params }) => {
    const file = (name: string) => ndjson(join(output, `${name}.jsonl`), { createFolder: true });
    flow.from(persons(params)).to(file('person'));
    flow.from(auctions(params)).to(file('auction'));
    flow.from(bids(params)).to(file('bid'));
  },
);
